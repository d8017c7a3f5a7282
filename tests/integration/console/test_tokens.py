"""Tokens of the console: made, listed, revoked, by the command line; what is kept of them, and what the log tells."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess

import pytest
import redis

from orchestrator.client import Client
from orchestrator.domain.errors import ChangeoverError, InvalidInput, NotAllowed, NotFound
from orchestrator.ledger.credentials import read_credential, without_credentials
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.console_server import ConsoleServer
from tests.support.place import Place
from tests.support.redis_server import free_port
from tests.support.waiting import wait_until


def test_a_token_is_shown_once_and_kept_as_a_digest(
    client: Client, redis_client: redis.Redis, settings: Settings
) -> None:
    made = client.create_token("on-call", "operator", expires_seconds=3600, actor="ada")
    shown = read_credential(made.token, "token")
    assert shown is not None
    assert shown.secret not in str(client.tokens()) + without_credentials(f"Bearer {made.token}") + repr(shown)
    kept = redis_client.hvals(Keys(settings.namespace).of("tokens"))
    (record,) = [json.loads(text) for text in kept]
    assert record["digest"] == shown.digest
    assert shown.secret not in json.dumps(record)
    with pytest.raises(NotAllowed, match="there is a token 'on-call'"):
        client.create_token("on-call", "viewer")
    for alike in ("on-cal1", "0n-call", "On-Call"):
        with pytest.raises(NotAllowed, match=f"'{alike}' looks like that of the token 'on-call'"):
            client.create_token(alike, "viewer")
    first = client.revoke_token("on-call", reason="left us", actor="eve", request_id="r-1")
    assert client.revoke_token("on-call", reason="left us", actor="eve", request_id="r-1") == first
    assert client.tokens() == []
    with pytest.raises(NotFound, match="on-call"):
        client.revoke_token("on-call")
    told = [event.model_dump(mode="json", by_alias=True) for event in client.events()]
    assert [(event["type"], event["name"], event["actor"]) for event in told] == [
        ("TokenCreated", "on-call", "ada"),
        ("TokenRevoked", "on-call", "eve"),
    ]


def test_a_token_is_made_once_a_request(client: Client, redis_client: redis.Redis, settings: Settings) -> None:
    secret = secrets.token_hex(32)
    with pytest.raises(InvalidInput, match="drawn at random"):
        client.create_token("ci", "viewer", secret="0" * 64)
    made = client.create_token("ci", "viewer", actor="ada", request_id="r", secret=secret)
    assert made.token.endswith(secret)
    # Its answer was lost: the caller asks again for the same, also when the token is no more.
    assert client.create_token("ci", "viewer", actor="ada", request_id="r", secret=secret) == made
    # Who knows no secret cannot be shown it, and is told so.
    with pytest.raises(NotAllowed, match="this request has made the token 'ci' already"):
        client.create_token("ci", "viewer", actor="ada", request_id="r")
    with pytest.raises(NotAllowed, match="another token has this secret"):
        client.create_token("cd", "viewer", secret=secret)
    with pytest.raises(InvalidInput, match="it was used to create token ci as viewer"):
        client.create_token("ci", "admin", actor="ada", request_id="r", secret=secret)
    for _ in range(2):
        with pytest.raises(NotAllowed, match="there is a token 'ci'"):
            client.create_token("ci", "viewer", actor="ada", request_id="another", secret=secret)
        client.revoke_token("ci", request_id="gone")
    assert client.create_token("ci", "viewer", actor="ada", request_id="r", secret=secret) == made
    assert client.tokens() == []
    assert [event.type for event in client.events()] == ["TokenCreated", "TokenRevoked"]
    for key in redis_client.scan_iter(f"changeover:{{{settings.namespace}}}:*"):
        assert secret not in str(redis_client.dump(key)), key
    with pytest.raises(InvalidInput) as wrong:
        client.create_token("ci", "viewer", secret="hunter2")
    assert [(problem.path, "hunter2" in str(problem)) for problem in wrong.value.problems] == [("secret", False)]


def test_tokens_through_the_console(shared_console: ConsoleServer) -> None:
    with Client.through(shared_console.url, shared_console.token("admin")) as remote:
        made = remote.create_token("far-away", "viewer", actor="somebody else")
        assert (made.created_by, read_credential(made.token, "token") is not None) == ("test-admin", True)
        assert "far-away" in [token.name for token in remote.tokens()]
        with pytest.raises(NotAllowed, match="there is a token 'far-away'"):
            remote.create_token("far-away", "viewer")
        drawn = secrets.token_hex(32)
        twice = [remote.create_token("twice", "viewer", request_id="r-1", secret=drawn) for _ in range(2)]
        assert twice[0] == twice[1]
        asked = shared_console.post(f"/api/v1/tokens?secret={drawn}", json={"name": "y", "role": "viewer"})
        assert (asked.status_code, drawn in asked.text, "***" in asked.text) == (422, False, True)
        with pytest.raises(InvalidInput) as wrong:
            remote.create_token("x", "root")
        assert [problem.path for problem in wrong.value.problems] == ["role"]
        first = remote.revoke_token("far-away", reason="enough", request_id="r-2")
        assert remote.revoke_token("far-away", reason="enough", request_id="r-2") == first
        with pytest.raises(NotFound, match="far-away"):
            remote.revoke_token("far-away")
        told = [event for event in remote.events() if event.type == "TokenRevoked"][-1].model_dump()
        assert (told["name"], told["actor"], told["reason"]) == ("far-away", "test-admin", "enough")


def test_a_link_signs_in_once_as_a_token_that_there_is(shared_console: ConsoleServer) -> None:
    console = shared_console
    token = console.token("operator")
    made = console.client.sign_in_link("test-operator", actor="ada")
    with Client.through(console.url, token) as remote:
        own = remote.sign_in_link()
        assert (own.name, own.lasts_seconds) == ("test-operator", 600)
        with pytest.raises(ChangeoverError, match="own token, 'test-operator'"):
            remote.sign_in_link("test-admin")
    for code in (made.code, own.code):
        assert console.post("/sign-in", role=None, data={"link": code}).status_code == 303
        assert console.post("/sign-in", role=None, data={"link": code}).status_code == 401
    with contextlib.closing(console.browser("operator")) as browser:
        csrf = browser.get("/plans").text.partition('"X-CSRF-Token": "')[2].partition('"')[0]
        # A session that could make links would have no end.
        refused = browser.post("/api/v1/sign-in-links", headers={"X-CSRF-Token": csrf})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), refused.text
    ended = console.client.create_token("ends", "viewer", expires_seconds=0.001).name
    for name in ("nobody", ended):
        wait_until(lambda: any(one.name == "ends" and one.expired for one in console.client.tokens()))
        with pytest.raises(NotFound, match=name):
            console.client.sign_in_link(name)
    shown = console.client.create_token("late", "viewer", expires_seconds=0.001).token
    wait_until(lambda: any(one.name == "late" and one.expired for one in console.client.tokens()))
    told = [event for event in console.client.events() if event.type == "SignInFailed"]
    by_form = console.post("/sign-in", role=None, data={"token": shown})
    by_header = console.get("/api/v1/plans", role=None, headers={"Authorization": f"Bearer {shown}"})
    assert (by_form.status_code, by_header.status_code) == (401, 401)
    # Both are told, and counted for nobody.
    now = [event for event in console.client.events() if event.type == "SignInFailed"]
    assert [event.failures for event in now[len(told) :]] == [0, 0]
    asked = [one for one in console.client.audit() if one.operation == "sign-in-link"]
    assert [(one.actor, one.target_id) for one in asked] == [("ada", "test-operator"), ("test-operator",) * 2]


def test_what_is_wrong_with_a_token_is_said_at_once(client: Client) -> None:
    with pytest.raises(InvalidInput) as wrong:
        client.create_token("-", "root", expires_seconds=-1)
    assert [problem.path for problem in wrong.value.problems] == ["name", "role", "expires"]


def test_tokens_at_the_command_line(place: Place) -> None:
    def token(*arguments: str) -> subprocess.CompletedProcess[str]:
        return changeover("token", *arguments, environment=place.environment())

    made = token("create", "--name", "on-call", "--role", "viewer", "--expires", "1h")
    assert (made.returncode, read_credential(made.stdout.strip(), "token") is not None) == (0, True), made.stderr
    assert "on-call is viewer until" in made.stderr
    for expected in (0, 3):
        twice = token("create", "--name", "ci", "--role", "viewer", "--request-id", "r")
        assert twice.returncode == expected, twice.stderr
    assert "this request has made the token 'ci' already" in twice.stderr
    assert token("revoke", "ci").returncode == 0
    assert token("list").stdout.startswith("on-call: viewer, made by ")
    assert token("revoke", "on-call").stdout == "on-call: revoked\n"
    gone = token("revoke", "on-call")
    assert (gone.returncode, gone.stderr.splitlines()[0].split(";")[0]) == (3, "error: there is no token 'on-call'")
    assert token("list").stdout == "no tokens\n"
    nobody = token("link", "nobody", "--url", "https://console.example")
    assert (nobody.returncode, nobody.stderr.split(";")[0]) == (3, "error: there is no token 'nobody'")
    # Nothing listens where the settings say: no link is made that leads nowhere.
    nowhere = place.environment() | {"CHANGEOVER_CONSOLE__PORT": str(free_port())}
    dead = changeover("token", "link", environment=nowhere)
    assert (dead.returncode, dead.stdout) == (3, "")
    assert "no console answers at http://127.0.0.1:" in dead.stderr
