"""The one task of the data plane."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestrator.broker.messages import RUN_STAGE, shown_arguments
from orchestrator.ledger.records import Turn
from workers.app import app
from workers.next_link import Drop, Reschedule, StageFailed
from workers.runtime import runner


@app.task(name=RUN_STAGE, bind=True, max_retries=None, throws=(StageFailed,), Strategy="workers.ledger_time:strategy")
def run_stage(self: Any, task_id: str, epoch: int, stage: int, turn: int) -> None:
    """Runs a turn. A second delivery is told apart by the ledger: it begins nothing and schedules nothing."""
    match runner().run(Turn(task_id, epoch, stage, turn)):
        case Reschedule(again, due_ms, tenant_id, mode, stage_name):
            # Due by the ledger's clock, which whoever receives it knows (see ``ledger_time``). The chain stays on the
            # message; only the turn in its arguments changes.
            raise self.retry(
                args=(again.task_id, again.epoch, again.stage, again.turn),
                eta=datetime.fromtimestamp(due_ms / 1000, UTC),
                argsrepr=shown_arguments(tenant_id, mode, stage_name, again.turn),
            )
        case Drop(failure):
            # Undocumented, but what the maintainers advise: the tracer reads the chain again after the body.
            self.request.chain = None
            if failure:
                # Recorded; only for whoever looks at Celery. In ``throws``: the runner has already logged it.
                raise StageFailed(failure)
