"""From when to when the spans of plans and tasks are, as the log tells it."""

from __future__ import annotations

from datetime import datetime

import redis
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from orchestrator.coordinator.trace_feed import TraceFeed
from orchestrator.observability.tracing import Tracing
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld


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
