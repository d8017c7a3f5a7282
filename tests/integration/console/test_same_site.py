"""Forms of another site's page, by what browsers say of where they come from; over plain HTTP that is ``Origin``."""

from __future__ import annotations

import contextlib

import pytest

from tests.support.console_server import ConsoleServer

PROXIED = {"X-Forwarded-For": "10.1.1.1"}
"""By the trusted proxy, as which loopback is taken here."""


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),  # a program
        ({"Origin": "{own}"}, True),
        ({"Referer": "{own}/plans?status=RUNNING"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "{own}.evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://[::1"}, False),
        ({"Referer": "http://evil.example/{own}"}, False),
        ({"Referer": "{own}@evil.example/"}, False),
        ({"Origin": "http://evil.example", "Referer": "{own}/"}, False),
        ({"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example.org"}, False),
        # What the browser says in as many words goes before.
        ({"Origin": "{own}", "Sec-Fetch-Site": "cross-site"}, False),
        # Proxies hand on the name that was asked for, often without its port.
        ({"Origin": "https://console.example", "Host": "console.example"}, True),
        ({"Origin": "https://console.example:8443", "Host": "console.example"}, True),
        ({"Origin": "https://console.example:8443", "Host": "console.example:8443"}, True),
        ({"Origin": "https://console.example:8443", "Host": "console.example:9443"}, False),
        ({"Origin": "https://Console.example.", "Host": "console.example"}, True),
        ({"Origin": "https://ops.example", "X-Forwarded-Host": "ops.example"}, True),
        ({"Origin": "https://evil.example", "Host": "console.example"}, False),
    ],
)
def test_another_sites_page_neither_signs_in_nor_does_anything(
    shared_console: ConsoleServer, headers: dict[str, str], is_ours: bool
) -> None:
    sent = PROXIED | {name: text.format(own=shared_console.url) for name, text in headers.items()}
    form = {"token": shared_console.token("viewer")}
    signed = shared_console.post("/sign-in", role=None, data=form, headers=sent)
    assert (signed.status_code, "set-cookie" in signed.headers) == ((303, True) if is_ours else (403, False))
    with contextlib.closing(shared_console.browser("viewer")) as browser:
        answer = browser.post("/nowhere", headers=sent)
        assert answer.json()["code"] == "csrf"
        assert ("another site" in answer.json()["detail"]) is not is_ours
