"""When every wake has been answered, nobody waits who could be admitted right now: the rules read once more, from the
records alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from tests.support.ledger_world import LedgerWorld
from tests.support.random_walk.told import check_waits_are_told

Record = Mapping[str, str]
ON_ITS_WAY: Final = (TaskState.RUNNING, TaskState.ROLLING_BACK)
UNBOUNDED: Final = 1_000_000


def all_tasks(world: LedgerWorld) -> dict[str, Record]:
    """Every task's record by its id."""
    plans = {plan_id: world.reader.plan_record(plan_id) for plan_id in world.reader.plan_ids()}
    ids = [f"{plan_id}.{at}" for plan_id, record in plans.items() for at in range(int(record["total"]))]
    return dict(zip(ids, world.reader.task_records(ids), strict=True))


def check_nobody_waits_in_vain(world: LedgerWorld, traits: Mapping[str, Mapping[str, Any]]) -> None:
    """``traits``: labels and groups by tenant."""
    for _ in range(3):
        world.coordinate()
        world.ledger.call("sweep_groups", 100, 100)
        world.ledger.call("sweep_lines", 100, 100)
    world.coordinate()
    moment = Moment(world, traits)
    vain = [task_id for task_id in moment.tasks if moment.waits(task_id) and moment.could_be_admitted(task_id)]
    assert not vain, f"could be admitted, and wait: {[(one, world.task(one)) for one in vain]}"
    check_waits_are_told(world, [task_id for task_id in moment.tasks if moment.waits(task_id)], moment.tasks)


class Moment:
    """All records as they are now."""

    def __init__(self, world: LedgerWorld, traits: Mapping[str, Mapping[str, Any]]) -> None:
        self.tasks = all_tasks(world)
        self._traits = traits
        self._plans = {plan_id: world.reader.plan_record(plan_id) for plan_id in world.reader.plan_ids()}
        self._freezes = world.freezes.reads.all()
        kept = cast(dict[str, str], world.client.hgetall(world.keys.of("settings")))
        self._caps = {name[6:]: int(cap) for name, cap in kept.items() if name.startswith("GROUP:")}
        self._active = [task_id for task_id, task in self.tasks.items() if task["status"] in ON_ITS_WAY]
        self._holders = {self.tasks[one]["tenant"]: one for one in self._active}
        for task_id, task in self.tasks.items():
            if task["status"] in (TaskState.PAUSED, TaskState.PENDING) and "startedAt" in task:
                self._holders.setdefault(task["tenant"], task_id)

    def waits(self, task_id: str) -> bool:
        """For its move, or its way back."""
        return self.tasks[task_id]["status"] == TaskState.PENDING or self._is_back(task_id)

    def could_be_admitted(self, task_id: str) -> bool:
        """By slots, tenant, freezes and groups; a move also by its plan and its wave."""
        task, plan = self.tasks[task_id], self._plans[plan_of(task_id)]
        most = int(plan["max"])
        if most == 1 or sum(plan_of(one) == plan_of(task_id) for one in self._active) >= most:
            # A plan with one slot passes nobody by: who stands before it may wait.
            return False
        if self._holders.get(task["tenant"], task_id) != task_id:
            return False
        if self._is_frozen(task_id) or self._is_group_full(task_id):
            return False
        return self._is_back(task_id) or (self._moves_now(plan) and self._wave_lets_in(task_id))

    def _is_back(self, task_id: str) -> bool:
        task = self.tasks[task_id]
        return task.get("rollbackRequested") == "1" and task["status"] not in ON_ITS_WAY

    def _is_frozen(self, task_id: str) -> bool:
        task, back = self.tasks[task_id], self._is_back(task_id)
        if task.get("freezeOverride") or self._plans[plan_of(task_id)].get("freezeOverride"):
            return False
        labels = self._traits[task["tenant"]]["labels"]
        records = [one.record for one in self._freezes if one.record is not None]
        return any((one.rollbacks or not back) and one.scope.covers(task["tenant"], labels) for one in records)

    def _is_group_full(self, task_id: str) -> bool:
        plan_id, back = plan_of(task_id), self._is_back(task_id)
        for group in self._traits[self.tasks[task_id]["tenant"]]["groups"]:
            holders = [one for one in self._active if group in self._traits[self.tasks[one]["tenant"]]["groups"]]
            own = [one for one in holders if plan_of(one) == plan_id and self.tasks[one]["status"] == TaskState.RUNNING]
            of_plan = int(self._plans[plan_id].get(f"group:{group}") or UNBOUNDED)
            if len(holders) >= self._caps.get(group, UNBOUNDED) or (not back and len(own) >= of_plan):
                return True
        return False

    def _moves_now(self, plan: Record) -> bool:
        is_stopped = any(plan.get(flag) == "1" for flag in ("pauseRequested", "cancelRequested"))
        return plan["status"] == PlanState.RUNNING and not is_stopped and not plan.get("paced")

    def _wave_lets_in(self, task_id: str) -> bool:
        plan_id, task = plan_of(task_id), self.tasks[task_id]
        if not self._bears(plan_id, None) or "wave" not in task:
            return self._bears(plan_id, None)
        plan = self._plans[plan_id]
        if int(task["wave"]) > int(plan["wave"]) and "startedAt" not in task:
            return False
        if int(plan["wave"]) < int(plan["waves"]):
            failed, _, limit = self._part(plan_id, plan["wave"])
            if limit is not None and failed > limit:
                return False
        return self._bears(plan_id, task["wave"])

    def _part(self, plan_id: str, wave: str | None) -> tuple[int, int, int | None]:
        """Of the plan or one of its waves: how many failed, how many are on their way, how many failures are borne."""
        plan, prefix = self._plans[plan_id], "" if wave is None else f"wave:{wave}:"
        mine = [
            task
            for task_id, task in self.tasks.items()
            if plan_of(task_id) == plan_id and (wave is None or task.get("wave") == wave)
        ]
        failed = sum(_counts_as_failed(task) for task in mine)
        on_their_way = sum(task["status"] in ON_ITS_WAY for task in mine)
        if f"{prefix}tolerance" not in plan:
            return failed, on_their_way, None
        return failed, on_their_way, int(plan[f"{prefix}tolerance"]) + int(plan.get(f"{prefix}accepted", 0))

    def _bears(self, plan_id: str, wave: str | None) -> bool:
        plan, prefix = self._plans[plan_id], "" if wave is None else f"wave:{wave}:"
        failed, on_their_way, limit = self._part(plan_id, wave)
        if on_their_way >= int(plan.get(f"{prefix}max", UNBOUNDED)):
            return False
        risk = failed + (on_their_way if plan.get(f"{prefix}strict") == "1" else 0)
        return limit is None or risk <= limit


def _counts_as_failed(task: Record) -> bool:
    if task["status"] in (TaskState.FAILED, TaskState.ROLLBACK_FAILED):
        return task.get("accepted") != "1"
    return task["status"] in (TaskState.ROLLING_BACK, TaskState.ROLLED_BACK) and task.get("policyBack") == "1"
