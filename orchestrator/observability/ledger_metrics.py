"""A sample of the ledger as Prometheus metrics. Pure: no server is asked here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.sample import PlanSample, Sample
from orchestrator.observability.buckets import FIRST_POWER, LAST_POWER
from orchestrator.observability.metric_names import LEDGER
from orchestrator.observability.task_waits import REASONS, waits_in

RESULTS: Final = {
    "stage": ("succeeded", "failed", "rolled_back", "rollback_failed"),
    "task": ("completed", "failed", "cancelled", "rolled_back", "rollback_failed"),
}
VERDICTS: Final = ("again", "done", "failed")

Values = Mapping[tuple[str, ...], float]


def families(sample: Sample, *, by_plan: bool) -> Iterator[Family]:
    """Everything that the sample says. Each series of a closed set of labels is there from the start, at 0."""
    counters = sample.counters

    def events(kind: str) -> int:
        return counters.get(f"event:{kind}", 0)

    yield _family("task_active", {(): sample.turns_running + sample.turns_queued})
    yield _family("task_completed", {(): events("TaskCompleted")})
    yield _family("task_failed", {(): events("TaskFailed")})
    yield _family("rollback_count", {(): events("TaskRollingBack")})
    ended: Values = {("rolled_back",): events("TaskRolledBack"), ("failed",): events("TaskRollbackFailed")}
    yield _family("rollback_ended", ended)
    lag_ms = 0.0 if sample.oldest_beat_ms is None else max(sample.now_ms - sample.oldest_beat_ms, 0.0)
    yield _family("heartbeat_lag_seconds", {(): lag_ms / 1000})
    for what, results in RESULTS.items():
        yield _histogram(f"{what}_duration_seconds", counters, {(result,): f"{what}:{result}" for result in results})
    steps = {name.rpartition(":")[0] for name in counters if name.startswith("step:")}
    yield _histogram("step_duration_seconds", counters, {_type_and_result(name): name for name in sorted(steps)})
    yield _histogram("dispatch_lag_seconds", counters, {(): "dispatch"})
    yield _family("recoveries", {(): sample.recoveries})
    yield _family("repairs", {(): sample.repairs})
    yield _family("polls", {(verdict,): counters.get(f"polls:{verdict}", 0) for verdict in VERDICTS})
    kinds = {name.removeprefix("event:"): count for name, count in counters.items() if name.startswith("event:")}
    yield _family("events", {(kind,): count for kind, count in sorted(kinds.items())})
    waits = waits_in(sample)
    yield _family("task_waiting", {(reason,): waits[reason] for reason in REASONS})
    yield from _of_plans(sample.plans, by_plan=by_plan)
    yield from _of_workers(sample)
    yield _family("feed_length", {(): sample.feed_length})
    yield from _of_hooks(sample)
    yield _family("ledger_memory_bytes", {(): sample.memory_bytes})
    yield _family("ledger_memory_limit_bytes", {(): sample.memory_limit_bytes})


def _type_and_result(name: str) -> tuple[str, str]:
    step_type, _, result = name.removeprefix("step:").rpartition(":")
    return step_type, result


def _of_hooks(sample: Sample) -> Iterator[Family]:
    hooks = sample.hooks
    yield _family("webhook_sent", {(hook.name,): hook.number("sent") for hook in hooks})
    yield _family("webhook_failed", {(hook.name,): hook.number("failed") for hook in hooks})
    yield _family("webhook_dead_letters", {(hook.name,): hook.dead for hook in hooks})
    last = sample.last_sequence_id
    yield _family("webhook_behind", {(hook.name,): max(last - hook.number("at"), 0) for hook in hooks})
    yield _family("webhook_disabled", {(hook.name,): float("disabled" in hook.fields) for hook in hooks})


def _of_workers(sample: Sample) -> Iterator[Family]:
    # As the workers say it: a turn in a round of polls runs, and takes no slot.
    workers = [process for process in sample.processes if process.role == "worker"]
    busy = sum(worker.busy for worker in workers)
    yield _family("worker_slots_busy", {(): busy})
    yield _family("worker_slots_free", {(): max(sum(worker.slots for worker in workers) - busy, 0)})
    yield _family("turns_queued", {(): sample.turns_queued})
    yield _family("turns_handed_back", {(): sample.turns_handed_back})
    roles = Counter(process.role for process in sample.processes)
    yield _family("process_alive", {("coordinator",): roles["coordinator"], ("worker",): roles["worker"]})


def _of_plans(plans: Sequence[PlanSample], *, by_plan: bool) -> Iterator[Family]:
    yield _family("slots_used", {(): sum(plan.slots_used for plan in plans)})
    free = (max(plan.slots - plan.slots_used, 0) for plan in plans if plan.status == PlanState.RUNNING)
    yield _family("slots_free", {(): sum(free)})
    states = Counter(plan.status for plan in plans)
    open_states = (PlanState.READY, PlanState.RUNNING, PlanState.PAUSED, PlanState.ROLLING_BACK)
    yield _family("plans_active", {(state.value,): states[state.value] for state in open_states})
    yield _family("log_length", {(): sum(plan.log_length for plan in plans)})
    if by_plan:
        states_of = (TaskState.PENDING, TaskState.RUNNING, TaskState.PAUSED, TaskState.ROLLING_BACK)
        rows: Values = {(plan.plan_id, state.value): plan.tasks[state.value] for plan in plans for state in states_of}
        yield _family("plan_tasks", rows)


def _family(name: str, values: Values) -> Family:
    metric = LEDGER[name]
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def gauge(name: str, values: Values) -> Family:
    """A family of the table that comes from elsewhere than a sample."""
    return _family(name, values)


def _histogram(name: str, counters: Mapping[str, int], fields: Mapping[tuple[str, ...], str]) -> Family:
    metric = LEDGER[name]
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, stored in fields.items():
        total, buckets = 0, []
        for power in range(FIRST_POWER, LAST_POWER + 1):
            total += counters.get(f"{stored}:{power}", 0)
            buckets.append((str(2**power / 1000), float(total)))
        total += counters.get(f"{stored}:{LAST_POWER + 1}", 0)
        buckets.append(("+Inf", float(total)))
        family.add_metric(labels, buckets, counters.get(f"{stored}:sum", 0) / 1000)
    return family
