"""What `changeover config` shows of URLs, headers and values: only what is known to be harmless."""

from __future__ import annotations

import pytest

from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import masked_setting, remember

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
