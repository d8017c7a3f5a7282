"""A URL that is not what it should be is not quoted: nobody knows where in it the password stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.doors.remote.connection import Connection
from orchestrator.secrets.masking import masked_setting, masked_url, redact
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.origins import resolved_settings
from orchestrator.settings.servers import find_servers
from orchestrator.settings.url_parts import shown_url
from steps import AllowedHosts

PASSWORD = "hunter2secret"
MISTYPED = [
    *(f"redis://changeover:{PASSWORD}", f"redis://:{PASSWORD}%40host:6379/0", f"redis://user:{PASSWORD}%40host:6379/0"),
    *(f"redis:{PASSWORD}@host", f"redis:/user:{PASSWORD}@host/0", f"redis://u:{PASSWORD}[@host/0", f"redis:{PASSWORD}"),
    *(f"redis://host:6379,password={PASSWORD},ssl=False", f"host:6379,password={PASSWORD}", f"{PASSWORD}@host:6379"),
    *(f"redis://host:6379,{PASSWORD}", f"redis://u:p/{PASSWORD}@host/0", f"redis://u:p?{PASSWORD}@host/0"),
    *(f"amqp://u:{PASSWORD}%40h:5672//", f"amqp:{PASSWORD}", f"amqp://u:p@{PASSWORD}@h:x/", f"redis://h/0/{PASSWORD}"),
    *(f"redis://u:p@{PASSWORD}/x@h/0", f"amqp://u:p@{PASSWORD}/x@h//", f"redis://u:p@{PASSWORD}?x@h/0"),
]
TELLERS: list[Callable[[str], object]] = [redact, masked_url, shown_url]


@pytest.mark.parametrize("url", MISTYPED)
def test_of_a_servers_url_no_password_is_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [tell.__name__ for tell in TELLERS if PASSWORD in str(tell(url))] == []
    for name in ("CHANGEOVER_REDIS_URL", "CHANGEOVER_BROKER_URL"):
        monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://host:6379/0")
        monkeypatch.setenv(name, url)
        settings = Settings()
        for judge in (load_settings, partial(find_servers, settings)):
            with pytest.raises(InvalidInput) as refused:
                judge()
            assert PASSWORD not in str(refused.value)
        assert PASSWORD not in str(resolved_settings(settings))


@pytest.mark.parametrize("url", [f"postgresql://u:p@{PASSWORD}/x@h/d", f"http://u:p@{PASSWORD}/x@h/y"])
def test_nor_of_what_else_is_shown(url: str) -> None:
    assert [tell.__name__ for tell in TELLERS if PASSWORD in str(tell(url))] == []


@pytest.mark.parametrize(
    "url", ["http://h/?token={}", "http://u:{}@h", "http://u:{}%40h", "h/?{}", "https://h#{}", "u:{}"]
)
def test_nor_of_a_consoles(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Connection(url.format(PASSWORD), "token")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("wrong", ["http://u:{}@h", "http://u:{}%40h/x", "u:{}@h", "h?token={}"])
def test_nor_of_a_host_in_a_list(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = wrong.format(PASSWORD)
    with pytest.raises(ValueError, match=r"a URL (is no host name|has no usable port)") as refused:
        AllowedHosts([host])
    assert PASSWORD not in str(refused.value)
    for name, value in (("ALLOWED_HOSTS", f'["{host}"]'), ("SECRETS", f'{{"A": {{"hosts": "{host}"}}}}')):
        monkeypatch.delenv("CHANGEOVER_ALLOWED_HOSTS", raising=False)
        monkeypatch.setenv(f"CHANGEOVER_{name}", value)
        with pytest.raises(InvalidInput) as found:
            load_settings()
        assert PASSWORD not in str(found.value)


def test_what_is_right_is_shown() -> None:
    assert redact("redis://u:p@redis-1.example.com:6379/0") == "redis://redis-1.example.com:6379/0"
    assert redact("rediss://[fd00::1]:6379/0") == "rediss://[fd00::1]:6379/0"
    assert redact("postgresql://u:p@a:5432,b:5432/changeover") == "postgresql://a:5432,b:5432/changeover"
    assert redact("unix:///run/redis.sock") == "unix:///run/redis.sock"
    assert shown_url("redis://u:p@host:99999/0") == "redis://host:99999/0"
    assert redact("sqlite:////data/a@b.db") == "sqlite:////data/a@b.db"
    assert masked_url("http://h/mail/a@b") == "http://h/mail/***"
    assert shown_url("host:6379/0") == "host:6379/0"
    assert masked_setting("https://{{ secret.HOST }}/in") == "https://{{ secret.HOST }}/in"
    assert Settings(allowed_hosts=["10.0.0.0/8"]).allowed_hosts == ["10.0.0.0/8"]
