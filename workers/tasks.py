"""The one task of the data plane."""

from __future__ import annotations

from typing import Any

from orchestrator.broker.messages import RUN_STAGE
from orchestrator.ledger.records import Turn
from workers.app import app
from workers.next_link import StageFailed
from workers.runtime import continuation, runner


@app.task(name=RUN_STAGE, bind=True, max_retries=None, throws=(StageFailed,), Strategy="workers.ledger_time:strategy")
def run_stage(self: Any, task_id: str, epoch: int, stage: int, turn: int) -> None:
    """Runs a turn and what follows it. A second delivery is told apart by the ledger: it begins nothing."""
    continuation().after(self, runner().run(Turn(task_id, epoch, stage, turn)))
