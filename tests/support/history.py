"""Facts read from an event log, for assertions on order, exclusion and cap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.domain.events import Event, EventBase, TaskEvent

ADMISSIONS = {"TaskStarted", "TaskResumed", "TaskRetryStarted", "TaskRollingBack"}
RELEASES = {"TaskCompleted", "TaskFailed", "TaskCancelled", "TaskRolledBack", "TaskRollbackFailed"}


@dataclass(frozen=True)
class Moment:
    """What holds right after one event: who runs, and who holds each tenant."""

    event: EventBase
    running: frozenset[str]
    holders: dict[str, str]


def moments(events: Iterable[Event]) -> Iterator[Moment]:
    """Replays the log. Fails at once where a tenant is taken from a task that holds it (I1)."""
    running: set[str] = set()
    holders: dict[str, str] = {}
    for event in events:
        if isinstance(event, TaskEvent):
            if event.type in ADMISSIONS:
                held_by = holders.setdefault(event.tenant_id, event.task_id)
                assert held_by == event.task_id, f"{event} while {held_by} holds the tenant"
                running.add(event.task_id)
            elif event.type in RELEASES:
                running.discard(event.task_id)
                if holders.get(event.tenant_id) == event.task_id:
                    del holders[event.tenant_id]
            elif event.type == "TaskPaused":
                running.discard(event.task_id)
        yield Moment(event, frozenset(running), dict(holders))


def most_running(events: Sequence[Event], plan_id: str) -> int:
    """The largest number of this plan's tasks that ran at once."""
    return max(sum(task.startswith(f"{plan_id}.") for task in moment.running) for moment in moments(events))


def types(events: Iterable[Event], **wanted: str) -> list[str]:
    """Types of the events whose fields are as wanted, in order."""
    return [e.type for e in events if all(getattr(e, name, None) == value for name, value in wanted.items())]


def assert_gapless(events: Sequence[Event]) -> None:
    """The whole namespace's events: sequence ids rise by one, and each plan's own likewise (I6)."""
    ids = [event.sequence_id for event in events]
    assert ids == list(range(1, len(ids) + 1))
    plans: dict[str, list[int]] = {}
    for event in events:
        plans.setdefault(event.plan_id, []).append(event.plan_sequence_id)
    for numbers in plans.values():
        assert numbers == list(range(1, len(numbers) + 1))
