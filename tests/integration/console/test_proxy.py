"""Behind a proxy that signs people in: its word is believed, from its address and no other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.console.conftest import settings_of
from tests.support.console_server import ConsoleServer
from tests.support.nginx_server import NginxServer, find_nginx
from tests.support.redis_server import RedisServer


@pytest.fixture
def proxy(shared_console: ConsoleServer, tmp_path: Path) -> Iterator[NginxServer]:
    if find_nginx() is None:
        reason = "no nginx on this machine (Debian: nginx)"
        if os.environ.get("CI"):
            pytest.fail(reason + "; .ci/run installs it")
        pytest.skip(reason)
    with NginxServer(tmp_path, shared_console.port) as proxy:
        yield proxy


def test_users_of_nginx_have_the_roles_of_their_groups(proxy: NginxServer, shared_console: ConsoleServer) -> None:
    forged = {"X-Remote-User": "root", "X-Remote-Groups": "leads", "Host": "console.example"}

    def get(user: str, path: str) -> httpx.Response:
        return httpx.get(proxy.url + path, auth=(user, user), headers=forged, trust_env=False)

    assert get("ada", "/nowhere").status_code == 404
    assert get("ada", "/api/v1/tokens").json()["detail"] == "needs the role admin; ada is operator"
    assert get("eve", "/api/v1/tokens").json()["detail"] == "needs the role admin; eve is approver"
    assert get("bob", "/nowhere").json()["detail"] == "bob is in no group that may use this console"
    assert get("nobody", "/nowhere").headers["www-authenticate"].startswith("Basic")


def test_forms_of_its_users_are_tied_to_their_browser(proxy: NginxServer) -> None:
    host = {"Host": "console.example"}
    with httpx.Client(base_url=proxy.url, auth=("ada", "ada"), headers=host, trust_env=False) as browser:
        first = browser.get("/plans", headers={"Accept": "text/html"})
        cookie = first.headers["set-cookie"]
        assert cookie.startswith("__Host-changeover-csrf=")
        assert "Secure" in cookie
        token = first.text.partition('"X-CSRF-Token": "')[2].partition('"')[0]
        # The cookie is for https, which this test's client does not speak to nginx.
        tied = {"Cookie": cookie.partition(";")[0]}
        assert browser.post("/nowhere", headers=tied).json()["code"] == "csrf"
        assert browser.post("/nowhere", headers={"X-CSRF-Token": token}).json()["code"] == "csrf"
        assert browser.post("/nowhere", headers={**tied, "X-CSRF-Token": token}).status_code == 404


def test_the_header_is_nobodys_from_another_address(redis_server: RedisServer) -> None:
    elsewhere = settings_of(redis_server, trusted_addresses=["10.9.9.9"], trusted_header="X-Remote-User")
    with ConsoleServer(elsewhere) as console:
        for name in ("X-Remote-User", "x-remote-user", "X_Remote_User"):
            assert console.get("/nowhere", role=None, headers={name: "ada"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("X-Remote-User", "ada"), ("X-Remote-Groups", "sre")], 404),
        ([("X-Remote-User", "ada"), ("X-Remote-Groups", "other, sre")], 404),
        ([("X-Remote-User", "ada"), ("X-Remote-Groups", "other"), ("X-Remote-Groups", "sre")], 404),
        ([("X-Remote-User", "ada")], 403),
        ([("X-Remote-User", "ada"), ("X-Remote-Groups", "SRE")], 403),
        ([("X-Remote-User", "ada"), ("X-Remote-User", "eve"), ("X-Remote-Groups", "sre")], 400),
        ([("X-Remote-User", ""), ("X-Remote-Groups", "sre")], 400),
        ([("X-Remote-User", "a" * 129), ("X-Remote-Groups", "sre")], 400),
        ([("X-Remote-User", "ada\x9b31m"), ("X-Remote-Groups", "sre")], 400),
    ],
)
def test_what_the_proxy_says(shared_console: ConsoleServer, headers: list[tuple[str, str]], status: int) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    assert shared_console.http.get("/nowhere", headers=raw).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),
        ("localhost:8420", 200),
        ("LOCALHOST", 200),
        ("[::1]:8420", 200),
        ("console.example", 200),
        ("console.example.", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("console.example@evil.example", 421),
        ("127.0.0.2", 421),
        ("", 421),
    ],
)
def test_another_name_for_this_machine_is_refused(shared_console: ConsoleServer, host: str, status: int) -> None:
    """A page whose own name was given this machine's address (DNS rebinding) asks under that name."""
    assert shared_console.get("/sign-in", role=None, headers={"Host": host}).status_code == status
    assert shared_console.get("/api/v1/tokens", headers={"Host": host}).status_code == status
