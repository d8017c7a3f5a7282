"""What one worker process knows and the ledger does not: its own slots, the silence of its broker, its process.

A prefork pool runs its stages in processes of its own: the metrics are the main process', and say how many others there
are. What stages and steps did is in the ledger, whatever the pool, and served by the coordinators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from celery import signals
from celery.worker import state
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from orchestrator.observability.metric_names import WORKER
from orchestrator.observability.metrics import MetricsEndpoint, MetricsServer
from workers.watchdog import SILENCE

_servers: Final[list[MetricsServer]] = []


class WorkerCollector(Collector):
    """Asks Celery's consumer of this process; nothing waits for anything."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def collect(self) -> Iterator[Family]:
        """What is known now."""
        info = self._consumer.pool.info
        processes: Sequence[Any] = info.get("processes") or ()
        slots = info.get("max-concurrency", 0)
        values = {
            "worker_slots": slots if isinstance(slots, int) else 0,
            "worker_turns_active": len(state.active_requests),
            "worker_messages_held": len(state.reserved_requests),
            "worker_broker_silent_seconds": SILENCE.seconds(),
            # Of a pool of threads Celery names this very process.
            "worker_pool_processes": len([pid for pid in processes if isinstance(pid, int)]),
        }
        for name, value in values.items():
            metric = WORKER[name]
            family = GaugeMetricFamily(metric.name, metric.help)
            family.add_metric((), value)
            yield family


def serve(endpoint: MetricsEndpoint) -> None:
    """From when the worker is ready until it shuts down. The port is taken, or ``InvalidInput`` raised, at once."""
    registry = CollectorRegistry()
    _servers.append(MetricsServer(endpoint, registry))

    def ready(sender: Any = None, **_: Any) -> None:
        registry.register(WorkerCollector(sender))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    # Strongly held: Celery keeps weak references otherwise, and these end with this call.
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutdown.connect(stop_serving, weak=False)


def stop_serving(**_: Any) -> None:
    """Serves no more."""
    while _servers:
        _servers.pop().stop()
