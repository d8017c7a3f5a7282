"""Every metric of ours, as data: the collector, docs/metrics.md and its test go by this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MetricKind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. A counter's name is without its ``_total``."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name as a query has it (of a histogram without ``_bucket``, ``_sum``, ``_count``)."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


def _named(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name.removeprefix("changeover_"): metric for metric in metrics}


LEDGER: Final = _named(
    Metric(
        "changeover_ledger_up", "gauge", "1 when the ledger's Redis answered this scrape; 0: all from it is left out"
    ),
    Metric("changeover_broker_up", "gauge", "1 when the broker answered this scrape; 0: queue depth is left out"),
    Metric("changeover_task_active", "gauge", "Tasks that are RUNNING or ROLLING_BACK"),
    Metric("changeover_task_completed", "counter", "Tasks that completed"),
    Metric("changeover_task_failed", "counter", "Tasks that failed"),
    Metric("changeover_rollback_count", "counter", "Rollbacks that began"),
    Metric("changeover_rollback_ended", "counter", "Rollbacks that ended, by result", ("result",)),
    Metric(
        "changeover_heartbeat_lag_seconds", "gauge", "Age of the oldest heartbeat of a stage under way; 0 without one"
    ),
    Metric(
        "changeover_stage_duration_seconds",
        "histogram",
        "Stages from first begin to end; outages that nobody saw pass are left out",
        ("result",),
    ),
    Metric(
        "changeover_task_duration_seconds",
        "histogram",
        "Attempts of tasks from start to end, pauses and outages included",
        ("result",),
    ),
    Metric(
        "changeover_step_duration_seconds",
        "histogram",
        "Attempts of steps, by type and result (done, again, failed)",
        ("type", "result"),
    ),
    Metric("changeover_dispatch_lag_seconds", "histogram", "Turns from published, or due, to begun by a worker"),
    Metric("changeover_task_waiting", "gauge", "Tasks that wait, by what they wait for", ("reason",)),
    Metric("changeover_slots_used", "gauge", "Slots taken in plans that have not ended"),
    Metric("changeover_slots_free", "gauge", "Slots free in running plans"),
    Metric("changeover_worker_slots_busy", "gauge", "Slots in which live workers run a stage now"),
    Metric("changeover_worker_slots_free", "gauge", "Slots of live workers that are free"),
    Metric("changeover_turns_queued", "gauge", "Turns whose message is under way or whose poll is to come"),
    Metric("changeover_turns_handed_back", "gauge", "Turns that workers gave back, since they cannot run them"),
    Metric("changeover_process_alive", "gauge", "Processes that gave a sign of life of late", ("role",)),
    Metric("changeover_recoveries", "counter", "Stages taken over from lost workers"),
    Metric("changeover_repairs", "counter", "Locks, slots, leases and queue places that the reconciler put right"),
    Metric("changeover_polls", "counter", "Turns of stages that polled, by verdict", ("verdict",)),
    Metric("changeover_events", "counter", "Events written, by type", ("type",)),
    Metric("changeover_queue_depth", "gauge", "Messages that wait in a lane of the broker", ("lane",)),
    Metric("changeover_plans_active", "gauge", "Plans that have not ended, by status", ("status",)),
    Metric("changeover_log_length", "gauge", "Events in the logs of plans that have not ended"),
    Metric("changeover_feed_length", "gauge", "Events in the namespace's feed"),
    Metric("changeover_webhook_sent", "counter", "Notifications that a webhook's receiver took", ("hook",)),
    Metric("changeover_webhook_failed", "counter", "Attempts to send one that failed", ("hook",)),
    Metric(
        "changeover_webhook_dead_letters", "gauge", "Notifications that were given up and not sent again", ("hook",)
    ),
    Metric("changeover_webhook_behind", "gauge", "Events of the log that a webhook has not come to yet", ("hook",)),
    Metric("changeover_webhook_disabled", "gauge", "1 when its receiver has answered 410 and gets no more", ("hook",)),
    Metric("changeover_ledger_memory_bytes", "gauge", "Memory that the ledger's Redis uses"),
    Metric("changeover_ledger_memory_limit_bytes", "gauge", "Memory that it may use; 0 without a limit"),
    Metric("changeover_plan_tasks", "gauge", "Tasks of a plan by status (setting metrics_by_plan)", ("plan", "status")),
)
"""By name without the prefix: what a coordinator serves, true for the whole namespace."""

WORKER: Final = _named(
    Metric("changeover_worker_slots", "gauge", "Turns that this worker's pool can run at a time"),
    Metric("changeover_worker_turns_active", "gauge", "Turns that this worker's pool runs now"),
    Metric("changeover_worker_messages_held", "gauge", "Messages that this worker took and has not answered for"),
    Metric("changeover_worker_broker_silent_seconds", "gauge", "For how long its broker gave nothing that was due"),
    Metric("changeover_worker_pool_processes", "gauge", "Processes of its prefork pool; they are not measured here"),
)
"""What ``changeover worker --metrics-port`` serves of one worker, besides its process' own (``process_*``)."""
