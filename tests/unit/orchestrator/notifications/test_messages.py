"""What a receiver gets: the envelope, the signature, and a chat line in which an event's text does nothing."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import Webhook, WebhookVerificationError

from orchestrator.notifications.messages import (
    Notification,
    cloud_event,
    key_of,
    of_stored,
    signed,
    slack_text,
    spelled,
)
from orchestrator.settings.webhooks import WebhookSettings

PAGE = (Path(__file__).parents[4] / "docs" / "notifications.md").read_text()
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
FAILED = Notification(
    "41-ab",
    "TaskFailed",
    41,
    {
        "sequenceId": 41,
        "planSequenceId": 9,
        "type": "TaskFailed",
        "planId": "p",
        "taskId": "p.1",
        "tenantId": "acme",
        "occurredAt": "2026-11-29T10:00:00Z",
        "failureInfo": {"type": "Broken", "message": "<!channel> a & b\x1b[2J @here"},
        "failedStage": None,
    },
)


def test_a_cloud_event() -> None:
    body, kind = spelled(FAILED, "cloudevents", "blue")
    event = json.loads(body)
    assert kind == "application/cloudevents+json; charset=utf-8"
    assert event.pop("data") == FAILED.data
    assert event == {
        "specversion": "1.0",
        "id": "41-ab",
        "source": "/changeover/blue",
        "type": "changeover.TaskFailed",
        "subject": "p.1",
        "time": "2026-11-29T10:00:00Z",
        "datacontenttype": "application/json",
    }


def test_its_signature_is_the_librarys_and_for_this_body_and_key_only() -> None:
    body, _ = spelled(FAILED, "cloudevents", "blue")
    headers = signed("ops", FAILED, body, SECRET)
    assert Webhook(SECRET).verify(body, headers)["id"] == "41-ab"
    for data, key in ((body + b" ", SECRET), (body, "whsec_" + base64.b64encode(bytes(32)).decode())):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(data, headers)


def test_the_id_is_the_same_each_time_and_another_for_another_hook() -> None:
    assert signed("ops", FAILED, b"{}", None)["webhook-id"] == signed("ops", FAILED, b"{}", SECRET)["webhook-id"]
    assert signed("ops", FAILED, b"{}", None)["webhook-id"] != signed("chat", FAILED, b"{}", None)["webhook-id"]


@pytest.mark.parametrize("secret", ["whsec_", "hunter2", "whsec_" + base64.b64encode(b"short").decode(), "ä" * 40])
def test_a_secret_that_is_no_key_is_refused_unseen(secret: str) -> None:
    with pytest.raises(ValueError, match="is no key") as caught:
        key_of(secret)
    assert secret.removeprefix("whsec_") in ("", *[""]) or secret not in str(caught.value)


def test_a_chat_line_mentions_nobody_and_steers_nothing() -> None:
    text = slack_text(FAILED)
    assert text.startswith("TaskFailed p acme · ")
    assert "&lt;!channel&gt; a &amp; b" in text
    assert "\x1b" not in text
    assert "@here" not in text
    assert "failedStage" not in text
    body, kind = spelled(FAILED, "slack", "blue")
    assert (json.loads(body), kind) == ({"text": text}, "application/json")


def test_what_is_kept_is_read_again_and_damage_is_told() -> None:
    assert of_stored(FAILED.stored(why="x")) == FAILED
    for text in ("", "[]", "{}", '{"id": 1, "type": "x", "sequenceId": "x", "data": {}}'):
        with pytest.raises(ValueError):  # noqa: PT011 - json's own, or ours
            of_stored(text)


def test_the_receiver_of_the_page_takes_what_is_signed_and_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    (source,) = re.findall(r"```python\n(# receiver\.py\n.*?)```", PAGE, re.DOTALL)
    scope: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(source, "receiver.py", "exec"), scope)
    body, _ = spelled(FAILED, "cloudevents", "blue")
    headers = signed("ops", FAILED, body, SECRET)
    assert [scope["receive"](SECRET, body, headers) for _ in range(2)] == [204, 204]
    assert capsys.readouterr().out == "changeover.TaskFailed p\n"
    assert scope["receive"](SECRET, body.replace(b"acme", b"evil"), headers) == 401


def test_the_settings_and_the_event_of_the_page() -> None:
    (settings,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    hooks = yaml.safe_load(settings)["webhooks"]
    assert [WebhookSettings.model_validate(hook).format for hook in hooks.values()] == ["cloudevents", "slack"]
    (event,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    told = json.loads(event)
    again = Notification(told["id"], told["data"]["type"], told["data"]["sequenceId"], told["data"])
    assert cloud_event(again, "default") == told
