"""A number that Redis cannot hold, or none at all, is refused by the name of what it was given for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from orchestrator.client import Client
from orchestrator.control.audit_answers import AuditFilter
from orchestrator.control.consumer import EventConsumer
from orchestrator.control.event_cursors import MemoryCursor
from orchestrator.domain.errors import InvalidInput, NotFound
from tests.support.plans import noop_stage, plan, tenant

TAKERS: Final[dict[str, Callable[[Client, Any], Any]]] = {
    "since of events": lambda client, number: next(client.events(None, number), None),
    "since of a plan's events": lambda client, number: next(client.events("p", number), None),
    "since of a page": lambda client, number: client.event_page("p", number),
    "since of a consumer": lambda client, number: EventConsumer(client, MemoryCursor(), "p", since=number),
    "limit of plans": lambda client, number: client.plan_page(limit=number),
    "limit of a table": lambda client, number: client.status("p", limit=number),
    "offset of a table": lambda client, number: client.status("p", limit=1, offset=number),
    "limit of the audit": lambda client, number: client.audit_page(AuditFilter(), limit=number, cursor=None),
    "first of dead letters": lambda client, number: client.dead_letters("hook", number),
    "count of dead letters": lambda client, number: client.dead_letters("hook", 0, number),
    "seen of a purge": lambda client, number: client.purge("p", seen=number),
}


@pytest.fixture
def told(client: Client) -> Client:
    client.submit(plan("p", [tenant("t")], [noop_stage("one")]))
    return client


def test_each_is_named(told: Client) -> None:
    for what, ask in TAKERS.items():
        expected = rf"^{what.split()[0]}: expected a whole number"
        for number in (-1, 2**62 + 1, 2**64, 10**5000):
            with pytest.raises(InvalidInput, match=rf"{expected} from [01] to \d+ \(got "):
                ask(told, number)
        for other in (1.5, "1", True):
            with pytest.raises(InvalidInput, match=rf"{expected}( from [01] to \d+)? \(got "):
                ask(told, other)


def test_the_highest_is_a_number_like_any(told: Client) -> None:
    assert list(told.events("p", 2**62)) == told.event_page(None, 2**62) == []
    assert told.status("p", limit=2**62, offset=2**62).tasks == []


def test_a_task_that_no_plan_is_large_enough_for_does_not_exist(told: Client) -> None:
    for position in (10**7, 2**53 + 1, 10**900):
        with pytest.raises(NotFound, match="no task 'p"):
            told.pause(task_id=f"p.{position}")
        with pytest.raises(NotFound, match="no task 'p"):
            told.explain(task_id=f"p.{position}")
