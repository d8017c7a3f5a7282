"""How a plan stops, goes back, trips its breaker (I14), ends, and runs again."""

from __future__ import annotations

from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.waves import WAVE_DONE, WaveState
from tests.support.model.lines import Lines
from tests.support.model.records import P, Plan, T, Task


class PlanEnds(Lines):
    """A plan's stops and ends."""

    @staticmethod
    def _begin_cancel(plan: Plan) -> None:
        plan.cancel, plan.chunks, plan.retry, plan.takes_back = True, "cancel", None, []
        plan.was_given_up = True

    def _begin_rollback(self, plan: Plan, force: bool) -> None:
        plan.status, plan.chunks, plan.forced = P.ROLLING_BACK, "rollback", force
        plan.pause = plan.cancel = plan.given_up = plan.back_by_policy = False
        plan.retry, plan.takes_back = None, []
        plan.was_started = True
        self._say("PlanRollingBack", plan.id)

    def _reopen(self, plan: Plan) -> None:
        if plan.status in PLAN_ENDED:
            plan.status = P.RUNNING
            plan.was_started = True
            self._say("PlanReopened", plan.id)
            plan.cancel = plan.given_up = False
            plan.chunks = ""
            self._forget_trip(plan)
            if plan.undone is not None and plan.undone.state in WAVE_DONE:
                plan.undone.state = WaveState.OPEN

    def _trips_by(self, task: Task) -> None:
        """What its failure, which has just been counted, trips."""
        plan = task.plan
        self._tripped = []
        if plan.status not in (P.RUNNING, P.PAUSED) or plan.cancel:
            return
        # Its failure was counted before it was taken back.
        for part in (task.wave, plan) if not task.by_policy else ():
            if part is not None and part.tolerance is not None and part.failed == part.tolerance + part.accepted + 1:
                self._tripped.append(part)

    def _goes_back_by_policy(self, task: Task) -> bool:
        """Asked before its failure is recorded."""
        asked = task.rollback or task.plan.status is P.ROLLING_BACK or task.status is T.ROLLING_BACK
        return not asked and task.plan.auto_rollback and task.touched > 0 and task.snapshot

    def _take_back(self, task: Task) -> None:
        """It has failed, and goes back by itself."""
        self._say("OperationRequested", task.id)
        task.rollback = task.by_policy = task.sent_back = True
        self._reopen_wave(task, task.status)
        self._enqueue(task, (0, 1, self._next_ticket()))

    def _trip(self, task: Task, *, goes_back: bool = False) -> None:
        plan, tripped = task.plan, self._tripped
        self._tripped = []
        if not tripped:
            return
        action = plan.on_breach if task.status is T.FAILED else "pause"
        # A way back that fails takes nothing from what has followed.
        plan.tripped = plan.tripped if plan.tripped and action == "pause" else action
        if plan.undone is not None and plan.undone.state in WAVE_DONE:
            plan.undone.state = WaveState.OPEN
        for _ in tripped:
            self._say("PlanBreakerTripped", plan.id)
        is_over = not plan.has_open() and not goes_back and plan.chunks != "rollback" and plan.retry is None
        if is_over and not plan.takes_back and action in ("pause", "cancel"):
            return
        if action == "pause" and not plan.pause:
            self._say("OperationRequested", plan.id)
            plan.pause, plan.by_gate = True, False
        if action == "cancel":
            self._say("OperationRequested", plan.id)
            self._begin_cancel(plan)
        if action == "rollback_wave":
            if not plan.pause:
                self._say("OperationRequested", plan.id)
                plan.pause, plan.by_gate = True, False
            part = task.wave or plan
            part.sent_back = True
            if not plan.takes_back or plan.takes_back[0] is not part:
                plan.takes_back.append(part)
        if action == "rollback_plan":
            self._say("OperationRequested", plan.id)
            self._begin_rollback(plan, False)
            plan.back_by_policy = True

    def _settle(self, plan: Plan) -> None:
        states = [task.status for task in plan.tasks]
        is_open = plan.has_open() or plan.retry is not None or bool(plan.takes_back)
        is_kept = self._is_kept(plan)
        if not is_open and not is_kept and plan.chunks != "rollback" and plan.status not in PLAN_ENDED:
            plan.status, event = self._end_of(plan, states)
            plan.pause = False
            self._forget_trip(plan)
            self._say(event, plan.id)
        elif (is_open or is_kept) and plan.pause and T.RUNNING not in states and plan.status in (P.READY, P.RUNNING):
            plan.status = P.PAUSED
            self._say("PlanPaused", plan.id)

    @staticmethod
    def _is_kept(plan: Plan) -> bool:
        """Open although all its tasks have ended: by what its wave waits for, or has to once a breaker is answered."""
        wave = plan.undone
        if wave is None or plan.status is P.ROLLING_BACK or plan.cancel or plan.lets_nobody_on(wave):
            return False
        if wave.state in WAVE_DONE:
            return True
        before = plan.waves[: wave.index + 1]
        if plan.breached or any(not one.has_ended or one.breached or one.waits_for_answer for one in before):
            return False
        return wave.has_to_wait

    def _end_of(self, plan: Plan, states: list[TaskState]) -> tuple[PlanState, str]:
        if plan.status is P.ROLLING_BACK:
            if T.ROLLBACK_FAILED in states or plan.given_up:
                return P.ROLLBACK_FAILED, "PlanRollbackFailed"
            return P.ROLLED_BACK, "PlanRolledBack"
        if plan.cancel:
            return P.CANCELLED, "PlanCancelled"
        if all(task.status is T.COMPLETED or task.accepted for task in plan.tasks):
            return P.COMPLETED, "PlanCompleted"
        if any(task.has_failed for task in plan.tasks):
            return P.FAILED, "PlanFailed"
        if T.CANCELLED in states:
            return P.CANCELLED, "PlanCancelled"
        return P.ROLLED_BACK, "PlanRolledBack"
