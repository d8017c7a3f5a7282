"""Names are resolved once, and what was checked is what is dialled: real servers, a resolver of the test's own."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from steps import AllowedHosts, HttpAnswer, HttpPool, HttpRequest
from steps.http.dialer import Dialer
from tests.support.certificate import self_signed
from tests.support.instances import Handler, Instances, says

NOBODY = "192.0.2.1"
"""A public address (of documentation) at which nobody answers."""


def answers_in_turn(*turns: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that says something else each time, the last for ever; counts in ``asked``."""
    left = list(turns)

    async def look_up(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return look_up


def fetch(pool: HttpPool, url: str, timeout_seconds: float = 20.0) -> HttpAnswer:
    (answer,) = pool.fetch_all([HttpRequest("x", url)], timeout_seconds)
    return answer


def test_a_name_that_changes_its_mind(  # DNS rebinding
) -> None:
    hosts = AllowedHosts(["*.example.com"])
    with Instances({"/": says({"secret": 1})}) as server:
        port = server.url("/").rpartition(":")[2].rstrip("/")
        look_up = answers_in_turn([NOBODY], ["127.0.0.1"])
        with HttpPool(dialer=Dialer(hosts, look_up)) as pool:
            # Checked as public: the public address is dialled, and not asked for again.
            first = fetch(pool, f"http://rebind.example.com:{port}/", 0.5)
            second = fetch(pool, f"http://rebind.example.com:{port}/")
        with HttpPool(dialer=Dialer(hosts, answers_in_turn([NOBODY, "127.0.0.1"]))) as pool:
            both = fetch(pool, f"http://rebind.example.com:{port}/")
        assert server.seen == []
    assert first.status is None
    assert not first.refused
    assert second.refused
    assert both.refused
    assert "stands for 127.0.0.1, which is loopback" in str(second.error)


def test_a_redirect_to_this_machine_is_not_followed() -> None:
    def away(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", inner.url("/"))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with Instances({"/": says({"secret": 1})}) as inner, Instances({"/": away}) as outer, HttpPool() as pool:
        assert fetch(pool, outer.url("/")).status == 302
        assert inner.seen == []


def test_a_name_that_is_not_allowed_is_not_looked_up() -> None:
    asked: list[str] = []

    async def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [NOBODY]

    with HttpPool(dialer=Dialer(AllowedHosts(["*.example.com"]), look_up)) as pool:
        assert fetch(pool, "http://what-i-found.evil.example/").refused
    assert asked == []


@pytest.mark.parametrize("found", [[], ["not an address"]])
def test_a_resolver_that_says_nothing_of_use_fails_closed(found: list[str]) -> None:
    with HttpPool(dialer=Dialer(AllowedHosts(None), answers_in_turn(found))) as pool:
        answer = fetch(pool, "http://a.example.com/")
    assert answer.status is None
    assert answer.error


def test_host_and_server_name_keep_the_name(tmp_path: Path) -> None:
    got: dict[str, str] = {}
    names: list[str | None] = []

    def keep(handler: Handler) -> None:
        got.update(handler.headers.items())
        handler.reply(200, b"{}")

    context = self_signed(tmp_path)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    hosts = AllowedHosts(["svc.example.com", "127.0.0.0/8"])
    with (
        Instances({"/": keep}) as plain,
        Instances({"/": keep}, context) as secured,
        HttpPool(dialer=Dialer(hosts, answers_in_turn(["127.0.0.1"]))) as pool,
    ):
        port = plain.url("/").rpartition(":")[2].rstrip("/")
        assert fetch(pool, f"http://svc.example.com:{port}/").status == 200
        # The certificate is for another name: seen by the name that was asked for, not by the address.
        answer = fetch(pool, f"https://svc.example.com:{secured.url('/').rpartition(':')[2]}")
    assert got["Host"] == f"svc.example.com:{port}"
    assert names == ["svc.example.com"]
    assert "TLS certificate not trusted" in str(answer.error)


def test_the_next_address_is_tried_when_one_is_dead() -> None:
    with Instances({"/": says({})}) as server, socket.create_server(("127.0.0.1", 0)) as taken:
        port = server.url("/").rpartition(":")[2].rstrip("/")
        # Nobody listens at ::1 there; at the documentation address, packets vanish.
        look_up = answers_in_turn([NOBODY, "::1", "127.0.0.1"])
        with HttpPool(dialer=Dialer(AllowedHosts(None), look_up)) as pool:
            assert fetch(pool, f"http://three.example.com:{port}/").status == 200
        with HttpPool(dialer=Dialer(AllowedHosts(None), answers_in_turn(["::1", "127.0.0.2"]))) as pool:
            answer = fetch(pool, f"http://none.example.com:{taken.getsockname()[1]}/")
    assert "refused" in str(answer.error)
