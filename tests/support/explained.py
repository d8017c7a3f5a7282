"""What `explain` says, in one text."""

from __future__ import annotations

from orchestrator.control.explain import Explainer
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld


def explained(world: LedgerWorld, settings: Settings, target: str = "p") -> str:
    """The reasons for the state of the plan ``p``, or of a task of it."""
    explainer = Explainer(world.ledger, world.reader, settings)
    found = explainer.plan(target) if target == "p" else explainer.task(target)
    return "\n".join(found.reasons)
