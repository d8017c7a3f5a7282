"""Whatever answers at the console's address: a line says so, the exit code is 4, and no more is held than a bound."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator import Client
from orchestrator.cli import main
from orchestrator.control.audit_answers import AuditFilter
from orchestrator.domain.errors import ChangeoverError
from orchestrator.doors.remote import answers
from orchestrator.doors.remote.errors import ConsoleFailed
from tests.support.plans import noop_stage, plan, tenant


class Strange(ThreadingHTTPServer):
    """Answers everything with the same bytes."""

    daemon_threads = True
    status = 200
    body = b""
    encoding = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Strange)
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.body)))
        if server.encoding:
            self.send_header("Content-Encoding", server.encoding)
        self.end_headers()
        self.wfile.write(server.body)

    do_POST = do_DELETE = do_GET


@pytest.fixture(scope="module")
def strange() -> Iterator[Strange]:
    with Strange(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


ODD = {
    "nothing": b"",
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "empty": b"{}",
    "deep": b"[" * 200_000,
    "page": b"<html>",
    "number": b"1" * 10_000,
    "no-number": b'{"kind": "plan", "plan": {"x": NaN}}',
    "error": b'{"error": 5}',
    "error-status": b'{"error": {"status": "x"}}',
    "no-text": b'{"plans": "\xff"}',
    "rows": json.dumps(
        dict.fromkeys(("plans", "tasks", "events", "freezes", "tokens", "webhooks", "letters", "tenants"), 5)
    ).encode(),
    "rows-of": json.dumps(
        {name: [5] for name in ("plans", "tasks", "events", "freezes", "tokens", "webhooks", "letters", "tenants")}
    ).encode(),
}
PLAN = plan("p", [tenant("a")], [noop_stage("s")])
ASKED: dict[str, Callable[[Client], object]] = {
    "plans": lambda client: client.plans(),
    "status": lambda client: client.status("p"),
    "task": lambda client: client.task_status("p.0"),
    "events": lambda client: list(client.events("p")),
    "follow": lambda client: next(client.events(follow=True)),
    "pause": lambda client: client.pause(plan_id="p"),
    "doctor": lambda client: client.doctor(),
    "freezes": lambda client: client.freezes(),
    "unfreeze": lambda client: client.unfreeze("x", reason="r"),
    "tokens": lambda client: client.tokens(),
    "token": lambda client: client.create_token("x", "viewer"),
    "export": lambda client: list(client.export("p")),
    "drift": lambda client: list(client.drift(plan_id="p")),
    "explain": lambda client: client.explain(plan_id="p"),
    "webhooks": lambda client: client.webhooks(),
    "letters": lambda client: client.dead_letters("x", 0, 1),
    "audit": lambda client: client.audit_page(AuditFilter(), limit=1, cursor=None),
    "preview": lambda client: list(client.preview(PLAN)),
    "validate": lambda client: client.validate(PLAN, show=True),
    "submit": lambda client: client.submit(PLAN),
    "purge": lambda client: client.purge("p"),
    "target": lambda client: client.target("p"),
    "live": lambda client: client.live("p"),
    "damaged": lambda client: client.damaged_tasks("p"),
}


@pytest.mark.parametrize("body", ODD.values(), ids=list(ODD))
def test_another_shape_is_no_console(strange: Strange, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strange, "body", body)
    with Client.through(strange.url, "x") as client:
        for name, ask in ASKED.items():
            with pytest.raises(ConsoleFailed):
                pytest.fail(f"{name}: {ask(client)!r}")
        monkeypatch.setattr(strange, "status", 409)
        with pytest.raises(ChangeoverError):
            client.pause(plan_id="p")


def test_a_command_says_so_in_a_line(
    strange: Strange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strange, "body", b"[]")
    monkeypatch.setenv("CHANGEOVER_API_URL", strange.url)
    monkeypatch.setenv("CHANGEOVER_API_TOKEN", "x")
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (4, 1), said
    assert "it is no console" in said


@pytest.mark.timeout(20)
def test_a_cursor_that_leads_to_itself_is_no_console(strange: Strange, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[str, list[str]] = {name: [] for name in ("plans", "tasks", "checkpoints", "entries")}
    page = {"planId": "p", "matching": 0, "nextCursor": "7", **rows}
    monkeypatch.setattr(strange, "body", json.dumps(page).encode())
    with Client.through(strange.url, "x") as client:
        asked: dict[str, Callable[[], object]] = {
            "plans": client.plans,
            "checkpoints": lambda: client.checkpoints("p"),
            "audit": lambda: list(client.audit()),
        }
        for name, ask in asked.items():
            with pytest.raises(ConsoleFailed, match="the same one again"):
                pytest.fail(f"{name}: {ask()!r}")


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (422, {"code": "invalid_input", "errors": 5}),
        (422, {"code": "invalid_input", "errors": [5, {"path": 5, "value": {}, "message": None}]}),
        (409, {"code": "tenants_moved", "tenantIds": 5, "count": "x"}),
        (409, {"code": "tenants_moved", "tenantIds": ["a"], "count": "x"}),
        (404, {"code": "not_found", "detail": "\ud800\x1b[2J"}),
        (409, {"code": "not_allowed", "result": 5}),
    ],
)
def test_a_problem_of_another_shape_is_an_error_of_ours(
    strange: Strange, status: int, problem: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strange, "status", status)
    monkeypatch.setattr(strange, "body", json.dumps(problem).encode())
    with Client.through(strange.url, "x") as client:
        with pytest.raises(ChangeoverError):
            client.pause(plan_id="p")
        with pytest.raises(ChangeoverError):
            client.plans()


def test_an_answer_without_end_is_not_held(strange: Strange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 1 << 20)
    for name in ("read_all", "lines_of"):
        monkeypatch.setattr(getattr(answers, name), "__defaults__", (1 << 20,))
    monkeypatch.setattr(strange, "encoding", "gzip")
    monkeypatch.setattr(strange, "body", gzip.compress(b"[" + b" " * (4 << 20) + b"]"))
    with Client.through(strange.url, "x") as client:
        with pytest.raises(ConsoleFailed, match="larger than 1048576 bytes"):
            client.plans()
        with pytest.raises(ConsoleFailed, match="longer than 1048576 bytes"):
            list(client.export("p"))
        monkeypatch.setattr(strange, "body", b"no gzip")
        with pytest.raises(ConsoleFailed, match="what it should not"):
            client.plans()
