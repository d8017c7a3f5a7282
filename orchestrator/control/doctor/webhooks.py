"""Webhooks that do not send, or have given something up; each with the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.webhook_answers import WebhookStatus
from orchestrator.control.webhook_desk import WebhookDesk
from orchestrator.domain.typed import typed
from orchestrator.ledger.hooks import Hooks
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader

LATE_SECONDS: Final = 60.0
"""A receiver that restarts is no finding."""


def webhook_rows(ledger: Ledger, reader: Reader) -> Iterator[Check]:
    """One row for those that are well, and one for each finding."""
    known = WebhookDesk(Hooks(ledger)).all()
    wrong = 0
    for one in known:
        for finding in _findings(one, reader.now()):
            wrong += 1
            yield check(Row.WEBHOOKS, f"webhook {one.name}", finding, good=False)
    well = sum(one.health == "well" and not one.dead_letters for one in known)
    if not known:
        yield check(Row.WEBHOOKS, "webhooks", "none")
    elif well or not wrong:
        yield check(Row.WEBHOOKS, "webhooks", f"{well} of {len(known)} are well; `changeover webhooks` lists them")


def _findings(one: WebhookStatus, now: datetime) -> Iterator[str]:
    if one.health == "disabled":
        yield f"{one.finding}; `{typed('webhooks', 'enable', one.name)}` once it takes them again"
    elif one.health == "not served":
        yield f"{one.finding}, {one.behind} events wait; start a coordinator that has it in its settings"
    elif one.health == "failing" and _seconds_since(one.failing_since, now) > LATE_SECONDS:
        command = typed("webhooks", "test", one.name)
        late = f"{one.finding}; {one.behind} events behind, since {one.failing_since}"
        yield f"{late}; mend the receiver, then `{command}`"
    if one.dead_letters:
        command = typed("webhooks", "resend", one.name)
        yield f"{one.dead_letters} notifications were given up; `{command}` sends them again"


def _seconds_since(text: str | None, now: datetime) -> float:
    return (now - datetime.fromisoformat(text)).total_seconds() if text else 0.0
