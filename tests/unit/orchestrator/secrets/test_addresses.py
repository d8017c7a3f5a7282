"""Of a secret that is an address, what a request makes of it is masked: its path, its query, its user and password."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from orchestrator.secrets.masking import mask, masked_url, redact
from orchestrator.templates.templates import render
from tests.support.secret_variables import variables

HOOK = "http://svc:Tr0ub4dor%2Fand%3A3@hooks.example.com:8080/services/T0AB1234/B99zz/SecretPathTok9?mode=auth&k=a%20b9c8d7e6"
BASIC = base64.b64encode(b"svc:Tr0ub4dor/and:3").decode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"bad credentials: Basic {BASIC} for /services/T0AB1234/B99zz/SecretPathTok9?mode=auth&k=a%20b9c8d7e6",
         "bad credentials: Basic *** for ***"),
        ("Cannot POST /services/T0AB1234/B99zz/SecretPathTok9", "Cannot POST ***"),
        ("no hook SecretPathTok9 of team T0AB1234", "no hook *** of team ***"),
        ("who is svc:Tr0ub4dor/and:3?", "who is ***?"),
        ("password Tr0ub4dor/and:3 is wrong", "password *** is wrong"),
        ("password Tr0ub4dor%2Fand%3A3 is wrong", "password *** is wrong"),
        ("query was mode=auth&k=a%20b9c8d7e6", "query was ***"),
        ("no key 'a b9c8d7e6'", "no key '***'"),
        ("the services at hooks.example.com:8080 use auth", "the services at hooks.example.com:8080 use auth"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_what_a_request_makes_of_a_whole_url_is_masked(tmp_path: Path, said: str, shown: str, scheme: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=scheme + HOOK.removeprefix("http://")))
    assert mask(said) == shown


def test_what_anybody_could_have_written_is_shown(tmp_path: Path) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="https://example.com/api/v1/services/health"))
    assert mask("GET /api/v1/services/health: 404") == "GET /api/v1/services/health: 404"
    render("{{ secret.W }}", variables(tmp_path, W="https://example.com/v1/api?mode=authenticated"))
    assert mask("the mode=authenticated is not known") == "the mode=authenticated is not known"
    assert mask("GET /v1/api?mode=authenticated: 404") == "GET ***: 404"
    assert mask("GET https://example.com/api/v1/services/health: 404") == "GET ***: 404"


@pytest.mark.parametrize(
    "value",
    ["aaa/../bbb/./ccc-1234", "/hooks/../T0AB1234/./x y/\N{SNOWMAN}", "https://h.example.com/a/../T0AB1234/./z"],
)
def test_a_path_is_masked_as_a_client_sends_it(tmp_path: Path, value: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    sent = httpx.URL(value if "://" in value else "http://h/in/" + value.lstrip("/")).raw_path.decode()
    assert mask(f"GET {sent}: 404") in ("GET ***: 404", "GET /in/***: 404", "GET /in***: 404")


@pytest.mark.parametrize("url", ["redis://u:SECRETPW@[::1/0", "redis://u:SECRETPW@[x]y/0", "amqp://u:SECRETPW@[/"])
def test_an_address_that_cannot_be_read_is_masked_whole(url: str) -> None:
    assert masked_url(url) == "***"
    assert redact(url) == "***"


def test_a_fragment_is_masked_as_a_query_is() -> None:
    assert masked_url("redis://u:pw@h/0?a=b#SECRETPW") == "redis://***@h/0?***#***"
