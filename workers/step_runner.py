"""Runs the steps of a begun turn from its cursor on; records nothing: that is ``stage_runner``'s."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextvars import copy_context

import structlog

from orchestrator.domain.status import TaskState
from orchestrator.ledger.keys import Keys
from orchestrator.observability import crash_points
from orchestrator.stages.built_step import BuiltStep
from steps import Done, Failed, FenceToken, Outcome, PollAgain, StepContext
from steps.raised import is_for_process
from workers.answered import failure_of, recordable
from workers.lease_keeper import LeaseKeeper
from workers.middleware import Chain, StepInfo
from workers.step_times import StepTimes
from workers.turn_run import Run, StepResources

_log = structlog.get_logger(__name__)


class StepRunner:
    """Serves all threads of a worker process; holds no state of a run."""

    def __init__(
        self,
        keys: Keys,
        keeper: LeaseKeeper,
        resources: StepResources,
        middlewares: Chain | None,
        stopping: threading.Event,
        times: StepTimes,
    ) -> None:
        self._keys = keys
        self._keeper = keeper
        self._resources = resources
        self._middlewares = middlewares
        self._stopping = stopping
        self._times = times

    def run(self, run: Run, steps: Sequence[BuiltStep]) -> Outcome:
        """The stage: its steps inside the middlewares. The cursor moves; what is answered is not recorded yet."""
        if self._middlewares is None:
            return self._run_steps(run, steps)
        return self._middlewares.around_stage(run.info, lambda: self._run_steps(run, steps))

    def _run_steps(self, run: Run, steps: Sequence[BuiltStep]) -> Outcome:
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
                    if run.polls_only and cursor.step < len(steps):
                        return PollAgain(0.0)
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
            elif isinstance(outcome, Failed) and outcome.state is not None:
                cursor.state = outcome.state
            return outcome

        cursor = run.cursor
        if self._middlewares is None:
            return attempt()
        return self._middlewares.around_step(StepInfo(run.info, step.name, cursor.step, cursor.attempt + 1), attempt)

    def _run_step(self, step: BuiltStep, run: Run) -> Outcome:
        record, cursor, have = run.record, run.cursor, self._resources
        assert run.task is not None
        context = StepContext(
            tenant_id=record.tenant_id,
            config=run.task.config,
            attempt=cursor.attempt,
            state=cursor.state,
            token=self._token(run),
            idempotency_key=_idempotency_key(run),
            target=have.limits.target(have.target, None, step.secrets),
            http=have.limits.http(have.http.of(record.tenant_id), step.secrets),
            targets=have.limits.targets(have.targets, step.secrets),
            instances=have.instances,
            other_config=run.task.other_config,
        )
        began = time.monotonic()
        try:
            # In a context of its own: what the step binds to the log by itself goes with it.
            answer = copy_context().run(step.step.run, step.parameters, context)
            outcome = recordable(answer, "the step", "StepError", have.most_output)
        except BaseException as error:
            if is_for_process(error):
                raise
            _log.exception("step raised", action="step-raised", step=step.name)
            outcome = failure_of(error, "", "StepError")
        self._times.took(step.name, outcome, time.monotonic() - began)
        rolling_back = record.mode is TaskState.ROLLING_BACK
        crash_points.reached(crash_points.ROLLBACK_STEP if rolling_back else crash_points.AFTER_STEP)
        return outcome

    def _token(self, run: Run) -> FenceToken:
        return FenceToken(
            incarnation=run.record.incarnation,
            epoch=run.turn.epoch,
            holder_key=self._keys.of("tenant", run.record.tenant_id),
            holder_field="epoch",
            holder_value=str(run.turn.epoch),
            tenant_id=run.record.tenant_id,
        )


def _idempotency_key(run: Run) -> str:
    """The same for each attempt of a step; another for a second rollback, a new ledger, a later plan of the same id."""
    record = run.record
    place = f"{run.turn.task_id}/{record.attempt}/{record.mode}/{record.stage_index}/{run.cursor.step}"
    return f"{place}/{record.rollbacks}/{record.incarnation}/{record.plan_created}"
