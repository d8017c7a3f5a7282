"""The setting ``webhooks``: all that is wrong with it at once, and which events a hook wants."""

from __future__ import annotations

import json

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.model import load_settings
from orchestrator.settings.webhooks import WebhookSettings

GOOD = {"url": "https://example.com/hook", "secret": "{{ secret.OPS_HOOK }}", "events": ["PlanFailed"]}


def load(monkeypatch: pytest.MonkeyPatch, hooks: object) -> None:
    monkeypatch.setenv("CHANGEOVER_WEBHOOKS", json.dumps(hooks))
    load_settings()


def test_everything_that_is_wrong_is_told_at_once_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = {
        "a": GOOD | {"url": "ftp://example.com"},
        "b": GOOD | {"secret": "whsec_hunter2hunter2"},
        "c": GOOD | {"events": ["PlanFaild", "Nothing*"]},
        "d": GOOD | {"events": [], "format": "teams", "timeout_seconds": 31},
        "e": GOOD | {"url": "https://me:hunter2@example.com/"},
        "f": {"url": "https://example.com", "events": ["PlanFailed"]},
        "g": GOOD | {"urls": "x"},
        "h/i": GOOD,
    }
    with pytest.raises(InvalidInput) as caught:
        load(monkeypatch, hooks)
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert set(found) == {
        *("webhooks.a.url", "webhooks.b.secret", "webhooks.c.events[0]", "webhooks.c.events[1]", "webhooks.d.events"),
        *(
            "webhooks.d.format",
            "webhooks.d.timeout_seconds",
            "webhooks.e.url",
            "webhooks.f",
            "webhooks.g.urls",
            "webhooks.h/i",
        ),
    }
    assert "did you mean 'PlanFailed'?" in found["webhooks.c.events[0]"]
    assert found["webhooks.c.events[1]"].startswith("unknown event; known: ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://169.254.169.254/latest", None),
        ("http://[fe80::1]/", None),
        ("https://example.org/", ["example.com"]),
    ],
)
def test_a_hook_goes_where_steps_may_go(monkeypatch: pytest.MonkeyPatch, url: str, hosts: list[str] | None) -> None:
    if hosts:
        monkeypatch.setenv("CHANGEOVER_ALLOWED_HOSTS", json.dumps(hosts))
    with pytest.raises(InvalidInput) as caught:
        load(monkeypatch, {"ops": GOOD | {"url": url}})
    assert [problem.path for problem in caught.value.problems] == ["webhooks.ops.url"]


def test_a_url_may_hold_secrets_and_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("{{ secret.WHERE }}", "https://hooks.example.com/{{ secret.PATH }}"):
        load(monkeypatch, {"chat": {"url": url, "events": ["Plan*"], "format": "slack"}})


def test_which_events_a_hook_wants() -> None:
    hook = WebhookSettings.model_validate(GOOD | {"events": ["PlanFailed", "Freeze*"], "plans": "prod-*"})
    assert hook.wants("PlanFailed", "prod-1")
    assert not hook.wants("PlanFailed", "test-1")
    assert not hook.wants("PlanCompleted", "prod-1")
    # Of no plan: its type alone says.
    assert hook.wants("FreezeSet", "")
