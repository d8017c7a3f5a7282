"""The tasks of the data plane: stages, and beside them looks and questions that hold nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec

import structlog

from orchestrator.broker.messages import ASK_GATE, LOOK, RUN_STAGE, is_round, turns_of
from orchestrator.ledger.awaited import GateQuestion
from orchestrator.ledger.records import Turn
from steps.raised import Escaped, is_for_process, words_of
from workers.app import app
from workers.middleware import StageInfo
from workers.next_link import StageFailed
from workers.runtime import continuation, looker, rounds, runner

SHOWN: Final = 20
"""Stages of a delivery that its row names."""

_log = structlog.get_logger(__name__)
P = ParamSpec("P")


def gives_slot_back(body: Callable[P, str]) -> Callable[P, str]:
    """The last defence: whatever escapes the body of a task ends that task alone, with a line.

    Celery's threads pool tells nobody of what is no ``Exception``: the message would stay in hand, its slot taken, for
    as long as the worker lives. The task's lease tells a coordinator.
    """

    @wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return body(*args, **kwargs)
        except Exception:
            raise
        except BaseException as error:
            if is_for_process(error):
                raise
            _log.exception("what was raised is no Exception; the slot is given back", action="turn-escaped")
            raise Escaped(words_of(error)) from None

    return run


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
