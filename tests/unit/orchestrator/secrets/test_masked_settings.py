"""What `changeover config` shows of URLs, headers and values: only what is known to be harmless."""

from __future__ import annotations

import json
from functools import partial

import pytest
from pydantic import SecretStr

from orchestrator.domain.errors import InvalidInput
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import masked_setting, redact, remember
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.origins import resolved_settings
from orchestrator.settings.servers import find_servers
from orchestrator.settings.url_parts import shown_url

SHOWN = {
    "https://hooks.example/services/T00/B00/abcXYZ123": "https://hooks.example/services/***/***/***",
    "http://h:9001/health": "http://h:9001/health",
    "http://h/v1/tenants/42/health?access=tok&x#frag": "http://h/v1/tenants/42/health?access=***&***#***",
    "https://h/{{ tenant.tenant_id }}/tok3n": "https://h/{{ tenant.tenant_id }}/***",
    "http://h?access=tok/x": "http://h?access=***",
    "http://h#tok": "http://h#***",
    "https://h/hook/abcdefghijklmnopqrstuvwxyz": "https://h/hook/***",
    "two: http://h/a1b2 http://h/ok": "two: http://h/*** http://h/ok",
}


@pytest.mark.parametrize("url", SHOWN)
def test_of_a_url(url: str) -> None:
    assert masked_setting({"steps": [{"url": url}]}) == {"steps": [{"url": SHOWN[url]}]}


PATHS = {
    "redis:///SECRETPW": "redis:///***",
    "redis://h:6379/0": "redis://h:6379/0",
    "rediss://h/secretword": "rediss://h/***",
    "redis://h/1/SECRETPW": "redis://h/***",
    "redis://h/": "redis://h/",
    "redis+socket:///run/redis-6379.sock": "redis+socket:///run/redis-6379.sock",
    "unix:///run/redis-6379.sock": "unix:///run/redis-6379.sock",
    "sqlite:////var/lib/changeover2.db": "sqlite:////var/lib/changeover2.db",
    "amqp://h:5672/prod": "amqp://h:5672/prod",
    "amqp://h:5672/%2F": "amqp://h:5672/%2F",
    "amqps://h/s3cr3t-pw": "amqps://h/***",
    "postgresql://h/changeover": "postgresql://h/changeover",
    "postgresql://h/aB3dE6gH9": "postgresql://h/***",
}


@pytest.mark.parametrize("url", PATHS)
def test_of_the_path_of_a_servers_url(url: str) -> None:
    assert masked_setting(SecretStr(url)) == PATHS[url]
    assert redact(url) == PATHS[url]
    assert shown_url(url) == PATHS[url]


def test_what_is_no_url_is_shown_where_it_is_a_host_and_a_port() -> None:
    for given, shown in (("localhost:6379", "localhost:6379"), ("h:6379/0", "h:6379/0"), ("SECRETPW", None)):
        assert shown_url(given) == shown


def test_a_password_in_the_path_is_in_no_list_of_settings_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "redis:///SECRETPW"
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", url)
    monkeypatch.setenv("CHANGEOVER_BROKER_URL", url)
    monkeypatch.setenv("CHANGEOVER_CHECKPOINT__URL", "postgresql://h/SECRETPW1")
    monkeypatch.setenv("CHANGEOVER_ARCHIVE__URL", "postgresql://h/SECRETPW1")
    settings = Settings()
    assert "SECRETPW" not in repr(resolved_settings(settings))
    for judge in (load_settings, partial(find_servers, settings)):
        with pytest.raises(InvalidInput) as caught:
            judge()
        assert "SECRETPW" not in str(caught.value)
    # A setting that is no server's URL when it is read names what was given too.
    monkeypatch.setenv("CHANGEOVER_CONNECTIONS", json.dumps({"other": {"url": "redis://h/SECRETPW"}}))
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert "connections" in str(caught.value)
    assert "SECRETPW" not in str(caught.value)


def test_of_headers_and_short_secrets() -> None:
    given = {"headers": {"My-Session": "abc", "Accept": "text/plain"}, "json": {"pin": 1234, "otp": "99", "n": 1}}
    hidden = {"headers": {"My-Session": "***", "Accept": "text/plain"}, "json": {"pin": "***", "otp": "***", "n": 1}}
    assert masked_setting({"services": {"portal": given}}) == {"services": {"portal": hidden}}


def test_a_harmless_header_may_hold_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets())
    remember("s3cret-value")
    given = {"User-Agent": "ours s3cret-value (+https://u:pw@h/a1b2?c=d)", "X-s3cret-value": "x"}
    assert masked_setting({"headers": given}) == {
        "headers": {"User-Agent": "ours *** (+https://***@h/***?c=***", "X-***": "***"}
    }
