"""The whole model: a plan is submitted, and things are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.fleet.rules import NO_RULES, FleetRules
from tests.support.model.chunks import Chunks
from tests.support.model.records import Answer, Mark, Plan, Retry, Task, Tenant, Wave


class Model(Chunks):
    """All plans of a namespace; ``events`` are (type, task or plan id), in order."""

    def submit(
        self,
        plan_id: str,
        tenants: list[str],
        stages: int,
        slots: int,
        *,
        snapshot: bool,
        rules: FleetRules = NO_RULES,
        wave_of: Sequence[int] = (),
    ) -> None:
        self.open(plan_id, slots, stages, rules)
        self.write(plan_id, tenants, snapshot=snapshot, wave_of=wave_of)
        self.commit(plan_id)

    def open(self, plan_id: str, slots: int, stages: int, rules: FleetRules = NO_RULES) -> None:
        plan = self.drafts[plan_id] = Plan(id=plan_id, slots=slots, stages=stages, on_breach=rules.on_breach)
        plan.auto_rollback = rules.auto_rollback
        plan.bear(rules.tolerance)
        for index, told in enumerate(rules.waves):
            wave = Wave(
                index=index,
                most=told.max_concurrency or 10**9,
                gate=bool(told.gate),
                soaks=told.soak_seconds is not None,
            )
            wave.bear(told.tolerance)
            plan.waves.append(wave)
        self._say("PlanCreated", plan_id)

    def write(
        self,
        plan_id: str,
        tenants: Sequence[str],
        *,
        snapshot: bool,
        wave_of: Sequence[int] = (),
        seen: Mapping[str, Mark] | None = None,
    ) -> str:
        """All of a draft at once. ``seen``: what the preview that binds it has shown of each tenant."""
        plan = self.drafts[plan_id]
        found = [self.tenants.setdefault(name, Tenant(name)) for name in tenants]
        if seen is not None and any(tenant.mark != seen[tenant.id] for tenant in found):
            plan.moved = True
            return "MOVED"
        for position, tenant in enumerate(found):
            task = Task(f"{plan_id}.{position}", plan, position, tenant, snapshot, plan.stages, rank=(2, 1, position))
            task.old = "source" if snapshot else ""
            task.seen = None if seen is None else seen[tenant.id]
            plan.tasks.append(task)
            if wave_of:
                task.wave = plan.waves[wave_of[position]]
                task.wave.tasks.append(task)
            self._say("TaskCreated", task.id)
        return "WRITTEN"

    def commit(self, plan_id: str) -> str:
        """Refused once one of its tenants is not any more as it was seen."""
        plan = self.drafts[plan_id]
        if plan.moved:
            return "MOVED"
        self.plans[plan_id] = self.drafts.pop(plan_id)
        self.tasks |= {task.id: task for task in plan.tasks}
        self._say("PlanReady", plan_id)
        return "READY"

    def abandon(self, plan_id: str) -> None:
        """Nobody has written it for an hour."""
        del self.drafts[plan_id]
        self._say("PlanValidationFailed", plan_id)

    def ask(
        self, operation: str, target: str, *, from_scratch: bool = False, force: bool = False, override: bool = False
    ) -> Answer:
        if target in self.plans:
            plan = self.plans[target]
            if operation == "retry":
                return self._retry_plan(plan, Retry(from_scratch, force, override, {}))
            answer: Answer = getattr(self, f"_{operation}_plan")(plan, force)
            return answer
        task = self.tasks[target]
        if operation == "retry":
            return self._retry_task(task, Retry(from_scratch, force, override, {}))
        answer = getattr(self, f"_{operation}_task")(task, force)
        return answer
