"""All that a plan's policy took back is moved again, some at a time; the plan is let go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld

BEHIND_IT: Final = ((), ("resume",), ("resume", "pause", "resume"), ("resume", "pause", "resume"), ("pause", "resume"))


def begin_anew(world: LedgerWorld, random: Random, ask: Callable[[str, str, Order], None]) -> None:
    """Of a plan that has some such."""
    counts = {plan_id: world.reader.plan_record(plan_id).get("n:sentBack", "0") for plan_id in world.reader.plan_ids()}
    if not (plans := [plan_id for plan_id, count in counts.items() if int(count) > 0]):
        return
    plan_id = random.choice(plans)
    ask("retry", plan_id, Order("ada", "because", from_scratch=True))
    for follows in random.choice(BEHIND_IT):
        ask(follows, plan_id, Order("ada", "because"))
