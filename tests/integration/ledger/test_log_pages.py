"""A log that is read page by page while a fail-over puts another one in its place."""

from __future__ import annotations

from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from orchestrator.ledger import log_pages
from tests.support.ledger_world import LedgerWorld


@pytest.mark.parametrize("plan_id", [None, "p"])
@pytest.mark.parametrize("change", ["replaced", "shorter", "none"])
def test_another_log_behind_the_same_connection_is_not_read_on(
    hurt: LedgerWorld, monkeypatch: pytest.MonkeyPatch, plan_id: str | None, change: str
) -> None:
    monkeypatch.setattr(log_pages, "PAGE", 4)
    hurt.plan("p", list("abcdefgh"))
    key = hurt.keys.of("feed") if plan_id is None else hurt.keys.of("log", plan_id)
    entries = cast(list[tuple[str, dict[str, Any]]], hurt.client.xrange(key))
    events = hurt.reader.events(plan_id, 0)
    seen = [next(events).sequence_id for _ in range(4)]
    if change != "none":
        hurt.client.delete(key)
        kept = entries[:3] + ([] if change == "shorter" else [(entry, entries[0][1]) for entry, _ in entries[3:]])
        for entry, fields in kept:
            hurt.client.xadd(key, cast(Any, fields), id=entry)
    if change == "replaced":
        with pytest.raises(RedisConnectionError, match="the log has gone back"):
            next(events)
    else:
        seen += [event.sequence_id for event in events]
        assert len(seen) == (4 if change == "shorter" else len(entries))


def test_a_feed_that_loses_its_oldest_is_read_on(hurt: LedgerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_pages, "PAGE", 4)
    hurt.plan("p", list("abcdefgh"))
    events, last = hurt.reader.events(None, 0), hurt.now()
    seen = [next(events).sequence_id for _ in range(4)]
    hurt.client.xtrim(hurt.keys.of("feed"), minid="7-0", approximate=False)
    assert seen + [event.sequence_id for event in events] == [1, 2, 3, 4, *range(7, last + 1)]
