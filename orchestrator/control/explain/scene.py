"""What one explanation looks at: the ledger, and the processes that gave a sign of life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.control.asked import asked_for
from orchestrator.control.elsewhere import Elsewhere
from orchestrator.control.explain.offers import Offers
from orchestrator.control.status import StatusReader
from orchestrator.ledger.clock import ShownTime
from orchestrator.ledger.presence import ALIVE_SECONDS, Process
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record
from orchestrator.ledger.survey import TaskGroup


@dataclass(frozen=True, slots=True)
class Scene:
    """One look. ``refusal``: why the ledger takes no writes now, as a sentence; "" when it does. ``ahead_seconds``: by
    how much this machine's clock is ahead of Redis'. ``silence_seconds``: from when a worker counts as silent."""

    reader: Reader
    offers: Offers
    now_ms: int
    processes: list[Process]
    elsewhere: Elsewhere
    refusal: str
    ahead_seconds: float
    shown: ShownTime
    lanes: int
    silence_seconds: float

    @property
    def coordinators(self) -> list[Process]:
        """Those that are alive."""
        return [one for one in self.processes if one.role == "coordinator" and one.age_seconds <= ALIVE_SECONDS]

    @property
    def workers(self) -> list[Process]:
        """Those that are alive."""
        return [one for one in self.processes if one.role == "worker" and one.age_seconds <= ALIVE_SECONDS]

    @property
    def is_still(self) -> bool:
        """Whether nobody is alive: then the ledger's clock stands still, and nothing comes that is counted by it. In a
        ledger that takes no writes nobody can give a sign of life."""
        return not (self.coordinators or self.workers or self.refusal)

    def is_gone(self, worker: str) -> bool:
        """Whether the worker gives no sign of life, whatever its lease, which goes by the ledger's clock, says. One
        without an entry may only be leaving: it is left to its lease while somebody is alive."""
        known = self.process(worker)
        return self.is_still if known is None else known.age_seconds > ALIVE_SECONDS and not self.refusal

    def told_now_ms(self) -> int:
        """The time that people are shown."""
        return self.shown.shown_ms

    def process(self, name: str) -> Process | None:
        """The process of this host and pid, alive or not; None when it has no entry (any more)."""
        return next((one for one in self.processes if one.name == name), None)


@dataclass(frozen=True, slots=True)
class TaskScene:
    """One task within it, with its record and its plan's."""

    scene: Scene
    status: TaskStatus
    record: Record
    plan: Record

    @property
    def task_id(self) -> str:
        return self.status.task_id

    @property
    def plan_id(self) -> str:
        return self.status.plan_id


@dataclass(frozen=True, slots=True)
class PlanScene:
    """One plan within the scene; ``groups``: its tasks by what became of them."""

    scene: Scene
    status: StatusReader
    summary: PlanSummary
    record: Record
    groups: Sequence[TaskGroup]

    @property
    def plan_id(self) -> str:
        return self.summary.plan_id

    def of_kind(self, kind: str) -> list[TaskGroup]:
        """The groups of one kind."""
        return [group for group in self.groups if group.kind == kind]


def by_whom(record: Record, operation: str) -> str:
    """`` by ada (lunch)``, as far as it is kept who asked for this."""
    asked = asked_for(record, operation)
    return asked.by if asked else ""


def why_cancelled(actor: str, plan: Record, *tasks: Record) -> str:
    """`` (lunch)``: this actor's reason, by the first of the records that keeps it, the plan's last; of who has taken
    the plan back, which cancels what had touched nothing, that."""
    known = filter(None, (asked_for(record, "cancel") for record in (*tasks, plan)))
    if (asked := next((one for one in known if one.actor == actor), None)) is not None:
        return bracketed(asked.reason)
    if not actor or plan.get("rollbackBy") != actor:
        return ""
    reason = plan.get("rollbackReason", "")
    return f" (with the rollback of its plan{f': {reason}' if reason else ''})"


def bracketed(reason: str) -> str:
    """`` (lunch)``; "" for no reason."""
    return f" ({reason})" if reason else ""


def clock_words(milliseconds: str | float) -> str:
    """A moment by Redis' clock, for people."""
    return f"{datetime.fromtimestamp(float(milliseconds) / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def seconds_words(seconds: float) -> str:
    """How long, for people: ``0.8 s``, ``47 s``, ``12 min``, ``3.5 h``."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def some_of(names: list[str], count: int = 3) -> str:
    """``a, b, c, ...``."""
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")


def why_back(task: TaskStatus) -> str:
    """``went back since ...``: what a task that is back, or on the way, had failed of; "" where nothing had."""
    failure = task.went_back_for
    return f"went back since it had failed: {failure.type}: {failure.message}" if failure else ""
