"""The console as a process: TLS, its log, its stop, its streams, what it cannot start with."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from starlette.responses import StreamingResponse

from orchestrator.client import Client
from orchestrator.console import process
from orchestrator.console.access.roles import Actor, Permission, needs
from orchestrator.ledger.credentials import draw_credential, read_credential
from tests.integration.console.conftest import settings_of
from tests.support.certificate import self_signed
from tests.support.cli import changeover
from tests.support.console_server import ConsoleServer
from tests.support.place import Place
from tests.support.processes import start
from tests.support.redis_server import RedisServer, free_port
from tests.support.waiting import wait_until


@pytest.fixture
def streaming(redis_server: RedisServer) -> Iterator[ConsoleServer]:
    """With a stream that never ends and says nothing."""
    console = ConsoleServer(settings_of(redis_server))

    async def silence(actor: Annotated[Actor, needs(Permission.READ)]) -> StreamingResponse:
        async def forever() -> AsyncIterator[bytes]:
            yield b": there\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(forever(), media_type="text/event-stream")

    console.app.add_api_route("/api/v1/silence", silence)
    with console:
        yield console


def test_a_stream_ends_with_its_token_and_with_the_console(streaming: ConsoleServer) -> None:
    revoked, stays = streaming.token("viewer"), streaming.token("operator")
    ended: list[str] = []

    def read(name: str, token: str, begun: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.stream("GET", f"{streaming.url}/api/v1/silence", headers=headers, timeout=None) as answer:
            for _ in answer.iter_bytes():
                begun.set()
        # The answer was ended as it should be, not broken off.
        ended.append(name)

    readers = []
    for name, token in (("revoked", revoked), ("stays", stays)):
        begun = threading.Event()
        readers.append(threading.Thread(target=read, args=(name, token, begun)))
        readers[-1].start()
        assert begun.wait(20)
    streaming.client.revoke_token("test-viewer")
    readers[0].join(20)
    assert ended == ["revoked"]
    streaming._server.should_exit = True
    readers[1].join(20)
    assert ended == ["revoked", "stays"]
    streaming._thread.join(20)
    assert not streaming._thread.is_alive()


def test_at_a_stop_all_streams_end_at_once_and_none_is_broken_off(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    console = ConsoleServer(settings_of(redis_server))
    stop = threading.Event()

    async def flood(actor: Annotated[Actor, needs(Permission.READ)]) -> StreamingResponse:
        async def forever() -> AsyncIterator[bytes]:
            while True:
                yield b": more\n\n" * 100_000

        return StreamingResponse(forever(), media_type="text/event-stream")

    def write_events() -> None:
        # News come while the streams are ended.
        while not stop.is_set():
            console.client.revoke_token(console.client.create_token("noise", "viewer").name)

    async def read(path: str, takes: bool) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
        head = f"Host: localhost\r\nAuthorization: Bearer {console.token('viewer')}\r\nAccept: text/event-stream"
        writer.write(f"GET /api/v1/{path} HTTP/1.1\r\n{head}\r\n\r\n".encode())
        last = await reader.readuntil(b"\n\n")
        begun.release()
        if not takes:
            await asyncio.to_thread(console._thread.join)
        else:
            while piece := await reader.read(65536):
                last = (last + piece)[-100:]
        writer.close()
        return last

    async def follow() -> list[bytes]:
        return await asyncio.gather(*(read("events", True) for _ in range(50)), read("flood", False))

    console.app.add_api_route("/api/v1/flood", flood)
    monkeypatch.setattr(process, "TAKE_SECONDS", 0.2)
    console.token("viewer")
    begun = threading.Semaphore(0)
    with console, ThreadPoolExecutor(2) as threads:
        writing = threads.submit(write_events)
        following = threads.submit(asyncio.run, follow())
        for _ in range(51):
            assert begun.acquire(timeout=30)
        console._server.should_exit = True
        console._thread.join(30)
        stop.set()
        *ends, _ = following.result(30)
        writing.result(30)
    assert all(end.endswith(b"0\r\n\r\n") for end in ends)
    assert not [line for line in caplog.messages if "running task(s)" in line or "Exception" in line]


def test_tls(redis_server: RedisServer, tmp_path: Path) -> None:
    self_signed(tmp_path)
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    with ConsoleServer(settings_of(redis_server, tls_cert=certificate, tls_key=key), trusts=certificate) as console:
        assert console.get("/health", role=None).status_code == 200
        signed = console.post("/sign-in", role=None, data={"token": console.token("viewer")})
        assert signed.headers["set-cookie"].startswith("__Host-changeover-session=")
        assert "Secure" in signed.headers["set-cookie"].split("; ")
        with pytest.raises(httpx.TransportError):
            httpx.get(console.url.replace("https", "http") + "/health", trust_env=False)


def test_no_token_is_in_the_log_whose_lines_have_one_shape(client: Client, place: Place, tmp_path: Path) -> None:
    good = client.create_token("ada", "viewer").token
    port, url = free_port(), ""
    bad = draw_credential("token").text
    environment = place.environment() | {"CHANGEOVER_LOG_FORMAT": "json", "CHANGEOVER_LOG_LEVEL": "DEBUG"}
    with (tmp_path / "out").open("wb") as output, (tmp_path / "err").open("wb") as errors:
        process = start(["console", f"--port={port}"], environment, output, errors)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), 30, (tmp_path / "err").read_text())
        with httpx.Client(base_url=url, trust_env=False) as browser:
            for token in (good, bad):
                browser.get(f"/plans?token={token}", headers={"Authorization": f"Bearer {token}"})
                browser.get(f"/plans/{token}", headers={"Authorization": f"Bearer {token}"})
                browser.post("/sign-in", data={"token": token})
                browser.post("/sign-in", content=token, headers={"Content-Type": "application/json"})
                browser.post("/plans", json={"token": token}, headers={"Authorization": f"Bearer {token}"})
            cookie = browser.cookies["changeover-session"]
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
    assert code == 0
    said = (tmp_path / "err").read_text()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"timestamp", "level", "logger", "action", "event"} <= set.intersection(*(set(line) for line in lines))
    assert {"console-started", "sign-in-failed", "signed-in", "request", "console-stopped"} <= {
        line["action"] for line in lines
    }
    for text, kind in ((good, "token"), (bad, "token"), (cookie, "session")):
        shown = read_credential(text, kind)  # type: ignore[arg-type]
        assert shown is not None
        assert shown.secret not in said
        assert shown.digest not in said
    assert (tmp_path / "out").read_text() == ""
    assert not re.search(r"\?token=", said)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--tls-cert", "none.pem", "--tls-key", "none.key"], 2, "console.tls_cert"),
        (["--tls-cert", "none.pem"], 2, "--tls-cert: expected tls_key beside it (got 'none.pem')"),
        (["--port", "0"], 2, "--port"),
        (["--host", "no such host"], 2, "--host"),
        (["--port", "TAKEN"], 4, "another process listens there"),
    ],
)
def test_what_it_cannot_start_with(
    place: Place, redis_server: RedisServer, options: list[str], code: int, said: str
) -> None:
    given = [option.replace("TAKEN", str(redis_server.port)) for option in options]
    given += [] if "--port" in options else ["--port", str(free_port())]
    done = changeover("console", *given, environment=place.environment())
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
