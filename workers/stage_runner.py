"""Runs the turn of a message and what follows it: begin, the steps from the cursor on, one record of how it went.

The runner knows no tenant rule and no queue: the ledger's scripts decide whether a turn may begin and what follows
its end. Between begin and end a crash costs at most the turn: the stage is unrecorded and may run again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from typing import Final, cast
from uuid import uuid4

import structlog
from redis.exceptions import ResponseError

from checkpoint import CheckpointError, CheckpointTooNew
from checkpoint.contract import FORMAT as CHECKPOINT_FORMAT
from orchestrator.domain.errors import DamagedData, InvalidInput, IrreversibleStage, NotAllowed, TooOld
from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.records import Dropped, Early, Onward, TooNew, Turn, TurnRecord
from orchestrator.ledger.refusals import is_damage
from orchestrator.ledger.turn_batches import begin_all
from orchestrator.ledger.turn_record import Begin
from orchestrator.observability import crash_points
from orchestrator.observability.logs import bind_task
from orchestrator.secrets.masking import mask
from orchestrator.secrets.scopes import ScopedSecrets
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.rollback_strategy import PreviousConfig, RollbackStrategy, configs_for
from orchestrator.templates.variables import template_variables
from steps import Failed, PollAgain
from steps.raised import is_for_process
from steps.told import exact_text, said_by, type_name
from workers.answered import failure_of
from workers.checkpoints import LedgerCheckpoints, TaskCheckpoints, require_checkpoint
from workers.lease_keeper import LeaseKeeper
from workers.middleware import Chain, StageInfo
from workers.next_link import Drop, Next, PassOn, Reschedule
from workers.patience import patiently
from workers.plan_cache import PlanCache
from workers.recorder import Recorder, fenced_out
from workers.run_ahead import RunAhead, Stride
from workers.step_runner import StepRunner
from workers.step_times import StepTimes
from workers.turn_run import Again, Run, StepResources, TaskRun, check_place, cursor_of
from workers.unable import Peers, TurnUnable, Unable

EARLY_SECONDS: Final = 0.1
"""How long a turn that came early may have left: clocks differ by little."""

_log = structlog.get_logger(__name__)


class StageRunner:
    """Serves all threads of a worker process; holds no state of a run."""

    def __init__(
        self,
        ledger: Ledger,
        plans: PlanCache,
        keeper: LeaseKeeper,
        resources: StepResources,
        worker: str,
        checkpoints: TaskCheckpoints | None = None,
        middlewares: Chain | None = None,
        stopping: threading.Event | None = None,
        strategy: RollbackStrategy | None = None,
        times: StepTimes | None = None,
        ahead: RunAhead | None = None,
        peers: Peers | None = None,
    ) -> None:
        """Once ``stopping`` is set, a turn is handed back at its next step. Without ``ahead`` a message is a stage."""
        self._ledger = ledger
        self._plans = plans
        self._keeper = keeper
        self._resources = resources
        self._worker = worker
        self._checkpoints = checkpoints or LedgerCheckpoints()
        self._peers = peers
        self._recorder = Recorder(ledger, self._checkpoints, peers)
        self._stopping = stopping or threading.Event()
        self._steps = StepRunner(
            ledger.keys, keeper, resources, middlewares, self._stopping, times or StepTimes(ledger)
        )
        self._ahead = ahead
        self._strategy = strategy or PreviousConfig()

    def run(self, turn: Turn, begins: Callable[[StageInfo], None] = lambda _: None) -> Next:
        """Does what the message asks for, if it is still to be done, and what follows it, as far as the worker may run
        ahead; ``begins`` hears of each stage. Raises nothing on a step's account."""
        try:
            return self._run_message(turn, begins)
        except TooOld as error:
            return self._too_old(turn, error)
        except ResponseError as error:
            if not is_damage(error):
                raise
            return _damaged(turn, error)

    def begin_round(self, turns: Sequence[Turn]) -> list[Next | Run]:
        """Begins the turns of a poll round, all different, in one round trip; what follows each, in their order."""
        delivery = self._delivery()
        crash_points.reached(crash_points.BEFORE_BEGIN)
        try:
            back = {turn: self._handed_back_of_round(turn, delivery) for turn in turns}
            able = [turn for turn in turns if back[turn] is None]
            answers = dict(zip(able, patiently(lambda: begin_all(self._ledger, able, delivery)), strict=True))
        except TooOld as error:
            return [self._too_old(turn, error) for turn in turns]
        following = [back[turn] or self._what_begun_of_round(turn, delivery, answers[turn]) for turn in turns]
        self._fetch([one for one in following if isinstance(one, Run)])
        return following

    def _fetch(self, runs: Sequence[Run]) -> None:
        """Their checkpoints at once, where a store beside the ledger has them; it may take its time."""
        with ExitStack() as held:
            for run in runs:
                held.enter_context(self._keeper.holding(run.turn))
            fetched = self._checkpoints.fetch([(run.turn, run.record) for run in runs])
        for run in runs:
            run.fetched = fetched.get(run.turn.task_id)

    def run_polled(self, run: Run) -> Next | Again:
        """One poll of a turn that a round has begun. What comes after it in the stage is for a worker's slot."""
        run.polls_only = True
        with self._ledger.connection.sharing():
            return cast("Next | Again", copy_context().run(self._run, run, self._delivery(), None))

    def again_all(self, polls: Sequence[Again]) -> list[Next]:
        """Records polls that go on, in one round trip; what follows each, in their order."""
        return self._recorder.again_all(polls)

    def _run_message(self, turn: Turn, begins: Callable[[StageInfo], None]) -> Next:
        crash_points.reached(crash_points.BEFORE_BEGIN)
        delivery = self._delivery()
        following: Next | Run | Again | None = self._handed_back(turn, delivery)
        if following is None:
            following = self._what_begun(turn, delivery, *patiently(lambda: self._ledger.begin(turn, delivery)))
        stride = self._ahead.from_now(delivery) if self._ahead else None
        while isinstance(following, Run):
            begins(following.info)
            # In a context of its own: what a middleware binds there is not the next tenant's on this thread.
            following = copy_context().run(self._run, following, delivery, stride)
        return self._recorder.again(following) if isinstance(following, Again) else following

    def _delivery(self) -> str:
        """Names a delivery: only its own repeat, after a lost reply, may begin a turn a second time."""
        return f"{self._worker}/{uuid4().hex[:12]}"

    def _too_old(self, turn: Turn, error: TooOld) -> Next:
        # Nothing can be recorded, not even this. When nobody is known who can, the turn's lease tells who comes.
        peers, needed = self._peers, error.needed
        queue = patiently(lambda: peers.newer(needed, turn.task_id)) if peers else ""
        _log.error(str(error), action="too-old", taskId=turn.task_id, queue=queue)
        return PassOn(queue) if queue else Drop()

    def _handed_back(self, turn: Turn, delivery: str) -> Next | None:
        """What follows for a turn of a plan that this worker cannot run."""
        unable = patiently(lambda: self._plans.why_unable(plan_of(turn.task_id)))
        return self._recorder.hand_back(turn, delivery, unable) if unable else None

    def _handed_back_of_round(self, turn: Turn, delivery: str) -> Next | None:
        try:
            return self._handed_back(turn, delivery)
        except (*UNREACHABLE, TooOld):
            raise
        except Exception:  # noqa: BLE001 - a damaged plan or task is no matter of the others
            _log.exception("turn not looked at", action="begin-refused", taskId=turn.task_id)
            return Drop()

    def _what_begun_of_round(self, turn: Turn, delivery: str, answer: Begin | Exception) -> Next | Run:
        if isinstance(answer, Exception):
            # Its record is damaged, or the table refuses it: a coordinator's to tell, like that of any message.
            _log.error("turn not begun", action="begin-refused", taskId=turn.task_id, error=str(answer))
            return Drop()
        return self._what_begun(turn, delivery, *answer)

    def _what_begun(
        self, turn: Turn, delivery: str, begun: Begun, record: TurnRecord | Early | TooNew | Dropped
    ) -> Next | Run:
        if isinstance(record, Early):
            _log.info("message came early", action="early", taskId=turn.task_id, turn=turn.turn)
            task = record.as_admitted(turn, turn.turn)
            return Reschedule(task, record.due_ms, record.stage_name, after_seconds=EARLY_SECONDS)
        if isinstance(record, TooNew):
            return self._recorder.hand_back(turn, delivery, Unable(record.form, str(record.format)))
        if isinstance(record, Dropped):
            known = {"planId": plan_of(turn.task_id), "taskId": turn.task_id, "tenantId": record.tenant_id}
            _log.info("message dropped", action=f"drop-{begun.lower()}", **known, turn=turn.turn)
            if begun is Begun.CANCELLED:
                self._checkpoints.forget(turn)
            return Drop()
        crash_points.reached(crash_points.AFTER_BEGIN)
        return Run(turn, record)

    def _run(self, run: Run, delivery: str, stride: Stride | None) -> Next | Run | Again:
        turn, record = run.turn, run.record
        bind_task(run.info.plan_id, turn.task_id, record.tenant_id, record.stage_name)
        with self._keeper.holding(turn):
            try:
                return self._run_begun(run, stride)
            except TurnUnable as error:
                return self._recorder.hand_back(turn, delivery, error.unable, run)
            except CheckpointTooNew as error:
                return self._recorder.hand_back(turn, delivery, Unable("checkpoint", said_by(error)), run)
            except (InvalidInput, NotAllowed, DamagedData, CheckpointError) as error:
                return self._recorder.fail(run, Failed(_kind(error), said_by(error)))
            except (*UNREACHABLE, TooOld):
                raise
            except BaseException as error:
                if is_for_process(error):
                    raise
                if is_damage(error):
                    return _damaged(turn, error)
                _log.exception("fault in the runner", action="runner-fault")
                return self._recorder.fail(run, failure_of(error, "", "InternalError"))

    def _run_begun(self, run: Run, stride: Stride | None) -> Next | Run | Again:
        task = run.task
        if task is None:
            task = run.task = self._task_of(run)
        if task is None:
            # Emptied since the begin: whatever this turn was part of is gone.
            return fenced_out(run)
        if run.record.skips or not self._takes_part(task, run.record):
            run.cursor.outputs = {"skipped": True}
            return self._recorder.succeed(run, self._onward(stride))
        steps = self._build(task, run.record)
        check_place(run.cursor, run.record, len(steps))
        return self._run_stage(run, steps, stride)

    def _task_of(self, run: Run) -> TaskRun | None:
        record = run.record
        # Of a turn that began in the write before it nobody has looked. It has no cursor: an admission takes it.
        number = record.checkpoint.get("format", 1)
        if isinstance(number, int) and number > CHECKPOINT_FORMAT:
            raise TurnUnable(Unable("checkpoint", str(number)))
        require_checkpoint(run.turn, record)
        run.cursor = cursor_of(record)
        run.outputs = self._checkpoints.outputs(run.turn, record, run.fetched)
        plan = self._plans.get(run.info.plan_id, record.incarnation, record.digest)
        return None if plan is None else TaskRun(plan, *configs_for(record, self._strategy))

    def _takes_part(self, task: TaskRun, record: TurnRecord) -> bool:
        stage = task.plan.stages[record.stage_index]
        # By the new config on the way back too: what was skipped on the way forward is skipped again, nothing else.
        return stage.when is None or stage.takes_part(task.new_config, task.plan.reference)

    def _build(self, task: TaskRun, record: TurnRecord) -> Sequence[BuiltStep]:
        plan, index = task.plan, record.stage_index
        if record.mode is TaskState.ROLLING_BACK and plan.irreversible[index] and not record.forced:
            raise IrreversibleStage(
                f"stage {record.stage_name} is marked irreversible, so the rollback stops before it; "
                "a rollback with --force goes through it"
            )
        if (constant := plan.stages[index].constant(task.config)) is not None:
            return constant
        secrets = ScopedSecrets(self._resources.limits.scopes, plan.reference["plan_id"], self._resources.secrets)
        return plan.stages[index].build(task.config, template_variables(task.config, plan.reference, secrets))

    def _run_stage(self, run: Run, steps: Sequence[BuiltStep], stride: Stride | None) -> Next | Run | Again:
        started = time.monotonic()
        outcome = self._steps.run(run, steps)
        if run.lost:
            return fenced_out(run)
        match outcome:
            case PollAgain(after_seconds):
                return self._recorder.to_poll(run, after_seconds)
            case Failed():
                return self._recorder.fail(run, outcome)
        return self._recorder.succeed(run, self._onward(stride), time.monotonic() - started)

    def _onward(self, stride: Stride | None) -> Onward | None:
        return None if stride is None or self._stopping.is_set() else stride.goes_on()


def _damaged(turn: Turn, error: BaseException) -> Drop:
    """What its plan goes by is damaged, so nothing can be recorded of the turn, not even that it failed. Its lease
    tells a coordinator, `explain` and `doctor` a person."""
    said = exact_text(" ".join(mask(said_by(error)).split()), 200)
    _log.error("turn not recorded", action="damaged", taskId=turn.task_id, error=said)
    return Drop()


def _kind(error: Exception) -> str:
    """The failure's type: what cannot be built any more is the stage's fault, a refusal has its own name."""
    return "InvalidStage" if issubclass(type(error), InvalidInput) else type_name(error)
