"""Everything that the ledger holds, as the checker looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.clock import LARGEST_STEP_BACK_MS
from orchestrator.ledger.presence import ALIVE_SECONDS

DumpedRecord = dict[str, str]

NEEDED: Final = ("status", "max", "total", "stages", "written")
"""What a plan's record must say for anything to be judged of the plan."""


@dataclass(slots=True)
class LedgerDump:
    """The records, locks, slots, queues, leases and streams of one namespace; times in ms by Redis' clock."""

    now_ms: int
    seq: int = 0
    epoch: int = 0
    meta: Mapping[str, str] = field(default_factory=dict)
    plans: dict[str, DumpedRecord] = field(default_factory=dict)
    """Every plan of the index; an empty record is one that somebody has deleted."""
    unreadable: set[str] = field(default_factory=set)
    """Plans with a number or state, in their record or a task's, that is none (see ``unreadable.py``)."""
    other_types: list[str] = field(default_factory=list)
    """Keys of another type than what belongs there: read as if they were not there."""
    tasks: dict[str, DumpedRecord] = field(default_factory=dict)
    tenants: dict[str, DumpedRecord] = field(default_factory=dict)
    slots: dict[str, set[str]] = field(default_factory=dict)
    queues: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of each plan the waiting tasks with their ranks, in order."""
    lines: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of each tenant the waiting tasks with their tickets, in order."""
    frozen: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of each freeze the tasks that wait for its end, numbered as they came."""
    freezes: dict[str, str] = field(default_factory=dict)
    """Each freeze's record, as stored."""
    thawing: set[str] = field(default_factory=set)
    """Freezes whose waiters are being put back."""
    groups: dict[str, set[str]] = field(default_factory=dict)
    """Of each group the tasks that hold a place; plan:group is a plan's own limit."""
    group_lines: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of each group the tasks that wait for it, in order."""
    grouped: set[str] = field(default_factory=set)
    """Groups that are swept for a line."""
    plan_paused: dict[str, set[str]] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    """Failed tasks without a snapshot whose plan itself gives the config to go back to."""
    checkpoints: dict[str, int] = field(default_factory=dict)
    """Of each task that has one: how long its checkpoint is kept, in ms; -1 is for ever."""
    logs: dict[str, int] = field(default_factory=dict)
    """Length of each plan's log."""
    leases_queued: dict[str, float] = field(default_factory=dict)
    leases_running: dict[str, float] = field(default_factory=dict)
    deadlines: dict[str, float] = field(default_factory=dict)
    lined: set[str] = field(default_factory=set)
    drafts: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    """Plans that have a turn to come."""
    due: set[str] = field(default_factory=set)
    """Plans that wait for their time."""
    ended: set[str] = field(default_factory=set)
    purges: dict[str, float] = field(default_factory=dict)
    """Plans that are being purged, and how many of their tasks are left."""
    active: set[str] = field(default_factory=set)
    presence_ms: dict[str, int] = field(default_factory=dict)
    """When each process that has an entry last gave a sign."""
    clock_offset_ms: int = 0
    """How far the ledger's clock, which leases are judged by, is ahead of Redis' own."""
    told_ms: int = 0
    """The latest time that people were told."""
    lost: int = 0
    """Plans that were taken out because their record was gone, as far as they are remembered."""
    inbox: int = 0
    """Entries in the coordinators' inbox."""
    inbox_oldest_ms: int | None = None
    strays: tuple[str, ...] = ()
    """Keys that belong to no plan, task or tenant that the ledger knows, and do not expire."""

    def lease_now_ms(self) -> int:
        """The time by the ledger's clock."""
        return self.now_ms + self.clock_offset_ms

    def shown_now_ms(self) -> int:
        """Now, as freezes go by it: Redis' own time, but never before one that people were told."""
        return self.told_ms if 0 < self.told_ms - self.now_ms <= LARGEST_STEP_BACK_MS else self.now_ms

    def age_ms(self, written_at_ms: int) -> int:
        """How long ago something was written by Redis' own clock, at least: steps that were noticed are left out."""
        return self.now_ms - written_at_ms + min(self.clock_offset_ms, 0)

    def coordinator_lives(self) -> bool:
        """Whether there is a process that would do what is to be done."""
        return any(
            process.startswith("coordinator:") and self.now_ms - at <= ALIVE_SECONDS * 1000
            for process, at in self.presence_ms.items()
        )

    def stages(self, plan_id: str) -> tuple[str, ...]:
        """Names of a plan's stages, in order; empty when the plan is not known."""
        if plan_id in self.unreadable:
            return ()
        record = self.plans.get(plan_id, {})
        # Each has a field of its own: more than there are fields a hand has written.
        stages = range(min(int(record.get("stages", 0)), len(record)))
        return tuple(record.get(f"stage:{index}", "") for index in stages)

    def stages_of_created(self, plan_id: str, plan_sequence_id: int) -> tuple[str, ...]:
        """The same of the plan that was created with this planSequenceId; () of an earlier one of its id."""
        before = counted_number(self.plans.get(plan_id, {}).get("planSeqFrom")) or 0
        return self.stages(plan_id) if plan_sequence_id > before else ()

    def is_damaged(self, plan_id: str) -> bool:
        """Whether the plan's record lacks what every script needs, or has no number where one belongs: no script does
        that, a hand or a lost disk does."""
        return plan_id in self.unreadable or any(name not in self.plans.get(plan_id, {}) for name in NEEDED)

    def sound_plans(self) -> Iterator[tuple[str, DumpedRecord]]:
        """The plans whose record is whole."""
        return ((plan_id, record) for plan_id, record in self.plans.items() if not self.is_damaged(plan_id))

    def sound_tasks(self) -> Iterator[tuple[str, DumpedRecord]]:
        """The tasks of those plans."""
        return ((task_id, record) for task_id, record in self.tasks.items() if not self.is_damaged(plan_of(task_id)))

    def waits_elsewhere(self, task_id: str) -> bool:
        """Whether it stands where it is woken from, and so in no queue: in a tenant's or group's line, or frozen."""
        task = self.tasks.get(task_id, {})
        is_frozen = task_id in self.frozen.get(task.get("frozenBy", ""), ())
        is_in_group = task_id in self.group_lines.get(task.get("groupFor", ""), ())
        return is_frozen or is_in_group or task_id in self.lines.get(task.get("tenant", ""), ())

    def by_plan(self) -> dict[str, dict[str, DumpedRecord]]:
        """The tasks of each plan."""
        found: dict[str, dict[str, DumpedRecord]] = {plan_id: {} for plan_id in self.plans}
        for task_id, record in self.tasks.items():
            found.setdefault(plan_of(task_id), {})[task_id] = record
        return found

    def leases_of(self, task_id: str) -> list[str]:
        """The kinds of lease that the task has: ``queued``, ``running``."""
        kinds = (("queued", self.leases_queued), ("running", self.leases_running))
        return [kind for kind, leases in kinds if task_id in leases]


def is_set(record: Mapping[str, str], flag: str) -> bool:
    """Whether a flag of a record is up."""
    return record.get(flag) == "1"


def waits(task: Mapping[str, str]) -> bool:
    """Whether it is to be admitted: a move, or a rollback asked for (a running task has its own boundary)."""
    state = task.get("status")
    return state == TaskState.PENDING or (is_set(task, "rollbackRequested") and state not in TASK_ACTIVE)
