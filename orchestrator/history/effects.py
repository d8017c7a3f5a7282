"""Effects as real instances record them, so that "run twice" is counted at the target and not in our own log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.domain.task_id import plan_of
from orchestrator.history.report import Report
from orchestrator.history.world import World


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect at an instance: the step's idempotency key, and for a fenced write the writer's epoch."""

    tenant_id: str
    idempotency_key: str
    epoch: int | None = None

    @property
    def task_id(self) -> str:
        """The key is ``task/attempt/mode/stage/step/rollbacks/incarnation``."""
        return self.idempotency_key.split("/")[0]

    @property
    def stage_key(self) -> tuple[str, int, str, int]:
        task_id, attempt, mode, stage = self.idempotency_key.split("/")[:4]
        return task_id, int(attempt), mode, int(stage)


def check_effects(effects: Iterable[Effect], world: World, effect_stages: Iterable[int], report: Report) -> None:
    """``effects`` in the order of their arrival; ``effect_stages`` are the plan stages that have at least one each.

    A step runs at least once; each recovery of its task explains one more run of what was not recorded, no more.
    """
    listed = list(effects)
    counts = Counter(effect.idempotency_key for effect in listed)
    for key, count in counts.items():
        task_id = key.split("/")[0]
        recoveries = world.recoveries.get(task_id, [])
        # What is purged is forgotten, and may have had effects.
        if task_id not in world.tasks and (
            plan_of(task_id) in world.plans or plan_of(task_id) not in world.plan_numbers
        ):
            report.add("I4", f"an effect of unknown task {task_id}: {key}")
        elif count > 1 + len(recoveries):
            report.add("I4", f"effect {key} arrived {count} times, with {len(recoveries)} recoveries", *recoveries)
    _check_fence(listed, report)
    done = {effect.stage_key for effect in listed}
    wanted = list(effect_stages)
    for task_id, recorded in world.recorded.items():
        for (attempt, mode, stage), event in recorded.items():
            if stage in wanted and (task_id, attempt, mode, stage) not in done:
                report.add("I12", f"stage {stage} of {task_id} is recorded, yet had no effect", event)


def _check_fence(effects: Iterable[Effect], report: Report) -> None:
    newest: defaultdict[str, int] = defaultdict(int)
    for effect in effects:
        if effect.epoch is None:
            continue
        if effect.epoch < newest[effect.tenant_id]:
            report.add(
                "I8", f"epoch {effect.epoch} wrote to {effect.tenant_id} after epoch {newest[effect.tenant_id]} had"
            )
        newest[effect.tenant_id] = max(newest[effect.tenant_id], effect.epoch)
