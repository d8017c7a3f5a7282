"""One tenant's service, whatever it does, costs the loop that all share little, and keeps no slot from others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from steps import HttpAnswer, HttpPool, HttpRequest
from tests.support.certificate import self_signed
from tests.support.hostile_service import HostileService
from tests.support.instances import Handler, Instances, hang, raw, says

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Attack = Callable[[], Iterator[bytes]]


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool() as pool:
        yield pool


def fetch(pool: HttpPool, url: str, timeout_seconds: float = 40.0) -> HttpAnswer:
    (answer,) = pool.fetch_all([HttpRequest("x", url)], timeout_seconds)
    return answer


def interim_answers() -> Iterator[bytes]:
    return repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)


def chunks_of_a_byte() -> Iterator[bytes]:
    yield CHUNKED
    yield from repeat(b"1\r\nx\r\n" * 10_000)


def headers() -> Iterator[bytes]:
    yield OK
    yield from repeat(b"a:\r\n" * 1000)


def long_headers() -> Iterator[bytes]:
    yield OK
    yield from repeat(b"a: " + b"x" * 10_000 + b"\r\n")


def chunk_extensions() -> Iterator[bytes]:
    yield CHUNKED
    yield from repeat(b"1;" + b"e" * 60_000 + b"\r\nx\r\n")


def trailers() -> Iterator[bytes]:
    yield CHUNKED + b"1\r\nx\r\n0\r\n"
    yield from repeat(b"a:\r\n" * 1000)


def a_byte_at_a_time() -> Iterator[bytes]:
    yield OK + b"Content-Length: 60000\r\n\r\n"
    yield from apart(b"x", 60_000)


def a_head_a_byte_at_a_time() -> Iterator[bytes]:
    yield OK
    yield from apart(b"x", 100_000)


def apart(piece: bytes, times: int) -> Iterator[bytes]:
    """The system joins what comes too soon for the other side to have fetched what was before."""
    for _ in range(times):
        time.sleep(0.000_02)
        yield piece


@pytest.mark.parametrize(
    ("attack", "status", "error", "turns"),
    [
        (interim_answers, None, "answered 1xx more than 50 times", 50),
        (chunks_of_a_byte, 200, "answered in more than 2000 pieces", 70),
        (headers, None, "answered with more than 1000 lines of headers", 1),
        (long_headers, None, "answered with more than 65536 bytes of headers", 15),
        (chunk_extensions, 200, "answered with more than 16384 bytes around its body", 4),
        (trailers, 200, "answered with more than 16384 bytes around its body", 4),
    ],
)
def test_an_answer_that_makes_work_without_end_is_ended(
    pool: HttpPool, attack: Attack, status: int | None, error: str, turns: int
) -> None:
    """Each by its allowance long before its time, and with many turns of others in between."""
    with Instances({"/": says({})}) as neighbour, HostileService(attack) as service:
        assert fetch(pool, neighbour.url("/")).status == 200
        count = Turns(pool)
        answer = fetch(pool, service.url)
        assert count.stop() >= turns
        assert (answer.status, answer.body, answer.error) == (status, b"", error)
        assert fetch(pool, neighbour.url("/")).status == 200


class Turns:
    """How often the pool's loop comes round."""

    def __init__(self, pool: HttpPool) -> None:
        assert pool._loop is not None
        self._loop = pool._loop.loop
        self._count = 0
        self._on = True
        self._loop.call_soon_threadsafe(self._turn)

    def _turn(self) -> None:
        self._count += 1
        if self._on:
            self._loop.call_soon(self._turn)

    def stop(self) -> int:
        self._on = False
        return self._count


@pytest.mark.parametrize("attack", [a_byte_at_a_time, a_head_a_byte_at_a_time])
def test_an_answer_a_byte_at_a_time_is_ended(pool: HttpPool, attack: Attack) -> None:
    with HostileService(attack) as service:
        # A system that is busy joins bytes, so that they come to their own bound before that of reads.
        pieces, size = "answered in more than 2000 pieces", "answered with more than 65536 bytes of headers"
        assert fetch(pool, service.url).error in (pieces, size)


def test_a_byte_at_a_time_below_tls(pool: HttpPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of 16 KiB: few reads above TLS, thousands below."""
    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with Instances({"/": raw(b"x" * 65_536)}, context) as server:
        assert len(fetch(pool, server.url("/").replace("http:", "https:")).body) == 65_536
    whole = OK + b"Content-Length: 65000\r\n\r\n" + b"x" * 65_000
    with HostileService(lambda: iter([whole]), context) as service:
        assert fetch(pool, service.url).error == "answered in more than 2000 pieces"


def test_what_honest_servers_do_is_within_the_allowance(pool: HttpPool) -> None:
    def slowly() -> Iterator[bytes]:
        yield from repeat(b"HTTP/1.1 102 Processing\r\n\r\n", 20)
        yield OK + b"".join(b"X-%d: y\r\n" % number for number in range(200))
        yield b"Transfer-Encoding: chunked\r\n\r\n"
        yield from repeat(b"28\r\n" + b"x" * 40 + b"\r\n", 1600)
        yield b"0\r\nServer-Timing: a\r\n\r\n"

    def lines() -> Iterator[bytes]:
        yield OK + b"Content-Length: 60000\r\n\r\n" + b"\n" * 60_000

    with HostileService(slowly) as service:
        answer = fetch(pool, service.url)
    assert (answer.status, len(answer.body), answer.error) == (200, 64_000, None)
    assert answer.headers["x-199"] == "y"
    with HostileService(lines) as service:
        answer = fetch(pool, service.url)
    assert (answer.status, len(answer.body), answer.error) == (200, 60_000, None)


@pytest.mark.parametrize("first", [b"HTTP/1.1 204 No Content\r\n\r\n", OK + b"Content-Length: 2\r\n\r\nok"])
def test_what_is_sent_beyond_an_answer_answers_nobody_else(pool: HttpPool, first: bytes) -> None:
    """Tenants behind one address share connections: nobody's request is answered by what was sent before it."""
    status = int(first.split()[1])

    def two() -> Iterator[bytes]:
        yield first + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"

    with HostileService(two) as service:
        answers = [fetch(pool, service.url) for _ in range(3)]
    assert {answer.status for answer in answers} <= {status, None}
    assert {answer.error for answer in answers} <= {None, "answered before it was asked"}
    assert b"forged" not in [answer.body for answer in answers]


def test_a_batch_that_hangs_leaves_slots_to_others() -> None:
    full = threading.Event()
    asked: list[str] = []

    def hang_on(handler: Handler) -> None:
        asked.append(handler.path)
        if len(asked) >= 10:
            full.set()
        hang(handler)

    with HttpPool(max_concurrency=20) as pool, Instances({"/hangs": hang_on, "/": says({})}) as server:
        crowd = [HttpRequest(str(number), server.url("/hangs")) for number in range(200)]
        thread = threading.Thread(target=pool.fetch_all, args=(crowd, 600))
        thread.start()
        assert full.wait(timeout=20)
        assert [fetch(pool, server.url("/"), 10).status for _ in range(10)] == [200] * 10
        found = pool.fetch_all([HttpRequest(str(n), server.url("/")) for n in range(50)], 10)
        assert [answer.status for answer in found] == [200] * 50
        assert thread.is_alive()
        pool.close()
        thread.join(timeout=20)
