"""Facts read from an event log, for assertions on order and cap; and the judgement of the shipped checker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import redis

from orchestrator.domain.events import Event
from orchestrator.domain.fold import LogFold
from orchestrator.history import Report, check_history, check_log, read_dump, read_log
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import Reader


def judged(client: redis.Redis, keys: Keys) -> Report:
    """What the checker says of the namespace at this moment."""
    dump = read_dump(client, keys)
    events = list(read_log(Reader(client, keys)))
    # The feed is capped, and purged plans take their own logs with them.
    is_cut = not events or events[0].sequence_id > 1
    return check_history(events, dump, ended=False, is_cut=is_cut)


def check_ledger(client: redis.Redis, keys: Keys) -> None:
    """Fails with everything that is wrong in the namespace at this moment."""
    report = judged(client, keys)
    assert report.holds, f"the ledger breaks its invariants:\n{report}"
    reader = Reader(client, keys)
    for plan_id, record in zip(reader.plan_ids(), reader.plan_records(reader.plan_ids()), strict=True):
        # What scripts write, they can work with.
        assert not [one for step in reader.damaged_tasks(plan_id, 0, int(record.get("written", 0))) for one in step]


def most_running(events: Iterable[Event], plan_id: str) -> int:
    """The largest number of this plan's tasks that held a slot at once."""
    fold = LogFold()
    most = 0
    for event in events:
        fold.apply(event)
        if event.plan_id == plan_id:
            most = max(most, len(fold.plans[plan_id].active))
    return most


def types(events: Iterable[Event], **wanted: str) -> list[str]:
    """Types of the events whose fields are as wanted, in order."""
    return [e.type for e in events if all(getattr(e, name, None) == value for name, value in wanted.items())]


def assert_gapless(events: Sequence[Event]) -> None:
    """The whole namespace's events keep every rule of the log, its numbers (I6) first."""
    report = check_log(events)
    assert report.holds, str(report)
