"""What a receiver is sent: an event as CloudEvents 1.0 JSON, or as a line for Slack; signed as Standard Webhooks say.

Sources: https://github.com/cloudevents/spec (structured mode, JSON format), https://www.standardwebhooks.com (headers
``webhook-id``, ``webhook-timestamp``, ``webhook-signature``), https://docs.slack.dev (``&``, ``<`` and ``>`` escaped).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from standardwebhooks import Webhook

from orchestrator.control.consumer import EventsMissed
from orchestrator.control.event_cursors import fingerprint
from orchestrator.domain.events import Event
from orchestrator.domain.printable import printable
from orchestrator.domain.stored_json import read_stored
from orchestrator.secrets.masking import mask_value

TEST: Final = "WebhookTest"
MISSED: Final = "EventsMissed"
KEY_PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 24
"""Bytes; Standard Webhooks asks for 24 to 64."""

_TO_ALL = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)
"""Mattermost tells a whole channel by a word, which Slack writes in angle brackets."""

_HEAD = ("type", "sequenceId", "planSequenceId", "planId", "taskId", "tenantId", "stageName", "occurredAt")


@dataclass(frozen=True, slots=True)
class Notification:
    """One event on its way to a hook. ``event_id`` is the event's own and the same for each hook and attempt."""

    event_id: str
    type: str
    sequence_id: int
    data: Mapping[str, Any]

    def stored(self, **more: Any) -> str:
        """As JSON, with what else is to be remembered of it."""
        told = {"id": self.event_id, "type": self.type, "sequenceId": self.sequence_id, "data": dict(self.data)}
        return json.dumps(mask_value(told | more), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def of_event(event: Event) -> Notification:
    """An event of the log. Its number alone would not do: after a fail-over it may be another's."""
    name = f"{event.sequence_id}-{fingerprint(event)}"
    return Notification(name, event.type, event.sequence_id, event.model_dump(mode="json", by_alias=True))


def of_gap(gap: EventsMissed) -> Notification:
    """Events that left the feed before they were sent: the receiver takes up the state anew."""
    told = {"type": MISSED, "firstSequenceId": gap.first, "lastSequenceId": gap.last, "reason": str(gap)}
    # By its beginning: while it is being told the feed may lose more.
    return Notification(f"{gap.first}-missed", MISSED, gap.first, told)


def of_stored(text: str) -> Notification:
    """One that was kept. Raises ``ValueError`` for what a hand has damaged."""
    try:
        kept = read_stored(text)
        return Notification(str(kept["id"]), str(kept["type"]), int(kept["sequenceId"]), dict(kept["data"]))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("it is no notification") from error


def spelled(notification: Notification, form: str, namespace: str) -> tuple[bytes, str]:
    """The body and its type."""
    if form == "slack":
        return _json({"text": slack_text(notification)}), "application/json"
    return _json(cloud_event(notification, namespace)), "application/cloudevents+json; charset=utf-8"


def cloud_event(notification: Notification, namespace: str) -> dict[str, Any]:
    """CloudEvents 1.0; ``source`` and ``id`` together name the event."""
    data = mask_value(dict(notification.data))
    subject = data.get("taskId") or data.get("planId")
    occurred = data.get("occurredAt")
    return {
        "specversion": "1.0",
        "id": notification.event_id,
        "source": f"/changeover/{namespace}",
        "type": f"changeover.{notification.type}",
        **({"subject": subject} if subject else {}),
        **({"time": occurred} if occurred else {}),
        "datacontenttype": "application/json",
        "data": data,
    }


def slack_text(notification: Notification) -> str:
    """One line: what happened, to whom, and what else the event says; no link, no mention, no control character."""
    data = mask_value(dict(notification.data))
    where = [str(data[name]) for name in ("planId", "tenantId", "stageName") if data.get(name)]
    details = [f"{key}: {_short(value)}" for key, value in data.items() if key not in _HEAD and value not in (None, {})]
    text = printable(" · ".join([" ".join([notification.type, *where]), *details]))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _TO_ALL.sub("@\u200b", text)[:3000]


def signed(hook: str, notification: Notification, body: bytes, secret: str | None) -> dict[str, str]:
    """The headers of Standard Webhooks. Raises ``ValueError`` for a secret that is no key of theirs."""
    # Short whatever the hook is called, and another for each hook: a receiver may serve several.
    drawn = hashlib.sha256(f"{hook}\n{notification.event_id}".encode()).hexdigest()[:32]
    moment = datetime.now(UTC)
    headers = {"webhook-id": f"msg_{drawn}", "webhook-timestamp": str(int(moment.timestamp()))}
    if secret is not None:
        signature = Webhook(key_of(secret)).sign(headers["webhook-id"], moment, body.decode())
        headers["webhook-signature"] = signature
    return headers


def key_of(secret: str) -> bytes:
    """The key that a secret spells: base64, with or without ``whsec_`` before it."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"is no key: expected {KEY_PREFIX} and base64 of at least {SHORTEST_KEY} bytes")
    return key


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("message") or json.dumps(dict(value), ensure_ascii=False)
    text = " ".join(str(value).split())
    return text if len(text) <= 300 else text[:300] + "…"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
