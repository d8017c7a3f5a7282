"""Webhooks for people: how each does, what was given up, and what they may ask for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from orchestrator.control.webhook_answers import DeadLetter, HookHealth, WebhookAnswer, WebhookStatus
from orchestrator.domain.errors import InvalidInput, NotFound, Problem, cut_text
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.ledger.hooks import CHUNK, Hooks, HookState, Letter
from orchestrator.ledger.log_entries import iso, moment
from orchestrator.ledger.operations import Order

GONE_SECONDS: Final = 60.0
"""A coordinator that has a hook in its settings says so every few seconds."""

MOST: Final = 1000
TEST: Final = "WebhookTest"


class WebhookDesk:
    """Of one namespace."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def all(self) -> list[WebhookStatus]:
        """Every webhook that is known, by name."""
        states = self._hooks.reads.all()
        if not states:
            return []
        now_ms, last = self._hooks.reads.now_ms(), self._hooks.reads.last_sequence_id()
        return [_status(state, now_ms, last) for state in states]

    def one(self, name: str) -> WebhookStatus:
        """One of them. Raises ``NotFound``."""
        for status in self.all():
            if status.name == name:
                return status
        raise _unknown(name)

    def dead(self, name: str, first: int = 0, count: int = CHUNK) -> list[DeadLetter]:
        """What was given up, the oldest first. Raises ``NotFound``."""
        self.one(name)
        return [_letter(one) for one in self._hooks.reads.letters(name, "dead", first, count)]

    def resend(self, name: str, ids: Collection[str], order: Order) -> WebhookAnswer:
        """Has these dead letters sent again, or all. Raises ``NotFound``."""
        self.one(name)
        found = [one for one in self._dead(name) if not ids or _letter(one).id in ids]
        if missing := set(ids) - {_letter(one).id for one in found}:
            raise NotFound(f"webhook {name} has no dead letter {cut_text(min(missing))!r}")
        count = self._hooks.queue(name, found, "resend-letters", order) or 0
        left = f"; {len(found) - count} stay, since 1,000 wait already" if count < len(found) else ""
        return WebhookAnswer(name=name, count=count, message=f"{count} notifications are sent again{left}")

    def enable(self, name: str, order: Order) -> WebhookAnswer:
        """Has it tried at once: also one that its receiver switched off. Raises ``NotFound``."""
        if not self._hooks.enable(name, order):
            raise _unknown(name)
        return WebhookAnswer(name=name, count=0, message="it is tried from where it was, within a second")

    def test(self, name: str, order: Order) -> str:
        """Has a test notification sent; answers its id. Raises ``NotFound``."""
        event_id = f"test-{uuid4().hex[:16]}"
        data = {"type": TEST, "actor": order.actor, "occurredAt": iso(datetime.now(UTC))}
        told = {"id": event_id, "type": TEST, "sequenceId": 0, "data": data}
        queued = self._hooks.queue(name, [Letter(0, json.dumps(told))], "test-webhook", order)
        if queued is None:
            raise _unknown(name)
        if not queued:
            raise InvalidInput([Problem("name", name, "1,000 notifications of it wait to be sent again already")])
        return event_id

    def outcome(self, name: str, event_id: str) -> str | None:
        """What became of a test: '' it was sent, why not; None while nothing is known."""
        told, _, why = self._hooks.reads.state(name).text("tested").partition(" ")
        return why if told == event_id else None

    def _dead(self, name: str) -> Iterator[Letter]:
        for first in range(0, MOST, CHUNK):
            yield from self._hooks.reads.letters(name, "dead", first, CHUNK)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no webhook {cut_text(name)!r}; `changeover webhooks` lists those that coordinators have")


def _status(state: HookState, now_ms: float, last: int) -> WebhookStatus:
    about = _read(state.text("about"))
    health, finding = _health(state, now_ms)
    behind = max(last - state.number("at"), 0) if "at" in state.fields else 0
    return WebhookStatus(
        name=state.name,
        health=health,
        finding=finding,
        host=str(about.get("host", "")),
        format=str(about.get("format", "")),
        events=_texts(about.get("events")),
        plans=str(about.get("plans", "")),
        sent=state.number("sent"),
        failed=state.number("failed"),
        given_up=state.number("dead"),
        dead_letters=state.dead,
        dropped=state.number("dropped"),
        to_send_again=state.again,
        behind=behind,
        last_sent_at=_kept(state.text("sentAt")),
        failing_since=_time(state.text("failingSince")),
        attempts=state.number("attempts"),
        pending=state.text("pendingType") or None,
        sender=state.text("owner").partition("/")[0] or None,
    )


def _health(state: HookState, now_ms: float) -> tuple[HookHealth, str]:
    if now_ms - state.known_ms > GONE_SECONDS * 1000:
        return "gone", "no coordinator that runs has it in its settings"
    if state.text("disabled"):
        return "disabled", f"its receiver wants no more: {state.text('disabled')}"
    if now_ms > state.number("ownerUntil"):
        return "not served", "no coordinator sends for it at the moment"
    if state.number("failures"):
        said = state.text("said") or "the last attempt failed"
        return "failing", f"{state.number('failures')} attempts in a row failed, the last: {said}"
    return "well", "sends"


def _letter(letter: Letter) -> DeadLetter:
    kept = _read(letter.text)
    return DeadLetter(
        id=str(kept.get("id", "damaged")),
        type=str(kept.get("type", "damaged")),
        sequence_id=letter.sequence_id,
        attempts=_whole(kept.get("attempts")),
        why=str(kept.get("why", "")),
        given_up_at=_kept(kept.get("givenUpAt")),
        data=kept["data"] if isinstance(kept.get("data"), dict) else {},
    )


def _read(text: str) -> dict[str, Any]:
    try:
        kept = read_stored(text)
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _time(milliseconds: str) -> str | None:
    found = moment(milliseconds) if counted_number(milliseconds) is not None else None
    return iso(found) if found else None


def _kept(text: Any) -> str | None:
    """A time that a sender wrote, also one of before now: all are told in one form."""
    try:
        return iso(datetime.fromisoformat(text)) if text else None
    except (TypeError, ValueError):
        return None
