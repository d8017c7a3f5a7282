"""What one tenant's services send takes a bounded part of the process' memory and of its time below TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steps import HttpPool, HttpRequest
from steps.http.batch import HEADER_BYTES
from tests.support.certificate import self_signed
from tests.support.hostile_service import HostileService
from tests.support.instances import Instances, raw


def test_the_answers_of_a_batch_together_are_bounded() -> None:
    with Instances({"/": raw(b"x" * 20_000)}) as server, HttpPool(max_batch_bytes=100_000) as pool:
        answers = pool.fetch_all([HttpRequest(str(number), server.url("/")) for number in range(10)], 20)
    assert [len(answer.body) for answer in answers if answer.error is None] == [20_000] * 4
    too_long = (
        "the answers of all instances together are longer than 100000 bytes: let each say less, or share them out "
    )
    too_long += "over several steps or tenants"
    assert {answer.error for answer in answers} == {None, too_long}
    assert {(answer.status, answer.body) for answer in answers if answer.error} == {(200, b"")}


def test_few_headers_are_kept_and_those_that_are_read_first() -> None:
    def long_headers() -> Iterator[bytes]:
        yield b"HTTP/1.1 301 Moved\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 700) for n in range(80))
        yield b"Location: /elsewhere\r\nContent-Length: 0\r\n\r\n"

    with HostileService(long_headers) as service, HttpPool() as pool:
        (answer,) = pool.fetch_all([HttpRequest("x", service.url)], 20)
    assert answer.headers["location"] == "/elsewhere"
    assert answer.headers["x-0"] == "y" * 700
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) <= HEADER_BYTES


@contextmanager
def openssl_server(folder: Path, *options: str) -> Iterator[str]:
    """A server of OpenSSL's own; its URL."""
    self_signed(folder)
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "certificate.pem", "-key", "key.pem", "-www"]
    with subprocess.Popen(
        [*command, *options], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        try:
            line = next(line for line in server.stdout if line.startswith("ACCEPT"))
            yield f"https://127.0.0.1:{line.strip().rpartition(':')[2]}/"
        finally:
            server.kill()


def test_session_tickets_without_end_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with openssl_server(tmp_path, "-tls1_3", "-num_tickets", "2") as url, HttpPool() as pool:
        assert pool.fetch_all([HttpRequest("x", url)], 20)[0].status == 200
    with openssl_server(tmp_path, "-tls1_3", "-num_tickets", "8000") as url, HttpPool() as pool:
        (answer,) = pool.fetch_all([HttpRequest("x", url)], 60)
    assert answer.error == "answered with far more bytes below TLS than in it"


def test_a_server_does_not_choose_the_prime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    for cipher, is_taken in (("DHE-RSA-AES256-GCM-SHA384", False), ("ECDHE-RSA-AES256-GCM-SHA384", True)):
        with openssl_server(tmp_path, "-tls1_2", "-cipher", cipher) as url, HttpPool() as pool:
            (answer,) = pool.fetch_all([HttpRequest("x", url)], 20)
        assert (answer.status == 200) is is_taken, answer.error
