"""Runs one turn of one stage: begin, the steps from the cursor on, and one record of how it went.

The runner knows no tenant rule and no queue: the ledger's scripts decide whether a turn may begin and what follows
its end. Between begin and end a crash costs at most the turn: the stage is unrecorded and may run again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import TaskState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Begun, Ended, Ledger, Turn, TurnRecord
from orchestrator.ledger.reader import plan_of
from orchestrator.logs import task_context
from orchestrator.stage_factory import BuiltStep, StageFactory
from steps import Done, Failed, FenceToken, Http, Outcome, PollAgain, StepContext, Target
from workers.lease_keeper import LeaseKeeper
from workers.plan_cache import PlanCache

MAX_DELAY_SECONDS: Final = 1800.0
"""Longest countdown: half of the broker's visibility timeout, past which a message would be doubled."""

RECORD_SECONDS: Final = 900.0
"""How long a finished turn waits for Redis to come back before it gives its record up."""

MESSAGE_LIMIT: Final = 4000

_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Proceed:
    """The chain goes on with its next link."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The rest of the chain is dropped: ended, stopped at the boundary, or not ours."""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The same stage again, as ``turn``, after ``seconds``; ``shown`` names it in Flower."""

    turn: Turn
    seconds: float
    tenant_id: str
    mode: TaskState
    stage_name: str


Next = Proceed | Drop | Reschedule


@dataclass(slots=True)
class Cursor:
    """Where in the stage the next turn goes on: step index, that step's attempts and state, outputs so far."""

    step: int = 0
    attempt: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "attempt": self.attempt,
            "state": dict(self.state),
            "outputs": self.outputs,
            "note": self.note,
        }


class StageRunner:
    """Serves all threads of a worker process; holds no state of a run."""

    def __init__(
        self,
        ledger: Ledger,
        plans: PlanCache,
        stages: StageFactory,
        keeper: LeaseKeeper,
        target: Target,
        http: Http,
        worker: str,
    ) -> None:
        self._ledger = ledger
        self._plans = plans
        self._stages = stages
        self._keeper = keeper
        self._target = target
        self._http = http
        self._worker = worker

    def run(self, turn: Turn) -> Next:
        """Does what the message asks for, if it is still to be done. Raises nothing on a step's account."""
        begun, record = _patiently(lambda: self._ledger.begin(turn, self._worker))
        if record is None:
            _log.info("message dropped", action=f"drop-{begun.lower()}", taskId=turn.task_id, turn=turn.turn)
            return Proceed() if begun is Begun.RECORDED else Drop()
        plan = self._plans.get(plan_of(turn.task_id))
        stage = plan.stages[record.stage_index]
        config = self._stages.config_for(record.config, record.snapshot, record.mode)
        with (
            task_context(plan_of(turn.task_id), turn.task_id, config["tenant_id"], stage.name),
            self._keeper.holding(turn),
        ):
            return self._run_begun(turn, record, plan.reference, stage, config)

    def _run_begun(self, turn: Turn, record: TurnRecord, plan: Any, stage: Any, config: dict[str, Any]) -> Next:
        started = time.monotonic()
        cursor = Cursor(**record.cursor)
        try:
            steps = self._stages.build_stage(stage, config, plan)
        except InvalidInput as error:
            return self._fail(turn, stage.name, None, Failed("InvalidStage", str(error)))
        healthy = bool(cursor.outputs.get("_healthy"))
        while cursor.step < len(steps):
            step = steps[cursor.step]
            if self._keeper.is_lost(turn):
                _log.warning("turn is in other hands", action="fenced-out", turn=turn.turn)
                return Drop()
            cursor.attempt += 1
            match self._run_step(step, turn, record, config, cursor):
                case Done(outputs):
                    healthy = healthy or step.step.confirms_health
                    cursor.outputs = cursor.outputs | {str(cursor.step): dict(outputs)}
                    if healthy:
                        cursor.outputs["_healthy"] = True
                    cursor.step, cursor.attempt, cursor.state, cursor.note = cursor.step + 1, 0, {}, ""
                case PollAgain(after_seconds, note, state):
                    cursor.state, cursor.note = state, note
                    return self._poll_again(turn, record, config, stage.name, cursor, after_seconds)
                case Failed() as failed:
                    return self._fail(turn, stage.name, step.name, failed)
        ended = self._succeed(turn, record, stage.name, cursor, healthy)
        _log.info("stage done", action="stage-done", outcome=ended.value, seconds=round(time.monotonic() - started, 3))
        return Proceed() if ended is Ended.NEXT else Drop()

    def _run_step(
        self, step: BuiltStep, turn: Turn, record: TurnRecord, config: Mapping[str, Any], cursor: Cursor
    ) -> Outcome:
        context = StepContext(
            tenant_id=config["tenant_id"],
            config=config,
            attempt=cursor.attempt,
            state=cursor.state,
            token=self._token(turn, record, config["tenant_id"]),
            idempotency_key=f"{turn.task_id}/{record.attempt}/{record.mode}/{record.stage_index}/{cursor.step}",
            target=self._target,
            http=self._http,
        )
        try:
            return step.step.run(step.parameters, context)
        except Exception as error:  # noqa: BLE001 - a step is a user's code; whatever it raises fails its stage
            _log.exception("step raised", action="step-raised", step=step.name)
            return Failed("StepError", f"{type(error).__name__}: {error}")

    def _token(self, turn: Turn, record: TurnRecord, tenant_id: str) -> FenceToken:
        return FenceToken(
            incarnation=record.incarnation,
            epoch=turn.epoch,
            holder_key=self._ledger.keys.of("tenant", tenant_id),
            holder_field="epoch",
            holder_value=str(turn.epoch),
        )

    def _poll_again(
        self,
        turn: Turn,
        record: TurnRecord,
        config: Mapping[str, Any],
        stage_name: str,
        cursor: Cursor,
        after_seconds: float,
    ) -> Next:
        seconds = min(max(after_seconds, 0.0), MAX_DELAY_SECONDS)
        ended, number = _patiently(lambda: self._ledger.poll_again(turn, seconds, cursor.as_json()))
        if ended is not Ended.AGAIN:
            return Drop()
        again = Turn(turn.task_id, turn.epoch, turn.stage, number)
        return Reschedule(again, seconds, config["tenant_id"], record.mode, stage_name)

    def _succeed(self, turn: Turn, record: TurnRecord, stage_name: str, cursor: Cursor, healthy: bool) -> Ended:
        outputs = {key: value for key, value in cursor.outputs.items() if key != "_healthy"}
        checkpoint = {
            "taskId": turn.task_id,
            "epoch": turn.epoch,
            "mode": record.mode,
            "attempt": record.attempt,
            "completedStages": turn.stage + 1,
            "lastStage": stage_name,
            "outputs": dict(record.checkpoint.get("outputs", {})) | {stage_name: outputs},
        }
        return _patiently(lambda: self._ledger.succeed(turn, checkpoint, healthy=healthy))

    def _fail(self, turn: Turn, stage_name: str, step_name: str | None, failed: Failed) -> Next:
        message = failed.message if len(failed.message) <= MESSAGE_LIMIT else failed.message[:MESSAGE_LIMIT] + "…"
        failure = FailureInfo(type=failed.kind, message=message, stage_name=stage_name, step_name=step_name)
        ended = _patiently(lambda: self._ledger.fail(turn, failure))
        _log.warning("stage failed", action="stage-failed", outcome=ended.value, kind=failed.kind, reason=message)
        return Drop()


def _patiently(call: Callable[[], T]) -> T:
    """Calls a ledger verb until Redis answers: its second call changes nothing, so a lost reply does no harm."""
    retrying = Retrying(
        retry=retry_if_exception_type(UNREACHABLE),
        wait=wait_random_exponential(multiplier=0.2, max=3.0),
        stop=stop_after_delay(RECORD_SECONDS),
        reraise=True,
    )
    return retrying(call)
