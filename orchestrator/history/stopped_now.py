"""What keeps a task from its admission at the moment of a dump though nobody has looked at it since: it does not wait
for that yet. Asked of the records, as the scripts ask them: a cut log hides nothing but the limits of groups."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.fleet.freezes import read_freeze
from orchestrator.history.ledger_dump import LedgerDump, is_set


def is_stopped(dump: LedgerDump, limits: Mapping[str, int], plan_id: str, task: Mapping[str, str]) -> bool:
    """By a freeze in force, or since a group has no place; ``limits`` of groups, plan:group is a plan's own."""
    return _is_frozen(dump, plan_id, task) or _lacks_place(dump, limits, plan_id, task)


def _is_frozen(dump: LedgerDump, plan_id: str, task: Mapping[str, str]) -> bool:
    if "freezeOverride" in task or "freezeOverride" in dump.plans[plan_id]:
        return False
    pairs = (line.partition("=") for line in task.get("labels", "").splitlines())
    labels = {key: value for key, _, value in pairs}
    return any(_stops(dump, text, task, labels) for text in dump.freezes.values())


def _stops(dump: LedgerDump, text: str, task: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    try:
        freeze = read_freeze(text)
    except ValueError:
        # A damaged one stops all, until it is lifted.
        return True
    if is_set(task, "rollbackRequested") and not freeze.rollbacks:
        return False
    return freeze.state(dump.shown_now_ms())[0] and freeze.scope.covers(task.get("tenant", ""), labels)


def _lacks_place(dump: LedgerDump, limits: Mapping[str, int], plan_id: str, task: Mapping[str, str]) -> bool:
    groups = task.get("groups", "").split()
    own = [] if is_set(task, "rollbackRequested") else [f"{plan_id}:{group}" for group in groups]
    return any(len(dump.groups.get(name, ())) >= limits[name] for name in [*groups, *own] if name in limits)
