"""Runs one turn of one stage: begin, the steps from the cursor on, and one record of how it went.

The runner knows no tenant rule and no queue: the ledger's scripts decide whether a turn may begin and what follows
its end. Between begin and end a crash costs at most the turn: the stage is unrecorded and may run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from checkpoint import Checkpoint
from orchestrator.domain.errors import InvalidInput, NotAllowed
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import TaskState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Begun, Ended, Ledger, Turn, TurnRecord
from orchestrator.ledger.reader import plan_of
from orchestrator.logs import task_context
from orchestrator.rollback_strategy import config_for, other_config_for
from orchestrator.secrets import mask, mask_value
from orchestrator.stage_factory import BuiltStep, template_variables
from steps import (
    MAX_POLL_SECONDS,
    Done,
    Failed,
    FenceToken,
    Http,
    InstanceLists,
    Outcome,
    PollAgain,
    StepContext,
    Target,
)
from steps.sandbox import ReadByName
from workers.lease_keeper import LeaseKeeper
from workers.plan_cache import PlanCache

MAX_DELAY_SECONDS: Final = MAX_POLL_SECONDS
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
    """Where in the stage the next turn goes on: step index, that step's attempts, state and note, outputs so far."""

    step: int = 0
    attempt: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    healthy: bool = False

    def step_done(self, outputs: Mapping[str, Any], *, confirms_health: bool) -> None:
        """Moves to the next step."""
        if outputs:
            self.outputs[str(self.step)] = dict(outputs)
        self.healthy = self.healthy or confirms_health
        self.step, self.attempt, self.state, self.note = self.step + 1, 0, {}, ""

    def as_json(self) -> dict[str, Any]:
        """What the ledger keeps between two turns."""
        return {**asdict(self), "state": dict(self.state)}


@dataclass(frozen=True, slots=True)
class Run:
    """One turn under way."""

    turn: Turn
    record: TurnRecord
    cursor: Cursor
    other_config: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Reach:
    """What the steps of a process work with: Changeover's own Redis, others by name, HTTP, instances, secrets."""

    target: Target
    http: Http
    targets: Mapping[str, Target]
    instances: InstanceLists
    secrets: ReadByName


class StageRunner:
    """Serves all threads of a worker process; holds no state of a run."""

    def __init__(self, ledger: Ledger, plans: PlanCache, keeper: LeaseKeeper, reach: Reach, worker: str) -> None:
        self._ledger = ledger
        self._plans = plans
        self._keeper = keeper
        self._reach = reach
        self._worker = worker

    def run(self, turn: Turn) -> Next:
        """Does what the message asks for, if it is still to be done. Raises nothing on a step's account."""
        begun, record = _patiently(lambda: self._ledger.begin(turn, self._worker))
        if record is None:
            _log.info("message dropped", action=f"drop-{begun.lower()}", taskId=turn.task_id, turn=turn.turn)
            return Proceed() if begun is Begun.RECORDED else Drop()
        plan_id = plan_of(turn.task_id)
        with task_context(plan_id, turn.task_id, record.tenant_id, record.stage_name), self._keeper.holding(turn):
            run = Run(turn, record, Cursor(**record.cursor), other_config_for(record))
            try:
                config = config_for(record)
                steps = self._build(plan_id, record, config)
            except (InvalidInput, NotAllowed) as error:
                return self._fail(run, None, Failed(error.code, mask(str(error))))
            return self._run_steps(run, steps, config)

    def _build(self, plan_id: str, record: TurnRecord, config: dict[str, Any]) -> list[BuiltStep]:
        plan = self._plans.get(plan_id)
        index = record.stage_index
        if record.mode is TaskState.ROLLING_BACK and plan.irreversible[index] and not record.forced:
            raise NotAllowed(
                f"stage {record.stage_name} is marked irreversible, so the rollback stops before it; "
                "`changeover rollback --force` goes through it"
            )
        return plan.stages[index].build(config, template_variables(config, plan.reference, self._reach.secrets))

    def _run_steps(self, run: Run, steps: list[BuiltStep], config: dict[str, Any]) -> Next:
        started = time.monotonic()
        cursor = run.cursor
        while cursor.step < len(steps):
            step = steps[cursor.step]
            if self._keeper.is_lost(run.turn):
                _log.warning("turn is in other hands", action="fenced-out", turn=run.turn.turn)
                return Drop()
            cursor.attempt += 1
            match self._run_step(step, run, config):
                case Done(outputs):
                    cursor.step_done(outputs, confirms_health=step.step.confirms_health)
                case PollAgain(after_seconds, note, state):
                    cursor.state, cursor.note = state, note
                    return self._poll_again(run, after_seconds)
                case Failed() as failed:
                    return self._fail(run, step.name, failed)
        ended = self._succeed(run, config)
        _log.info("stage done", action="stage-done", outcome=ended.value, seconds=round(time.monotonic() - started, 3))
        return Proceed() if ended is Ended.NEXT else Drop()

    def _run_step(self, step: BuiltStep, run: Run, config: Mapping[str, Any]) -> Outcome:
        record, cursor = run.record, run.cursor
        context = StepContext(
            tenant_id=record.tenant_id,
            config=config,
            attempt=cursor.attempt,
            state=cursor.state,
            token=self._token(run),
            idempotency_key=f"{run.turn.task_id}/{record.attempt}/{record.mode}/{record.stage_index}/{cursor.step}",
            target=self._reach.target,
            http=self._reach.http,
            targets=self._reach.targets,
            instances=self._reach.instances,
            other_config=run.other_config,
        )
        try:
            return _masked(step.step.run(step.parameters, context))
        except Exception as error:  # noqa: BLE001 - a step is a user's code; whatever it raises fails its stage
            _log.exception("step raised", action="step-raised", step=step.name)
            return _masked(Failed("StepError", f"{type(error).__name__}: {error}"))

    def _token(self, run: Run) -> FenceToken:
        return FenceToken(
            incarnation=run.record.incarnation,
            epoch=run.turn.epoch,
            holder_key=self._ledger.keys.of("tenant", run.record.tenant_id),
            holder_field="epoch",
            holder_value=str(run.turn.epoch),
        )

    def _poll_again(self, run: Run, after_seconds: float) -> Next:
        turn, record = run.turn, run.record
        seconds = min(max(after_seconds, 0.0), MAX_DELAY_SECONDS)
        ended, number = _patiently(lambda: self._ledger.poll_again(turn, seconds, run.cursor.as_json()))
        if ended is not Ended.AGAIN:
            return Drop()
        again = Turn(turn.task_id, turn.epoch, turn.stage, number)
        return Reschedule(again, seconds, record.tenant_id, record.mode, record.stage_name)

    def _succeed(self, run: Run, config: Mapping[str, Any]) -> Ended:
        turn, record = run.turn, run.record
        checkpoint = Checkpoint(
            task_id=turn.task_id,
            epoch=turn.epoch,
            attempt=record.attempt,
            mode=record.mode,
            completed_stages=turn.stage + 1,
            last_stage=record.stage_name,
            outputs={**record.checkpoint.get("outputs", {}), record.stage_name: run.cursor.outputs},
        )
        restored = config if record.mode is TaskState.ROLLING_BACK else None
        text, healthy = checkpoint.to_json(), run.cursor.healthy
        return _patiently(lambda: self._ledger.succeed(turn, text, healthy=healthy, restored=restored))

    def _fail(self, run: Run, step_name: str | None, failed: Failed) -> Next:
        message = failed.message if len(failed.message) <= MESSAGE_LIMIT else failed.message[:MESSAGE_LIMIT] + "…"
        failure = FailureInfo(type=failed.kind, message=message, stage_name=run.record.stage_name, step_name=step_name)
        ended = _patiently(lambda: self._ledger.fail(run.turn, failure))
        _log.warning("stage failed", action="stage-failed", outcome=ended.value, kind=failed.kind, reason=message)
        return Drop()


def _masked(outcome: Outcome) -> Outcome:
    """The outcome without the secrets that the step was given: from here on it is stored and logged."""
    match outcome:
        case Done(outputs):
            return Done(mask_value(outputs))
        case PollAgain(after_seconds, note, state):
            return PollAgain(after_seconds, mask(note), mask_value(state))
        case Failed(kind, message):
            return Failed(kind, mask(message))
        case _:
            return Failed("StepError", f"the step answered a {type(outcome).__name__}, not Done, PollAgain or Failed")


def _patiently(call: Callable[[], T]) -> T:
    """Calls a ledger verb until Redis answers: its second call changes nothing, so a lost reply does no harm."""
    try:
        return call()
    except UNREACHABLE as error:
        _log.warning("Redis is away", action="record-waits", error=str(error))
    retrying = Retrying(
        retry=retry_if_exception_type(UNREACHABLE),
        wait=wait_random_exponential(multiplier=0.2, max=3.0),
        stop=stop_after_delay(RECORD_SECONDS),
        reraise=True,
    )
    return retrying(call)
