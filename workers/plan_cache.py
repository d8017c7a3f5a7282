"""The stages of the plans that a worker process is busy with. They never change, so they are read once.

A worker outlives a ledger: once Redis was emptied, the same plan id may stand for other content. So what is kept is
kept by the ledger's incarnation and the content's digest, which every begun turn brings along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog

from orchestrator.domain import formats
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.reader import Reader
from orchestrator.stages.stage_factory import CompiledStage, StageFactory
from steps.kept_by_size import KeptBySize
from steps.raised import is_for_process
from workers.unable import TurnUnable, Unable, cannot_build

MOST_PLANS: Final = 200
MOST_CHARACTERS: Final = 1024 * 1024
"""Of all plans' stages as JSON; compiled they take some 30 bytes a character, 70 if they are of no-ops only."""


_log = structlog.get_logger(__name__)


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
        self._plans: KeptBySize[tuple[str, str, str], CachedPlan] = KeptBySize(MOST_PLANS, MOST_CHARACTERS)
        self._able: KeptBySize[str, bool] = KeptBySize(MOST_PLANS, MOST_PLANS)
        """Ids of plans that were built here, each of weight 1."""

    def why_unable(self, plan_id: str) -> Unable | None:
        """Why this worker cannot run the plan's stages, asked before a turn of it begins; None when it can.

        What is known by heart costs nothing. Should another plan have taken the id meanwhile, ``get`` tells.
        """
        if self._able.get(plan_id):
            return None
        found = self._reader.content_of(plan_id)
        if found is None:
            return None
        try:
            self.get(plan_id, *found)
        except TurnUnable as error:
            return error.unable
        except UNREACHABLE:
            raise
        except BaseException as error:
            if is_for_process(error):
                raise
            _log.exception("the plan's stages cannot be built", action="plan-unreadable", planId=plan_id)
        return None

    def get(self, plan_id: str, incarnation: str, digest: str) -> CachedPlan | None:
        """The plan's stages, from memory or from the ledger; None when this content is not there any more.

        Raises ``TurnUnable`` when this worker cannot build them.
        """
        key = (plan_id, incarnation, digest)
        if (kept := self._plans.get(key)) is not None:
            self._able.put(plan_id, True, 1)
            return kept
        text = self._reader.spec_text(plan_id, incarnation, digest)
        if text is None:
            return None
        spec = read_stored(text)
        if (number := spec.get("format", 1)) > formats.SPEC:
            raise TurnUnable(Unable("spec", str(number)))
        try:
            stages = tuple(self._factory.compile_stage(stage, f"stages[{i}]") for i, stage in enumerate(spec["stages"]))
        except InvalidInput as error:
            raise TurnUnable(cannot_build(error, spec["stages"], self._factory.step_types)) from error
        irreversible = tuple(bool(stage.get("irreversible")) for stage in spec["stages"])
        plan = CachedPlan({"plan_id": plan_id, "name": spec["name"]}, stages, irreversible)
        self._plans.put(key, plan, len(text))
        self._able.put(plan_id, True, 1)
        return plan
