"""From when to when the spans of plans and tasks are, as the log tells it."""

from __future__ import annotations

from datetime import datetime

import pytest
import redis
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from orchestrator.coordinator.trace_feed import TraceFeed
from orchestrator.ledger.damaged_keys import damaged_keys
from orchestrator.observability.tracing import Tracing
from orchestrator.settings.model import Settings
from tests.support.damaged_keys import DAMAGES, STRANGE
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.place import Place


def moment(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000


def test_each_attempt_has_a_span_of_its_own_time(redis_client: redis.Redis, settings: Settings) -> None:
    world = LedgerWorld(redis_client, settings)
    exporter = InMemorySpanExporter()
    tracing = Tracing("test", exporter)
    feed = TraceFeed(world.reader, tracing, "test")
    (task,) = world.started("p", ["a"])
    world.break_stage(task)
    world.ask("retry", task)
    world.serve("p")
    world.finish(task)
    world.ask("rollback", task)
    world.serve("p")
    world.finish(task)
    assert (world.status(task), world.status("p")) == ("ROLLED_BACK", "ROLLED_BACK")
    feed.look()
    tracing.stop()

    at = {event.type: moment(event.occurred_at) for event in world.events()}
    spans = [(span.name, span.start_time, span.end_time) for span in exporter.get_finished_spans()]
    assert spans == [
        ("move a", at["TaskStarted"], at["TaskFailed"]),
        ("plan p", at["PlanStarted"], at["PlanFailed"]),
        ("move a", at["TaskRetryStarted"], at["TaskCompleted"]),
        ("move plan p", at["TaskRetryStarted"], at["PlanCompleted"]),
        ("roll back a", at["TaskRollingBack"], at["TaskRolledBack"]),
        ("roll back plan p", at["TaskRollingBack"], at["PlanRolledBack"]),
    ]


def half_an_event(client: redis.Redis, key: str, kind: str) -> None:
    """The ends of a task and a plan, as far as a hand writes them."""
    for event in ("TaskCompleted", "PlanCompleted"):
        client.xadd(key, {"e": event, "l": "p", "d": "[]", "p": "x", "t": "late"})


@pytest.mark.parametrize("begins", mostly_long(["before", "after"], "after"))
@pytest.mark.parametrize("damage", mostly_long([*DAMAGES, "no text in it", "half an event"], "of another type"))
def test_a_damaged_feed_ends_no_coordinator_and_traces_go_on_once_it_is_mended(
    place: Place, settings: Settings, damage: str, begins: str
) -> None:
    with redis.Redis.from_url(place.admin_url, decode_responses=True, encoding_errors="replace") as client:
        world, exporter = LedgerWorld(client, settings), InMemorySpanExporter()
        tracing = Tracing("test", exporter)
        (task,) = world.started("p", ["a"])
        feed = TraceFeed(world.reader, tracing, "test") if begins == "before" else None
        (DAMAGES | STRANGE | {"half an event": half_an_event})[damage](client, world.keys.of("feed"), "stream")
        with capture_logs() as logs:
            feed = feed or TraceFeed(world.reader, tracing, "test")
            for _ in range(3):
                feed.look()
        assert [line["action"] for line in logs] == ["traces-wait"] * (damage == "of another type")
        for found in damaged_keys(client, world.keys):
            for command in found.mend:
                client.execute_command(*command)
        feed.look()
        world.finish(task)
        feed.look()
        tracing.stop()
        assert [span.name for span in exporter.get_finished_spans()] == ["move a", "plan p"]
