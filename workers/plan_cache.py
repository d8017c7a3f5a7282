"""The stages of the plans that a worker process is busy with. They never change, so they are read once.

A worker outlives a ledger: once Redis was emptied, the same plan id may stand for other content. So what is kept is
kept by the ledger's incarnation and the content's digest, which every begun turn brings along.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.ledger.reader import Reader
from orchestrator.stages.stage_factory import CompiledStage, StageFactory

LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class CachedPlan:
    """``reference`` is what templates see as ``plan``; ``irreversible`` says which stages are marked so."""

    reference: dict[str, Any]
    stages: tuple[CompiledStage, ...]
    irreversible: tuple[bool, ...]


class PlanCache:
    """The most recently used plans; safe to share between threads."""

    def __init__(self, reader: Reader, factory: StageFactory) -> None:
        self._reader = reader
        self._factory = factory
        self._lock = threading.Lock()
        self._plans: OrderedDict[tuple[str, str, str], CachedPlan] = OrderedDict()

    def get(self, plan_id: str, incarnation: str, digest: str) -> CachedPlan | None:
        """The plan's stages, from memory or from the ledger; None when this content is not there any more.

        Raises ``InvalidInput`` when this worker cannot build them: it lacks a step that the submitter had.
        """
        key = (plan_id, incarnation, digest)
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                return self._plans[key]
        spec = self._reader.spec_of(plan_id, incarnation, digest)
        if spec is None:
            return None
        stages = tuple(self._factory.compile_stage(stage, f"stages[{i}]") for i, stage in enumerate(spec["stages"]))
        irreversible = tuple(bool(stage.get("irreversible")) for stage in spec["stages"])
        plan = CachedPlan({"plan_id": plan_id, "name": spec["name"]}, stages, irreversible)
        with self._lock:
            self._plans[key] = plan
            if len(self._plans) > LIMIT:
                self._plans.popitem(last=False)
        return plan
