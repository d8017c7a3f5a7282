"""Which connections are used again, and for how long: against real servers, by a clock of the test's own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable

import httpcore
import httpx
import pytest

from steps import AllowedHosts, HttpAnswer, HttpRequest
from steps.http.allowance import allowance
from steps.http.claims import AllClaims, claiming
from steps.http.dialer import Dialer
from steps.http.kept_connections import IDLE_SECONDS, LONGEST_SECONDS, KeptConnections
from tests.support.instances import Handler, Instances, hang_up, in_turn, raw, says
from tests.support.waiting import wait_until


class Kept:
    """Connections of one loop; ``now`` is their clock."""

    def __init__(self, most_idle: int) -> None:
        self.now = 0.0
        self._claims = AllClaims(20)
        dialer = Dialer(AllowedHosts(None))
        self.connections = KeptConnections(
            dialer, httpx.create_ssl_context(), 1000, lambda: self.now, most_idle=most_idle
        )

    async def get(self, url: str, method: str = "GET", body: bytes | None = None) -> HttpAnswer:
        with allowance(1000) as costs, claiming(self._claims.of(None)):
            return await self.connections.exchange(HttpRequest("k", url, method, body=body), costs)


def run(work: Callable[[Kept], Awaitable[None]], most_idle: int = 20) -> None:
    async def whole() -> None:
        kept = Kept(most_idle)
        try:
            await work(kept)
        finally:
            await kept.connections.close()

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("waits", "connections"),
    [
        ([0.1, 3.0, 3.0], 1),
        # Idle for too long.
        ([IDLE_SECONDS + 0.1], 2),
        # Never idle for long, and too old.
        ([3.0, 3.0, LONGEST_SECONDS - 6.0], 2),
    ],
)
def test_a_connection_serves_the_next_polls(waits: list[float], connections: int) -> None:
    with Instances({"/": says({})}) as server:

        async def work(kept: Kept) -> None:
            assert (await kept.get(server.url("/"))).status == 200
            for seconds in waits:
                kept.now += seconds
                assert (await kept.get(server.url("/"))).status == 200

        run(work)
        assert len(server.peers) == connections


def test_many_at_once_have_one_each_and_keep_no_more_than_the_bound() -> None:
    with Instances({"/": says({})}) as server:

        async def work(kept: Kept) -> None:
            await asyncio.gather(*(kept.get(server.url("/")) for _ in range(10)))
            assert len(server.peers) == 10
            # What is beyond the bound is closed as others come.
            for _ in range(2):
                await asyncio.gather(*(kept.get(server.url("/")) for _ in range(4)))
            assert len(server.peers) == 10 + 2

        run(work, most_idle=3)


def test_a_server_that_closes_a_kept_connection_is_asked_once_more() -> None:
    # The second request of the connection is met by its end, as if that had just been on its way.
    with Instances({"/": in_turn(says({}), hang_up, says({"second": 1}))}) as server:

        async def work(kept: Kept) -> None:
            await kept.get(server.url("/"))
            assert (await kept.get(server.url("/"))).body == b'{"second": 1}'

        run(work)
        assert len(server.seen) == 3


@pytest.mark.parametrize("first", [says({}), hang_up], ids=["kept", "new"])
def test_what_may_have_been_done_is_not_sent_twice(first: Callable[[Handler], None]) -> None:
    with Instances({"/": in_turn(first, hang_up, says({}))}) as server:

        async def work(kept: Kept) -> None:
            if first is not hang_up:
                await kept.get(server.url("/"), "POST", b"{}")
            with pytest.raises(httpcore.RemoteProtocolError):
                await kept.get(server.url("/"), "POST", b"{}")

        run(work)
        assert len(server.seen) == (2 if first is not hang_up else 1)


FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"


def with_it(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + FORGED)


def behind_it(handler: Handler) -> None:
    handler.reply(200, b"{}")
    handler.wfile.write(FORGED)


@pytest.mark.parametrize("talkative", [with_it, behind_it])
def test_a_connection_with_more_in_it_than_the_answer_is_not_used_again(talkative: Callable[[Handler], None]) -> None:
    with Instances({"/": in_turn(talkative, says({"own": 1}))}) as server:

        async def work(kept: Kept) -> None:
            assert (await kept.get(server.url("/"))).body == b"{}"
            # What comes behind an answer has come when the socket can be read.
            for connection in [one for idle in kept.connections._idle.values() for one in idle]:
                await asyncio.to_thread(wait_until, connection.was_closed, 10)
            assert (await kept.get(server.url("/"))).body == b'{"own": 1}'

        run(work)
        assert len(server.peers) == 2


def test_an_answer_that_is_not_read_to_its_end_ends_its_connection() -> None:
    with Instances({"/": in_turn(raw(b"x" * 5000), says({}))}) as server:

        async def work(kept: Kept) -> None:
            assert (await kept.get(server.url("/"))).error == "longer than 1000 bytes"
            assert (await kept.get(server.url("/"))).status == 200

        run(work)
        assert len(server.peers) == 2


def test_what_is_sent() -> None:
    with Instances({"/a?b=c": says({})}) as server:

        async def work(kept: Kept) -> None:
            await kept.get(server.url("/a?b=c").replace("//", "//ada:secret@"), "PUT", b"body")

        run(work)
        (got,) = server.received
    assert (got.method, got.path, got.body) == ("PUT", "/a?b=c", b"body")
    headers = got.headers
    assert headers["host"] == server.address
    assert headers["authorization"] == "Basic " + base64.b64encode(b"ada:secret").decode()
    assert (headers["user-agent"], headers["accept-encoding"]) == ("changeover", "identity")
    assert headers["content-length"] == "4"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///path", "//nowhere/"])
def test_only_http(url: str) -> None:
    async def work(kept: Kept) -> None:
        with pytest.raises(httpx.UnsupportedProtocol):
            await kept.get(url)

    run(work)
