"""Waves: opened, soaked, looked at, gated and passed (I13)."""

from __future__ import annotations

from orchestrator.domain.transitions import Trigger
from orchestrator.domain.waves import WAVE_DONE, WaveState
from tests.support.model.plan_ends import PlanEnds
from tests.support.model.records import ACCEPTED, Answer, P, Plan, T, Task, Wave


class Waves(PlanEnds):
    """One wave after the other."""

    def _settle_waves(self, plan: Plan) -> None:
        if plan.status not in (P.RUNNING, P.PAUSED) or not plan.was_started or plan.cancel or plan.tripped:
            return
        if plan.retry is not None:
            return
        while (wave := plan.undone) is not None and plan.open_wave == plan.passed:
            if wave.state is WaveState.PENDING:
                wave.state = WaveState.OPEN
                self._say("PlanWaveStarted", plan.id)
            if not wave.has_ended or wave.breached or plan.breached or wave.waits_for_answer:
                return
            if wave.state in WAVE_DONE or plan.lets_nobody_on(wave):
                return
            if not wave.has_moved:
                self._pass_wave(plan, wave)
            elif wave.soaks and wave.has_completed:
                wave.state = WaveState.SOAKING
                wave.doubted.clear()
                self._say("PlanWaveSoaking", plan.id)
            else:
                self._leave_soak(plan, wave)

    def look(self, plan: Plan, gone: frozenset[str]) -> list[str]:
        """One round of a soak whose time is over with it; ``gone`` are tenants that are not there. What each look is
        answered."""
        wave = plan.undone
        if wave is None or wave.state is not WaveState.SOAKING or plan.cancel:
            return []
        asked = [task for task in wave.tasks if task.status is T.COMPLETED]
        answers = [self._look_at(task, wave, gone, is_last=task is asked[-1]) for task in asked]
        if not asked and plan.retry is None:
            self._leave_soak(plan, wave)
            self._settle_waves(plan)
            self._settle(plan)
        return answers

    def _look_at(self, task: Task, wave: Wave, gone: frozenset[str], *, is_last: bool) -> str:
        if wave.state is not WaveState.SOAKING or task.plan.cancel or task.plan.status is P.ROLLING_BACK:
            return "STALE"
        absent = task.tenant.id in gone and not self._moved_since(task) and task.tenant.holder is None
        runs = any(one.status is T.RUNNING for one in task.plan.tasks)
        fails = absent and task.id in wave.doubted and not runs
        if fails:
            self._fail_soaked(task)
        if absent and not fails:
            wave.doubted.add(task.id)
        else:
            wave.doubted.discard(task.id)
        if is_last and wave.state is WaveState.SOAKING and not wave.doubted and task.plan.retry is None:
            self._leave_soak(task.plan, wave)
        self._settle_waves(task.plan)
        self._settle(task.plan)
        return "UNHEALTHY" if fails else "SEEN"

    def _fail_soaked(self, task: Task) -> None:
        """It is tried again from its first stage, and all of them are run then."""
        goes_back = self._goes_back_by_policy(task)
        self._move(task, Trigger.SOAK_FAIL)
        task.stage, task.skipped, task.soak_failed = 0, [], True
        self._trips_by(task)
        self._say("TaskSoakFailed", task.id)
        self._say("PlanProgress", task.plan.id)
        self._trip(task, goes_back=goes_back)
        if goes_back:
            self._take_back(task)

    def answer_gate(self, plan: Plan, approves: bool) -> Answer:
        """Of the wave that waits for it."""
        wave = plan.undone
        if plan.status not in (P.READY, P.RUNNING, P.PAUSED):
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        if wave is None:
            return "REFUSED", "gate-not-asked"
        if wave.state not in (WaveState.GATED, WaveState.REJECTED):
            return "REFUSED", "gate-not-asked"
        if approves and plan.retry is not None:
            return "REFUSED", "retrying-first"
        if not approves and wave.state is WaveState.REJECTED:
            return "NOOP", "gate-rejected"
        self._say("PlanGateApproved" if approves else "PlanGateRejected", plan.id)
        if approves:
            goes_on = plan.pause and plan.by_gate and self._why_not_on(plan) is None
            self._pass_wave(plan, wave)
            self._settle_waves(plan)
            if goes_on and (plan.has_open() or self._is_kept(plan)):
                self._go_on(plan)
                self._settle_waves(plan)
                return ACCEPTED
        else:
            wave.state = WaveState.REJECTED
            if not plan.pause:
                self._say("OperationRequested", plan.id)
                plan.pause = plan.by_gate = True
        self._settle(plan)
        return ACCEPTED

    @staticmethod
    def _why_not_on(plan: Plan) -> str | None:
        """What its breaker says against a resume."""
        if plan.takes_back:
            return "takes-wave-back"
        if any(part.breached for part in plan.parts) and plan.retry is None:
            return "breached"
        begins_anew = plan.retry is not None and plan.retry.from_scratch
        if any(part.waits_for_answer for part in plan.parts) and not begins_anew:
            return "wave-taken-back"
        return None

    def _go_on(self, plan: Plan, *, accepts: bool = False) -> None:
        """A resume of it, by whom it may be: nothing speaks against it."""
        self._say("OperationRequested", plan.id)
        plan.pause, plan.tripped = False, ""
        for part in plan.parts:
            part.sent_back = part.waits_for_answer and not accepts
        if plan.status is P.PAUSED:
            plan.status = P.RUNNING
            plan.was_started = True
            self._say("PlanResumed", plan.id)
        for task in plan.tasks:
            if task.by_plan:
                self._resume(task)

    def _resume(self, task: Task) -> None:
        self._move(task, Trigger.RESUME)
        task.by_plan = False
        self._enqueue(task, (1, int(task.tenant.holder != task.id), task.position))

    def _leave_soak(self, plan: Plan, wave: Wave) -> None:
        if wave.gate:
            self._ask_gate(plan, wave)
        else:
            self._pass_wave(plan, wave)

    def _ask_gate(self, plan: Plan, wave: Wave) -> None:
        wave.state = WaveState.GATED
        self._say("PlanGateWaiting", plan.id)

    def _pass_wave(self, plan: Plan, wave: Wave) -> None:
        wave.state, wave.sent_back = WaveState.PASSED, False
        self._say("PlanWaveCompleted", plan.id)
