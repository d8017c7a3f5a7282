"""Plans that somebody looks at, each read once for all who do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from orchestrator.client import Client
from orchestrator.control.live_plan import LiveView, TaskView
from orchestrator.control.page_answers import LivePlanView, MovingView, PlanFailures
from orchestrator.control.plan_failures import failure_groups, plan_failures
from orchestrator.domain.errors import ChangeoverError

FRESH_SECONDS: Final = 0.4
"""A look that is no older serves the next who asks."""

MOST_PLANS: Final = 100
"""Looked at at a time; beyond it the one that was asked for longest ago is forgotten."""


class _LastLook:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.live: LiveView | None = None
        self.at = 0.0


class LiveBoard:
    """Of one process. Raises ``NotFound`` and ``Unreachable``."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: dict[str, _LastLook] = {}

    def failures(self, plan_id: str) -> PlanFailures:
        """Why its tasks failed, by cause."""
        looked = self._of(plan_id)
        with looked.lock:
            return plan_failures(self._look(plan_id, looked))

    def view(self, plan_id: str, task_ids: Sequence[str] = ()) -> LivePlanView:
        """The plan as it is now, with these of its moving tasks in full."""
        looked = self._of(plan_id)
        with looked.lock:
            live = self._look(plan_id, looked)
            seen = {view.task.task_id: view for view in live.views(task_ids)} if task_ids else {}
            return LivePlanView(
                plan=live.summary,
                now=live.now,
                started_at=live.started,
                ended_at=live.ended,
                done=live.done,
                total=live.total,
                per_minute=live.pace.per_minute(live.now),
                seconds_left=live.seconds_left,
                moving=[_moving(one.task_id, one.tenant_id, seen.get(one.task_id)) for one in live.moving.values()],
                failures=failure_groups(live.causes),
            )

    def _of(self, plan_id: str) -> _LastLook:
        with self._lock:
            looked = self._looked.pop(plan_id, None) or _LastLook()
            self._looked[plan_id] = looked
            while len(self._looked) > MOST_PLANS:
                del self._looked[next(iter(self._looked))]
            return looked

    def _look(self, plan_id: str, looked: _LastLook) -> LiveView:
        try:
            if looked.live is None:
                looked.live = self._client.live(plan_id)
            elif self._clock() - looked.at > FRESH_SECONDS:
                looked.live.look()
        except ChangeoverError:
            # Read anew by the next: the plan may be gone, or another by then.
            looked.live = None
            raise
        looked.at = self._clock()
        return looked.live


def _moving(task_id: str, tenant_id: str, view: TaskView | None) -> MovingView:
    if view is None:
        return MovingView(task_id=task_id, tenant_id=tenant_id)
    return MovingView(
        task_id=task_id,
        tenant_id=tenant_id,
        task=view.task,
        step=view.step,
        attempt=view.attempt,
        answer=view.answer,
        started_at=view.started,
    )
