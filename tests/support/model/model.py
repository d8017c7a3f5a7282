"""The whole model: a plan is submitted, and things are asked."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.fleet.rules import NO_RULES, FleetRules
from tests.support.model.chunks import Chunks
from tests.support.model.records import Answer, Plan, Retry, Task, Tenant, Wave


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
        plan = self.plans[plan_id] = Plan(id=plan_id, slots=slots, stages=stages, on_breach=rules.on_breach)
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
        for position, name in enumerate(tenants):
            tenant = self.tenants.setdefault(name, Tenant(name))
            task = Task(f"{plan_id}.{position}", plan, position, tenant, snapshot, stages, rank=(2, 1, position))
            plan.tasks.append(task)
            if wave_of:
                task.wave = plan.waves[wave_of[position]]
                task.wave.tasks.append(task)
            self.tasks[task.id] = task
            self._say("TaskCreated", task.id)
        self._say("PlanReady", plan_id)

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
