"""Webhooks as their senders would leave them: each by what is noted of it."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.ledger.hooks import Hooks, Letter, Note
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld

ABOUT = '{"host": "https://example.com", "format": "cloudevents", "events": ["Plan*"], "plans": "*"}'


def plant_hook(world: LedgerWorld, note: Note | None = None, name: str = "ops", lease_seconds: float = 60.0) -> None:
    """One that is claimed, with a letter of each kind; with a note, as that leaves it."""
    hooks = Hooks(world.ledger)
    hooks.claim("me/1", lease_seconds, {name: ABOUT})
    hooks.note(name, "me/1", note or Note(given_up=Letter(1, '{"id": "1-a"}')))
    if note is None:
        hooks.queue(name, [Letter(2, '{"id": "2-b"}')], "resend-letters", Order("ada"))


def hooked_with(note: Note, lease_seconds: float = 60.0) -> Callable[[LedgerWorld], None]:
    """The same as a step of a table."""
    return lambda world: plant_hook(world, note, lease_seconds=lease_seconds)
