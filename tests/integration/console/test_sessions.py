"""Browsers: cookies, forms that must come from a page of ours, one-time links, and how a session ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import Form

from orchestrator.console.access.change_rates import ChangeRate
from orchestrator.console.access.roles import Actor, Permission, needs
from orchestrator.console.access.sign_in import local_path
from orchestrator.ledger.credentials import Credential, draw_credential, read_credential
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.sessions import MOST_SESSIONS, Sessions
from orchestrator.ledger.tokens import Tokens
from tests.integration.console.conftest import settings_of
from tests.support.console_server import ConsoleServer
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

HTML = {"Accept": "text/html"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(shared_console: ConsoleServer) -> Iterator[httpx.Client]:
    with contextlib.closing(shared_console.browser("viewer")) as browser:
        yield browser


def csrf_of(browser: httpx.Client) -> str:
    session = next(cookie for cookie in browser.cookies.jar if cookie.name.endswith("session"))
    credential = read_credential(str(session.value), "session")
    assert credential is not None
    return credential.csrf


def test_the_cookie_is_for_this_host_and_no_script(shared_console: ConsoleServer) -> None:
    signed = shared_console.post("/sign-in", role=None, data={"token": shared_console.token("viewer")})
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    assert set(signed.headers["set-cookie"].split("; ")[1:]) == {
        "HttpOnly",
        "Max-Age=43200",
        "Path=/",
        "SameSite=strict",
    }
    # Behind a proxy that ends TLS it is never sent in the clear, and no other host can have set it.
    https = {"X-Forwarded-Proto": "https"}
    signed = shared_console.post("/sign-in", role=None, data={"token": shared_console.token("viewer")}, headers=https)
    assert signed.headers["set-cookie"].startswith("__Host-changeover-session=chg-session-")
    assert "Secure" in signed.headers["set-cookie"].split("; ")


@pytest.mark.parametrize(
    ("headers", "form", "status"),
    [
        ({}, {}, 403),
        ({"X-CSRF-Token": "0" * 64}, {}, 403),
        ({}, {"csrf_token": "0" * 64}, 403),
        ({"X-CSRF-Token": "ours"}, {}, 404),
        ({}, {"csrf_token": "ours"}, 404),
        ({"X-CSRF-Token": "ours", "Sec-Fetch-Site": "cross-site"}, {}, 403),
        ({"X-CSRF-Token": "ours", "Sec-Fetch-Site": "same-site"}, {}, 403),
        ({"X-CSRF-Token": "ours", "Sec-Fetch-Site": "same-origin"}, {}, 404),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_comes_from_a_page_of_ours(
    browser: httpx.Client, method: str, headers: dict[str, str], form: dict[str, str], status: int
) -> None:
    ours = csrf_of(browser)
    told = {name: value.replace("ours", ours) for name, value in headers.items()}
    sent = {name: value.replace("ours", ours) for name, value in form.items()}
    # The door comes before the routes: that this one does not exist is told to whoever may come in.
    assert browser.request(method, "/nowhere", headers=told, data=sent).status_code == status


def test_another_sessions_token_is_none(shared_console: ConsoleServer, browser: httpx.Client) -> None:
    with contextlib.closing(shared_console.browser("admin")) as other:
        assert browser.post("/nowhere", headers={"X-CSRF-Token": csrf_of(other)}).status_code == 403


def test_a_form_is_read_whole_after_its_token_was(redis_server: RedisServer) -> None:
    console = ConsoleServer(settings_of(redis_server))

    def echo(actor: Annotated[Actor, needs(Permission.READ)], said: Annotated[str, Form()]) -> int:
        return len(said)

    console.app.add_api_route("/echo", echo, methods=["POST"])
    with console, contextlib.closing(console.browser("viewer")) as browser:
        form = {"csrf_token": csrf_of(browser), "said": "x" * 100_000}
        assert browser.post("/echo", data=form).json() == 100_000


def test_signing_out_takes_the_cookie_and_no_form_without_end(shared_console: ConsoleServer) -> None:
    with contextlib.closing(shared_console.browser("viewer")) as browser:
        out = browser.post("/sign-out", data={"csrf_token": csrf_of(browser), "more": "x"})
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert browser.cookies.jar.__len__() == 0
    with contextlib.closing(shared_console.browser("viewer")) as browser:
        large = browser.post("/sign-out", content=b"a=" + b"x" * (1 << 20), headers={"Content-Type": FORM})
        assert large.status_code == 413


def test_a_session_ends_with_sign_out_revocation_and_expiry(shared_console: ConsoleServer) -> None:
    console, client = shared_console, shared_console.client
    made = client.create_token("leaves", "viewer").token
    with httpx.Client(base_url=console.url, trust_env=False) as browser:
        browser.post("/sign-in", data={"token": made})
        kept = browser.cookies["changeover-session"]
        browser.post("/sign-out", data={"csrf_token": csrf_of(browser)})
        again = {"Cookie": f"changeover-session={kept}"}
        assert console.get("/nowhere", role=None, headers=again).status_code == 401
        browser.post("/sign-in", data={"token": made})
        assert browser.get("/nowhere").status_code == 404
        client.revoke_token("leaves")
        refused = browser.get("/plans", headers=HTML)
        assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in?next=/plans")
        assert browser.get("/plans", headers={"HX-Request": "true"}).headers["hx-redirect"] == "/sign-in"
        short = client.create_token("short-lived", "viewer", expires_seconds=1).token
        browser.post("/sign-in", data={"token": short})
        wait_until(lambda: browser.get("/nowhere").status_code == 401, 10)


def test_a_link_signs_in_once_and_looking_at_it_does_nothing(shared_console: ConsoleServer) -> None:
    console = shared_console
    console.token("operator")
    sessions: Sessions = console.app.state.reception._sessions
    tokens: Tokens = console.app.state.reception._identities._tokens
    (token,) = [one for one in tokens.all() if one.name == "test-operator"]
    link = tokens.make_link("test-operator", "test")
    assert link is not None
    session = sessions.start(token.identifier, 60)
    # Each is for its own use.
    for text in (link.text, link.text.replace("link", "session")):
        as_cookie = {"Cookie": f"changeover-session={text}"}
        assert console.get("/nowhere", role=None, headers=as_cookie).status_code == 401
    for shown in ({"link": session.text}, {"token": link.text}, {"token": session.text}):
        assert console.post("/sign-in", role=None, data=shown).status_code == 401
    assert console.get(f"/sign-in?next=/plans#{link.text}", role=None).status_code == 200
    page = console.get("/sign-in", role=None).text
    assert "sign-in.js" in page
    assert '"link"' in page
    assert console.post("/sign-in", role=None, data={"link": link.text, "next": "/plans"}).status_code == 303
    used = console.post("/sign-in", role=None, data={"link": link.text}, headers=HTML)
    assert (used.status_code, link.secret in used.text) == (401, False)
    assert "<form" in used.text


def test_a_page_elsewhere_signs_nobody_in(shared_console: ConsoleServer) -> None:
    form = {"token": shared_console.token("viewer")}
    foreign = shared_console.post("/sign-in", role=None, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, "set-cookie" in foreign.headers) == (403, False)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("/plans/a?b=c", "/plans/a?b=c"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nSet-Cookie: x", "/"),
        ("", "/"),
        ("/sign-in", "/"),
    ],
)
def test_where_to_go_on_is_a_path_of_ours(given: str, taken: str) -> None:
    assert local_path(given) == taken


def test_every_answer_says_what_a_browser_may_do_with_it(shared_console: ConsoleServer) -> None:
    for path in ("/health", "/sign-in", "/nowhere", "/static/sign-in.js", "/static/none", "/api/v1/tokens"):
        for role in ("admin", None):
            headers = shared_console.get(path, role=role).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
            assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
            assert "server" not in headers


def test_no_two_credentials_are_alike_and_a_secret_is_told_by_nothing() -> None:
    first, second = draw_credential("token"), draw_credential("token")
    assert first.secret != second.secret
    assert not first.proves(second.digest)
    assert not first.proves(None)
    assert first.proves(first.digest)
    assert first.secret not in f"{first!r}{first.digest}{first.csrf}"
    assert read_credential(first.text, "session") is None
    for spoilt in (first.text + "0", first.text.upper(), f" {first.text}", first.text[:-1], "", "chg-token--"):
        assert read_credential(spoilt, "token") is None


def test_a_token_has_so_many_sessions_and_links_and_no_more(shared_console: ConsoleServer) -> None:
    console = shared_console
    token = console.client.create_token("often", "viewer").token
    bearer = {"Authorization": f"Bearer {token}"}
    cookies = []
    ledger = Ledger(console.app.state.redis, console.app.state.settings)
    identifier = str(draw_of(token).identifier)
    sessions = Sessions(ledger)
    # Who signs out takes no other's place.
    for _ in range(MOST_SESSIONS + 5):
        sessions.end(sessions.start(identifier, 60))
    for _ in range(MOST_SESSIONS + 1):
        cookies.append(sessions.start(identifier, 60))
    kept = [Tokens(ledger).look_up("", one).session_digest is not None for one in cookies]
    assert kept == [False] + [True] * MOST_SESSIONS
    answers = [console.post("/api/v1/sign-in-links", role=None, headers=bearer) for _ in range(22)]
    statuses = [one.status_code for one in answers]
    assert statuses[:20] == [201] * 20
    assert statuses[-1] == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    # The rest of what it may do goes on, and so do others.
    assert console.get("/api/v1/plans", role=None, headers=bearer).status_code == 200
    assert console.post("/api/v1/sign-in-links", role="operator").status_code == 201


def draw_of(token: str) -> Credential:
    found = read_credential(token, "token")
    assert found is not None
    return found


def test_who_changes_without_end_has_to_wait(redis_server: RedisServer) -> None:
    with ConsoleServer(settings_of(redis_server)) as console:
        console.app.state.rates.changes = ChangeRate("changes", 5, 0.001)
        statuses = [console.post("/api/v1/plans/absent/pause", role="operator").status_code for _ in range(6)]
        assert statuses == [404] * 5 + [429]
        assert console.get("/api/v1/plans", role="operator").status_code == 200
        assert console.post("/api/v1/plans/absent/pause", role="admin").status_code == 404
