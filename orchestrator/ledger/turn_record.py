"""The order in which a script tells a begun turn (``turn_record`` in ``scripts/includes/stage_begin.lua``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import TurnRecord


def turn_record(answer: Sequence[Any]) -> TurnRecord:
    """The record of a turn that has begun, from a script's answer."""
    tenant_id, mode, index, stage_name, cursor, config, snapshot, attempt, incarnation, *rest = answer
    checkpoint, forced, digest, rollbacks, created, legs = rest
    return TurnRecord(
        tenant_id=tenant_id,
        mode=TaskState(mode),
        stage_index=index,
        stage_name=stage_name,
        cursor=json.loads(cursor) if cursor else {},
        config=config,
        snapshot=snapshot or None,
        attempt=attempt,
        incarnation=incarnation,
        checkpoint=json.loads(checkpoint) if checkpoint else {},
        forced=bool(forced),
        digest=digest,
        rollbacks=rollbacks,
        plan_created=str(created),
        legs=legs,
    )
