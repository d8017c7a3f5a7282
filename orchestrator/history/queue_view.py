"""Who stands first in each plan's queue, as the log tells it: asked at each admission, so it walks no plan."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from orchestrator.domain.folded import FoldedPlan, FoldedTask, QueueClass
from orchestrator.domain.status import TASK_ACTIVE, TaskState

Rank = tuple[bool, int, int, int]


def rank_of(task: FoldedTask) -> Rank:
    """Its place among the waiting moves of its plan: resumed ones that hold their tenant, then wave by wave resumed
    ones, moves, and retries in the order in which they were asked for, which is not looked at here."""
    goes_on = task.queued_as is QueueClass.RESUMED and task.holds
    place = 0 if task.queued_as is QueueClass.RETRY else task.position
    return not goes_on, 0 if goes_on else task.wave_index, task.queued_as, place


class QueueView:
    """Heaps whose entries are looked at again when they come to the top: a task that has moved on since is dropped."""

    def __init__(self) -> None:
        self._moves: defaultdict[str, list[tuple[Rank, str]]] = defaultdict(list)
        self._rollbacks: defaultdict[str, set[str]] = defaultdict(set)

    def put(self, task: FoldedTask) -> None:
        """The task waits to be admitted from now on."""
        heapq.heappush(self._moves[task.plan_id], (rank_of(task), task.task_id))

    def put_rollback(self, task: FoldedTask) -> None:
        """Its way back is asked for."""
        self._rollbacks[task.plan_id].add(task.task_id)

    def forget(self, plan_id: str, _: Iterable[str]) -> None:
        """The plan is gone."""
        self._moves.pop(plan_id, None)
        self._rollbacks.pop(plan_id, None)

    def before(self, plan: FoldedPlan, task: FoldedTask) -> FoldedTask | None:
        """One that stands before the task in its plan's queue and is not passed over."""
        for task_id in list(self._rollbacks[plan.plan_id]):
            other = plan.tasks.get(task_id)
            if other is None or not other.rollback_asked:
                self._rollbacks[plan.plan_id].discard(task_id)
            elif other is not task and other.state not in TASK_ACTIVE and not _is_passed_over(plan, other, task):
                return other
        heap = self._moves[plan.plan_id]
        while heap:
            rank, task_id = heap[0]
            other = plan.tasks.get(task_id)
            if other is None or other.state is not TaskState.PENDING or rank_of(other) != rank:
                heapq.heappop(heap)
            elif other.waiting and plan.max_concurrency > 1:
                # It is put again when it waits for the plan only.
                heapq.heappop(heap)
            else:
                stands_before = rank < rank_of(task) and not _is_passed_over(plan, other, task)
                return other if stands_before else None
        return None


def _is_passed_over(plan: FoldedPlan, waiter: FoldedTask, task: FoldedTask) -> bool:
    """Whether the task may go before this one, which waits for its tenant: always, but with one slot only if it holds
    its own tenant already, so that two such plans cannot wait for each other."""
    return waiter.waiting and (plan.max_concurrency > 1 or task.holds)
