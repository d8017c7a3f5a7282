"""The tasks of the data plane: stages, and beside them looks and questions that hold nothing."""

from __future__ import annotations

from typing import Any, Final

from orchestrator.broker.messages import ASK_GATE, LOOK, RUN_STAGE, is_round, turns_of
from orchestrator.ledger.awaited import GateQuestion
from orchestrator.ledger.records import Turn
from steps.raised import Escaped
from workers.app import app
from workers.middleware import StageInfo
from workers.next_link import StageFailed
from workers.runtime import continuation, looker, rounds, runner
from workers.slot_guard import gives_slot_back

SHOWN: Final = 20
"""Stages of a delivery that its row names."""


@app.task(
    name=RUN_STAGE, bind=True, max_retries=None, throws=(StageFailed, Escaped), Strategy="workers.ledger_time:strategy"
)
@gives_slot_back
def run_stage(self: Any, task_id: str, epoch: int, stage: int, turn: int, *_more: Any, **named: Any) -> str:
    """Runs a turn and what follows it; answers which stages those were, for Flower's row: no result is stored.

    The turns of a poll round are run beside the worker's slots, and this answers at once. A second delivery is told
    apart by the ledger: it begins nothing. What a newer release has added to the message is not looked at.
    """
    if is_round(named):
        turns = turns_of((task_id, epoch, stage, turn), named)
        rounds().put(turns, self.request.delivery_info["routing_key"])
        return "1 poll" if len(turns) == 1 else f"{len(turns)} polls"
    ran: list[StageInfo] = []
    continuation().after(self, runner().run(Turn(task_id, epoch, stage, turn), ran.append))
    return "; ".join(f"tenant={one.tenant_id} stage={one.stage_name}" for one in ran[:SHOWN])


@app.task(name=LOOK, max_retries=None, throws=(Escaped,))
@gives_slot_back
def look_once(task_id: str, number: int, *_more: Any, **_named: Any) -> str:
    """Looks once at a tenant whose wave soaks; a second delivery finds that it is answered."""
    return looker().look(task_id, number)


@app.task(name=ASK_GATE, max_retries=None, throws=(Escaped,))
@gives_slot_back
def ask_gate(plan_id: str, wave: int, number: int, *_more: Any, **_named: Any) -> str:
    """Asks an HTTP gate once; a second answer to the same question changes nothing."""
    return looker().ask(GateQuestion(plan_id, wave, number))
