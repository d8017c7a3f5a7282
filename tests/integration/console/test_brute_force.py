"""Who guesses has to wait, an address at a time and all together; whoever has come in before does not wait for them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request

from orchestrator.console.access.addresses import Caller, TrustedProxies
from orchestrator.ledger.credentials import draw_credential
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.tokens import Tokens
from tests.integration.console.conftest import settings_of
from tests.support.console_server import ConsoleServer
from tests.support.redis_server import RedisServer


@pytest.fixture
def console(redis_server: RedisServer) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings_of(redis_server, trusted_addresses=["127.0.0.1"])) as console:
        yield console


def knock(console: ConsoleServer, address: str, token: str | None = None) -> httpx.Response:
    shown = token or draw_credential("token").text
    headers = {"X-Forwarded-For": address, "Authorization": f"Bearer {shown}"}
    return console.http.get("/api/v1/tokens", headers=headers)


def test_an_address_that_guesses_waits_and_others_do_not(console: ConsoleServer, redis_server: RedisServer) -> None:
    good, other = console.token("admin"), console.token("viewer")
    assert knock(console, "10.0.0.1", good).status_code == 200
    assert [knock(console, "10.0.0.1").status_code for _ in range(10)] == [401] * 10
    waits = knock(console, "10.0.0.1")
    assert (waits.status_code, waits.json()["code"]) == (429, "too_many_failures")
    assert int(waits.headers["retry-after"]) >= 1
    # Not even the right one is looked at: an answer would tell that it is right. But who was in before comes in.
    assert knock(console, "10.0.0.1", other).status_code == 429
    assert knock(console, "10.0.0.1", good).status_code == 200
    form = console.post("/sign-in", role=None, data={"token": other}, headers={"X-Forwarded-For": "10.0.0.1"})
    assert form.status_code == 429
    assert knock(console, "10.0.0.2", other).status_code == 403
    with ConsoleServer(console.app.state.settings) as second:
        assert knock(second, "10.0.0.1", other).status_code == 429
        assert knock(second, "10.0.0.1", good).status_code == 429
    told = [event for event in console.client.events() if event.type == "SignInFailed"]
    last = told[-1].model_dump()
    assert (last["address"], last["shown"], last["failures"]) == ("10.0.0.1", "token", 10)


def test_many_addresses_together_wait_after_one_failure_each(console: ConsoleServer) -> None:
    tokens: Tokens = console.app.state.reception._identities._tokens
    for number in range(101):
        tokens.note_failure(f"10.1.0.{number}", "token")
    assert knock(console, "10.2.0.1").status_code == 401
    assert knock(console, "10.2.0.1", console.token("admin")).status_code == 429
    assert knock(console, "10.2.0.2", console.token("admin")).status_code == 200
    told = [event for event in console.client.events() if event.type == "SignInFailed"]
    assert len(told) == 20, "strangers must not push the events of plans out of the feed"
    kept = console.app.state.redis.xrange(Keys(console.app.state.settings.namespace).of("own_log"))
    kinds = {fields["e"] for _, fields in kept}
    assert kinds == {"TokenCreated"}, "nor those that tell which freezes there are out of the log of no plan"


def test_a_session_that_is_none_is_no_guess(console: ConsoleServer) -> None:
    for _ in range(12):
        gone = {"Cookie": f"changeover-session={draw_credential('session').text}"}
        assert console.get("/plans", role=None, headers=gone).status_code == 401
    assert console.get("/api/v1/tokens").status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.9", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.9", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.9", "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "rubbish", "10.0.0.9"),
        ("::ffff:10.0.0.9", "1.2.3.4", "1.2.3.4"),
        ("5.5.5.5", "1.2.3.4", "5.5.5.5"),
    ],
)
def test_a_forwarded_address_is_believed_of_the_proxy_alone(peer: str, forwarded: str, address: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "server": ("h", 1),
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else [],
    }
    assert TrustedProxies(["10.0.0.0/24"]).caller_of(Request(scope)).address == address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3.4", "1.2.3.4"),
        ("", "unknown"),
    ],
)
def test_who_has_one_ipv6_address_has_all_of_its_network(address: str, counted: str) -> None:
    assert Caller(address, False, False).counted_as == counted
