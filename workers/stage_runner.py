"""Runs one turn of one stage: begin, the steps from the cursor on, and one record of how it went.

The runner knows no tenant rule and no queue: the ledger's scripts decide whether a turn may begin and what follows
its end. Between begin and end a crash costs at most the turn: the stage is unrecorded and may run again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar
from uuid import uuid4

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from checkpoint import Checkpoint, CheckpointError, CheckpointStoreUnavailable
from orchestrator import crash_points
from orchestrator.domain.errors import InvalidInput, IrreversibleStage, NotAllowed
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import TaskState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Begun, Ended, Ledger, Turn, TurnRecord
from orchestrator.ledger.reader import plan_of
from orchestrator.logs import task_context
from orchestrator.rollback_strategy import PreviousConfig, RollbackStrategy, config_for, new_config, other_config_for
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
from workers.checkpoints import LedgerCheckpoints, TaskCheckpoints
from workers.lease_keeper import LeaseKeeper
from workers.middleware import Chain, StageInfo, StepInfo
from workers.plan_cache import CachedPlan, PlanCache

MAX_DELAY_SECONDS: Final = MAX_POLL_SECONDS
"""Longest countdown: half of the broker's visibility timeout, past which a message would be doubled."""

RECORD_SECONDS: Final = 900.0
"""How long a finished turn waits for Redis to come back before it gives its record up."""

CURSOR_LIMIT: Final = 256 * 1024
"""Largest cursor in bytes of its JSON: what steps keep from one poll to the next."""

MESSAGE_LIMIT: Final = 4000

CHECKPOINT_GONE: Final = frozenset({Ended.COMPLETED, Ended.ROLLED_BACK, Ended.CANCELLED})
"""Ends with which the ledger has deleted the task's checkpoint (I10)."""

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


@dataclass(slots=True)
class Run:
    """One turn under way. ``outputs``: those of the recorded stages; ``failed_step``, ``lost``: why it ended."""

    turn: Turn
    record: TurnRecord
    cursor: Cursor
    info: StageInfo
    other_config: Mapping[str, Any] | None
    config: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failed_step: str | None = None
    lost: bool = False


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

    def __init__(
        self,
        ledger: Ledger,
        plans: PlanCache,
        keeper: LeaseKeeper,
        reach: Reach,
        worker: str,
        checkpoints: TaskCheckpoints | None = None,
        middlewares: Chain | None = None,
        stopping: threading.Event | None = None,
        strategy: RollbackStrategy | None = None,
    ) -> None:
        """Once ``stopping`` is set, a turn is handed back at its next step."""
        self._ledger = ledger
        self._plans = plans
        self._keeper = keeper
        self._reach = reach
        self._worker = worker
        self._checkpoints = checkpoints or LedgerCheckpoints()
        self._middlewares = middlewares
        self._stopping = stopping or threading.Event()
        self._strategy = strategy or PreviousConfig()

    def run(self, turn: Turn) -> Next:
        """Does what the message asks for, if it is still to be done. Raises nothing on a step's account."""
        crash_points.reached(crash_points.BEFORE_BEGIN)
        # Names this delivery: only its own repeat, after a lost reply, may begin the turn a second time.
        delivery = f"{self._worker}/{uuid4().hex[:12]}"
        begun, record = patiently(lambda: self._ledger.begin(turn, delivery))
        if record is None:
            _log.info("message dropped", action=f"drop-{begun.lower()}", taskId=turn.task_id, turn=turn.turn)
            if begun is Begun.CANCELLED:
                self._checkpoints.forget(turn)
            return Proceed() if begun is Begun.RECORDED else Drop()
        plan_id = plan_of(turn.task_id)
        with task_context(plan_id, turn.task_id, record.tenant_id, record.stage_name), self._keeper.holding(turn):
            crash_points.reached(crash_points.AFTER_BEGIN)
            info = StageInfo(plan_id, turn.task_id, record.tenant_id, record.stage_name, record.mode, turn.turn)
            run = Run(turn, record, Cursor(), info, None)
            try:
                return self._run_begun(run, plan_id)
            except (InvalidInput, NotAllowed) as error:
                return self._fail(run, Failed(_kind(error), str(error)))
            except CheckpointError as error:
                return self._fail(run, Failed(type(error).__name__, str(error)))
            except UNREACHABLE:
                raise
            except Exception as error:  # noqa: BLE001 - unrecorded, it would be run again and again for a lost worker
                _log.exception("fault in the runner", action="runner-fault")
                return self._fail(run, Failed("InternalError", f"{type(error).__name__}: {error}"))

    def _run_begun(self, run: Run, plan_id: str) -> Next:
        run.cursor = Cursor(**run.record.cursor)
        run.outputs = self._checkpoints.outputs(run.turn, run.record)
        plan = self._plans.get(plan_id)
        run.config = config_for(run.record, self._strategy)
        run.other_config = other_config_for(run.record, self._strategy)
        if not self._takes_part(plan, run.record):
            run.cursor.outputs = {"skipped": True}
            return self._succeed(run)
        return self._run_stage(run, self._build(plan, run.record, run.config))

    def _takes_part(self, plan: CachedPlan, record: TurnRecord) -> bool:
        stage = plan.stages[record.stage_index]
        # By the new config on the way back too: what was skipped on the way forward is skipped again, nothing else.
        return stage.when is None or stage.takes_part(new_config(record), plan.reference)

    def _build(self, plan: CachedPlan, record: TurnRecord, config: dict[str, Any]) -> list[BuiltStep]:
        index = record.stage_index
        if record.mode is TaskState.ROLLING_BACK and plan.irreversible[index] and not record.forced:
            raise IrreversibleStage(
                f"stage {record.stage_name} is marked irreversible, so the rollback stops before it; "
                "`changeover rollback --force` goes through it"
            )
        return plan.stages[index].build(config, template_variables(config, plan.reference, self._reach.secrets))

    def _run_stage(self, run: Run, steps: list[BuiltStep]) -> Next:
        started = time.monotonic()
        if self._middlewares is None:
            outcome = self._run_steps(run, steps)
        else:
            outcome = self._middlewares.around_stage(run.info, lambda: self._run_steps(run, steps))
        if run.lost:
            return _fenced_out(run)
        match outcome:
            case PollAgain(after_seconds):
                return self._poll_again(run, after_seconds)
            case Failed():
                return self._fail(run, outcome)
        return self._succeed(run, time.monotonic() - started)

    def _run_steps(self, run: Run, steps: list[BuiltStep]) -> Outcome:
        """The steps from the cursor on, which it moves; what it answers is not recorded yet."""
        cursor = run.cursor
        while cursor.step < len(steps):
            step = steps[cursor.step]
            if self._keeper.is_lost(run.turn):
                run.lost = True
                return Failed("FencedOut", "the turn is in other hands")
            if self._stopping.is_set():
                # The step before this one is done: another worker goes on here, at once.
                return PollAgain(0.0, cursor.note, cursor.state)
            match self._attempt(step, run):
                case Done(outputs):
                    cursor.step_done(outputs, confirms_health=step.step.confirms_health)
                case Failed() as failed:
                    run.failed_step = step.name
                    return failed
                case again:
                    return again
        return Done()

    def _attempt(self, step: BuiltStep, run: Run) -> Outcome:
        """One attempt of the step at the cursor, which remembers it."""

        def attempt() -> Outcome:
            cursor.attempt += 1
            outcome = self._run_step(step, run)
            if isinstance(outcome, PollAgain):
                cursor.state, cursor.note = outcome.state, outcome.note
            return outcome

        cursor = run.cursor
        if self._middlewares is None:
            return attempt()
        return self._middlewares.around_step(StepInfo(run.info, step.name, cursor.step, cursor.attempt + 1), attempt)

    def _run_step(self, step: BuiltStep, run: Run) -> Outcome:
        record, cursor = run.record, run.cursor
        context = StepContext(
            tenant_id=record.tenant_id,
            config=run.config,
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
            outcome = _masked(step.step.run(step.parameters, context))
        except Exception as error:  # noqa: BLE001 - a step is a user's code; whatever it raises fails its stage
            _log.exception("step raised", action="step-raised", step=step.name)
            outcome = _masked(Failed("StepError", f"{type(error).__name__}: {error}"))
        rolling_back = record.mode is TaskState.ROLLING_BACK
        crash_points.reached(crash_points.ROLLBACK_STEP if rolling_back else crash_points.AFTER_STEP)
        return outcome

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
        if len(json.dumps(run.cursor.as_json())) > CURSOR_LIMIT:
            return self._fail(
                run, Failed("StateTooLarge", f"a step keeps more than {CURSOR_LIMIT} bytes between polls")
            )
        ended, number = patiently(lambda: self._ledger.poll_again(turn, seconds, run.cursor.as_json()))
        if ended is not Ended.AGAIN:
            return _fenced_out(run)
        crash_points.reached(crash_points.BETWEEN_POLLS)
        again = Turn(turn.task_id, turn.epoch, turn.stage, number)
        return Reschedule(again, seconds, record.tenant_id, record.mode, record.stage_name)

    def _succeed(self, run: Run, seconds: float = 0.0) -> Next:
        turn, record = run.turn, run.record
        # A stage that is done again, on the way back, moves to the end: outputs stand in the order they were made in.
        outputs = {name: value for name, value in run.outputs.items() if name != record.stage_name}
        checkpoint = Checkpoint(
            task_id=turn.task_id,
            epoch=turn.epoch,
            attempt=record.attempt,
            mode=record.mode,
            completed_stages=turn.stage + 1,
            last_stage=record.stage_name,
            outputs={**outputs, record.stage_name: run.cursor.outputs},
        )
        try:
            text = self._checkpoints.keep(checkpoint)
        except CheckpointError as error:
            return self._fail(run, Failed(type(error).__name__, str(error)))
        restored = run.config if record.mode is TaskState.ROLLING_BACK else None
        healthy = run.cursor.healthy
        ended = patiently(lambda: self._ledger.succeed(turn, text, healthy=healthy, restored=restored))
        if ended is Ended.STALE:
            return _fenced_out(run)
        _log.info("stage done", action="stage-done", outcome=ended.value, seconds=round(seconds, 3))
        if ended in CHECKPOINT_GONE:
            self._checkpoints.forget(turn)
        if ended is not Ended.NEXT:
            return Drop()
        crash_points.reached(crash_points.BEFORE_NEXT_LINK)
        return Proceed()

    def _fail(self, run: Run, failed: Failed) -> Next:
        # Masked here once more: the last gate before it is stored, whoever wrote the message.
        message = mask(failed.message)
        message = message if len(message) <= MESSAGE_LIMIT else message[:MESSAGE_LIMIT] + "…"
        failure = FailureInfo(
            type=failed.kind, message=message, stage_name=run.record.stage_name, step_name=run.failed_step
        )
        ended = patiently(lambda: self._ledger.fail(run.turn, failure))
        if ended is Ended.STALE:
            return _fenced_out(run)
        _log.warning("stage failed", action="stage-failed", outcome=ended.value, kind=failed.kind, reason=message)
        return Drop()


def _fenced_out(run: Run) -> Drop:
    """The task has a newer holder, or has ended: nothing of this turn was recorded, and its chain ends here."""
    _log.warning("turn is in other hands", action="fenced-out", turn=run.turn.turn, epoch=run.turn.epoch)
    return Drop()


def _kind(error: InvalidInput | NotAllowed) -> str:
    """The failure's type: what cannot be built any more is the stage's fault, a refusal has its own name."""
    return "InvalidStage" if isinstance(error, InvalidInput) else type(error).__name__


def _is_json(values: Any) -> bool:
    try:
        json.dumps(values if isinstance(values, dict) else dict(values), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _masked(outcome: Outcome) -> Outcome:
    """The outcome without the secrets that the step was given: from here on it is stored and logged."""
    match outcome:
        case Done(outputs) | PollAgain(state=outputs) if not _is_json(outputs):
            return Failed("StepError", "the step answered values that JSON cannot hold")
        case Done(outputs):
            return Done(mask_value(outputs))
        case PollAgain(after_seconds, note, state):
            return PollAgain(after_seconds, mask(note), mask_value(state))
        case Failed(kind, message):
            return Failed(kind, mask(message))
        case _:
            return Failed("StepError", f"the step answered a {type(outcome).__name__}, not Done, PollAgain or Failed")


def patiently(call: Callable[[], T], away: tuple[type[Exception], ...] = UNREACHABLE) -> T:
    """Calls a ledger verb until Redis answers: its second call changes nothing, so a lost reply does no harm."""
    try:
        return call()
    except away as error:
        _log.warning("waiting for an answer", action="record-waits", error=str(error))
    retrying = Retrying(
        retry=retry_if_exception_type(away),
        wait=wait_random_exponential(multiplier=0.2, max=3.0),
        stop=stop_after_delay(RECORD_SECONDS),
        reraise=True,
    )
    return retrying(call)


def patiently_stored(call: Callable[[], T]) -> T:
    """The same for a call of a checkpoint store."""
    return patiently(call, (CheckpointStoreUnavailable,))
