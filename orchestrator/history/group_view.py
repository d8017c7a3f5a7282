"""Who holds which group, as the log tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS, TASK_STATE_AFTER
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import TASK_ACTIVE


@dataclass(slots=True)
class GroupView:
    """Limits and holders; a plan's own limit is a group of the name plan:group."""

    limits: dict[str, int] = field(default_factory=dict)
    holders: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def limits_of(self, task: FoldedTask, *, is_rollback: bool) -> Iterator[tuple[str, int]]:
        """The groups that it must find a place in, and how many places each has."""
        for name in self._names(task, is_rollback=is_rollback):
            if name in self.limits:
                yield name, self.limits[name]

    def note(self, event: e.Event, task: FoldedTask | None) -> None:
        """Moves on by one event; ``task`` is as it was before."""
        match event:
            case e.GroupLimitsSet():
                own = {name: most for name, most in self.limits.items() if ":" in name}
                self.limits = dict(event.limits) | own
            case e.PlanCreated():
                self.limits |= {f"{event.plan_id}:{name}": most for name, most in event.group_limits.items()}
            case e.TaskEvent() if task is not None and event.type in ADMISSIONS and task.state not in TASK_ACTIVE:
                for name in self._names(task, is_rollback=isinstance(event, e.TaskRollingBack)):
                    self.holders[name].add(task.task_id)
            case e.TaskEvent() if task is not None and TASK_STATE_AFTER.get(event.type, task.state) not in TASK_ACTIVE:
                for name in self._names(task, is_rollback=False):
                    self.holders[name].discard(task.task_id)
            case _:
                pass

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone, with its own limits and with whoever of it held a place."""
        for name in [name for name in self.limits if name.startswith(f"{plan_id}:")]:
            del self.limits[name]
        for name, holders in list(self.holders.items()):
            holders.difference_update(task_ids)
            if not holders:
                del self.holders[name]

    @staticmethod
    def _names(task: FoldedTask, *, is_rollback: bool) -> Iterator[str]:
        for group in task.groups:
            yield group
            if not is_rollback:
                yield f"{task.plan_id}:{group}"
