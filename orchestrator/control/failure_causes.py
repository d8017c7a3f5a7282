"""Failed tasks by cause: what failed where, how often, of whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.domain.events import FailureInfo


@dataclass(frozen=True, slots=True)
class FailureCause:
    """What makes failures one: the same type at the same place."""

    type: str
    stage: str = ""
    step: str = ""


@dataclass(slots=True)
class CauseGroup:
    """The tasks that failed of one cause, and the message of the newest."""

    cause: FailureCause
    message: str
    tenants: dict[str, str] = field(default_factory=dict)
    """Tenant by task id, the oldest first."""
    others: int = 0
    """How many there are besides, whose names are not known here."""

    @property
    def count(self) -> int:
        """How many tasks failed of it."""
        return len(self.tenants) + self.others


class FailureCauses:
    """Kept up to date task by task; a group of which no task is left is gone."""

    def __init__(self) -> None:
        self._groups: dict[FailureCause, CauseGroup] = {}
        self._cause_of: dict[str, FailureCause] = {}

    def add(self, task_id: str, tenant_id: str, failure: FailureInfo) -> None:
        """The task failed, perhaps once more and of something else."""
        self.remove(task_id)
        cause = FailureCause(failure.type, failure.stage_name or "", failure.step_name or "")
        group = self._groups.setdefault(cause, CauseGroup(cause, failure.message))
        group.message = failure.message
        group.tenants[task_id] = tenant_id
        self._cause_of[task_id] = cause

    def remove(self, task_id: str) -> None:
        """That it failed is over: it is retried, or on its way back."""
        cause = self._cause_of.pop(task_id, None)
        if cause is None:
            return
        del self._groups[cause].tenants[task_id]
        if not self._groups[cause].tenants:
            del self._groups[cause]

    def __iter__(self) -> Iterator[CauseGroup]:
        """The most frequent first."""
        return iter(sorted(self._groups.values(), key=lambda group: -len(group.tenants)))

    def __len__(self) -> int:
        return len(self._groups)


def accepted_words(count: int) -> str:
    """``2 failures accepted, or their stages skipped``; "" for none."""
    if not count:
        return ""
    if count == 1:
        return "1 failure accepted, or its stage skipped"
    return f"{count:,} failures accepted, or their stages skipped"
