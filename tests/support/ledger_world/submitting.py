"""Plans are opened, written and committed, without a client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.domain.status import PlanState
from orchestrator.fleet.rules import NO_RULES, FleetRules
from orchestrator.ledger.outcomes import Opened
from orchestrator.ledger.records import StageRow
from tests.support.ledger_world.rows import STAGES, config
from tests.support.ledger_world.standing import Standing


class Submitting(Standing):
    """Submits by rows."""

    def open(
        self,
        plan_id: str,
        total: int,
        *,
        digest: str = "d",
        stages: Sequence[str | StageRow] = STAGES,
        max_concurrency: int = 4,
        order: str = "reverse",
        task_timeout_seconds: float | None = None,
        rules: FleetRules = NO_RULES,
    ) -> tuple[Opened, int, PlanState | None]:
        return self.ledger.open_plan(
            plan_id=plan_id,
            digest=digest,
            name=plan_id,
            max_concurrency=max_concurrency,
            total=total,
            spec=json.dumps({"name": plan_id, "stages": []}),
            rollback_order=order,
            incarnation="first",
            task_timeout_seconds=task_timeout_seconds,
            stages=[StageRow(stage) if isinstance(stage, str) else stage for stage in stages],
            rules=rules,
        )

    def plan(
        self,
        plan_id: str,
        tenants: Iterable[str],
        *,
        snapshot: bool = True,
        traits: Mapping[str, Mapping[str, Any]] | None = None,
        wave_of: Sequence[int] = (),
        **options: Any,
    ) -> list[str]:
        """Submits a plan; answers its task ids. ``traits``: labels and groups of tenants that have any; ``wave_of``:
        the wave of each."""
        names, of = list(tenants), traits or {}
        waves: list[dict[str, Any]] = [{"wave": wave} for wave in wave_of] or [{} for _ in names]
        self.open(plan_id, len(names), **options)
        chunk = [
            (name, config(name, plan_id, snapshot=snapshot), json.dumps({**of.get(name, {}), **wave}))
            for name, wave in zip(names, waves, strict=True)
        ]
        self.ledger.write_chunk(plan_id, str(options.get("digest", "d")), 0, chunk)
        self.ledger.commit_plan(plan_id, str(options.get("digest", "d")))
        return [f"{plan_id}.{position}" for position in range(len(names))]
