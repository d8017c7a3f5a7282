"""What is left to a coordinator: the tasks of a plan that is cancelled, goes back or is retried, one by one."""

from __future__ import annotations

from tests.support.model.failure_answers import FailureAnswers
from tests.support.model.records import Limits, Plan, Retry, T


class Chunks(FailureAnswers):
    """A coordinator's round."""

    def serve(self, plan_id: str) -> list[str]:
        """Admits what can be admitted, then does the chunks, then admits again."""
        plan = self.plans[plan_id]
        admitted = self._admit_all(plan)
        if plan.chunks or plan.retry or plan.takes_back:
            if plan.chunks:
                self._do_chunks(plan)
            if plan.retry:
                self._do_retry(plan, plan.retry)
            while plan.takes_back:
                self._take_wave_back(plan, plan.takes_back[0])
                if plan.takes_back:
                    admitted += self._admit_all(plan)
            admitted += self._admit_all(plan)
        return admitted

    def _do_chunks(self, plan: Plan) -> None:
        if plan.chunks == "cancel":
            for task in plan.tasks:
                if task.status in (T.PENDING, T.PAUSED) and not task.rollback:
                    self._cancel(task)
            plan.chunks = ""
            return
        for task in reversed(plan.tasks):
            if task.rollback or task.status is T.ROLLING_BACK:
                continue
            if task.touched and task.snapshot:
                self._say("OperationRequested", task.id)
                counts_on = plan.back_by_policy and task.has_failed
                self._request_rollback(task, plan.forced)
                task.by_policy = counts_on
                if plan.back_by_policy:
                    self._mark_with_plan(task)
                continue
            if task.touched:
                # Nowhere to go back to: it stays as it is, and is named.
                self._say("OperationRequested", task.id)
                plan.given_up = True
            if task.status in (T.PENDING, T.PAUSED):
                self._cancel(task)
        plan.chunks = ""
        self._settle(plan)

    def _do_retry(self, plan: Plan, asked: Retry) -> None:
        plan.retry = None
        for task in plan.tasks:
            if self._is_meant(task, asked) and asked.failed.get(task.id) == task.retries:
                self._retry_of_plan(task, asked)
        # Let go on meanwhile, a plan stops again for a breaker still open, and without waves for who is still back.
        stops = any(part.breached for part in plan.parts) or (asked.from_scratch and plan.waits_for_answer)
        if stops and plan.has_open() and not (plan.pause or plan.cancel):
            self._say("OperationRequested", plan.id)
            plan.pause, plan.by_gate = True, False
        self._settle(plan)

    def _take_wave_back(self, plan: Plan, part: Limits) -> None:
        plan.takes_back = [one for one in plan.takes_back[1:] if one is not part]
        for task in reversed(part.tasks):
            if not task.touched or task.rollback or task.status is T.ROLLING_BACK:
                continue
            # Asked to go back, or told that it stays as it is: it has nowhere to go.
            self._say("OperationRequested", task.id)
            if task.snapshot:
                self._request_rollback(task, False)
                task.sent_back = True
        self._settle(plan)
