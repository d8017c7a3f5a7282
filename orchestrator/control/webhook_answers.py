"""What the client answers about webhooks; camelCase as JSON, times ISO-8601 UTC or null."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from orchestrator.control.answers import Answer

HookHealth = Literal["well", "failing", "disabled", "not served", "gone"]
"""``not served``: no coordinator sends for it; ``gone``: no coordinator has it in its settings any more."""


class WebhookStatus(Answer):
    """One webhook. ``host``: '' when a secret says where it leads; ``behind``: events of the log not looked at yet."""

    name: str
    health: HookHealth
    finding: str
    host: str = ""
    format: str = ""
    events: list[str] = Field(default_factory=list)
    plans: str = ""
    sent: int = 0
    failed: int = 0
    """Attempts."""
    given_up: int = 0
    """Ever; of them ``dead_letters`` are kept, ``dropped`` are not any more."""
    dead_letters: int = 0
    dropped: int = 0
    to_send_again: int = 0
    behind: int = 0
    last_sent_at: str | None = None
    failing_since: str | None = None
    attempts: int = 0
    """Of the event under way."""
    pending: str | None = None
    """Its type."""
    sender: str | None = None
    """Host and pid of the coordinator."""


class DeadLetter(Answer):
    """A notification that was given up. ``data``: the event."""

    id: str
    type: str
    sequence_id: int
    attempts: int = 0
    why: str = ""
    given_up_at: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


class WebhookAnswer(Answer):
    """What became of a request: ``count`` notifications are sent again."""

    name: str
    count: int
    message: str
