"""The log through a console is read in pages, between which it may go back, or lose its oldest."""

from __future__ import annotations

from typing import Any, cast

import pytest

from orchestrator.domain.errors import Unreachable
from orchestrator.domain.events import Event
from orchestrator.doors.remote.event_lines import ROWS, RemoteLog
from tests.support.event_log import Log


class Pages:
    """A console that answers from a log."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def events(self, plan_id: str | None, since: int, limit: int) -> list[Event]:
        return list(self._log.events(None, since))[:limit]


def remote(log: Log) -> RemoteLog:
    return RemoteLog(cast(Any, Pages(log)))


@pytest.mark.parametrize("plan_id", [None, "p"])
@pytest.mark.parametrize("count", [0, 1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS])
def test_every_event_comes_once(plan_id: str | None, count: int) -> None:
    log = Log()
    log.write(count)
    assert [event.sequence_id for event in remote(log).events(plan_id, 0)] == list(range(1, count + 1))


@pytest.mark.parametrize("plan_id", [None, "p"])
def test_a_log_that_goes_back_between_two_pages_is_not_read_on(plan_id: str | None) -> None:
    log = Log()
    log.write(2 * ROWS)
    events = remote(log).events(plan_id, 0)
    assert next(events).sequence_id == 1
    log.lose(2 * ROWS - 10)
    log.write(2 * ROWS)
    with pytest.raises(Unreachable, match="has gone back while it was read"):
        list(events)


def test_a_feed_that_loses_its_oldest_goes_on_behind_them() -> None:
    log = Log()
    log.write(3 * ROWS)
    events = remote(log).events(None, 0)
    assert next(events).sequence_id == 1
    log.trim(ROWS + 10)
    assert [event.sequence_id for event in events][-1] == 3 * ROWS
