"""Writes a checked plan into the ledger: draft, chunks, commit. Cut off anywhere, it can simply be repeated (I11)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import formats
from orchestrator.domain.errors import PlanConflict, TenantsMoved
from orchestrator.domain.status import PlanState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Committed, Opened, Written
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import StageRow
from orchestrator.plans.plan import Plan

CHUNK: Final = 100
"""Tenants in one script: a few milliseconds of Redis' time."""

CHUNK_BYTES: Final = 512 * 1024
"""A chunk of large configs ends earlier."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plan depends on that was looked at before it is written: the digest of its file, and of each of its
    tenants how it was seen (``tenant_mark``) when it is bound to a preview."""

    file_digest: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


UNSEEN: Final = Seen()


def write_plan(
    ledger: Ledger,
    plan: Plan,
    progress: Callable[[int], None] = lambda _: None,
    seen: Seen = UNSEEN,
    actor: str = "",
) -> PlanState:
    """Writes the plan whole and makes it ready; answers its state, which for a plan that exists may be any.

    ``progress`` is told how many tenants are written, the log ``actor`` as who submits. Raises ``PlanConflict`` when
    the id belongs to other content, ``TenantsMoved`` when one of them is not as ``seen`` any more, up to the very
    commit; then nothing is left of it.
    """
    try:
        return _write_plan(ledger, plan, progress, seen, actor)
    except TenantsMoved:
        take_back_draft(ledger, plan.plan_id)
        raise


def take_back_draft(ledger: Ledger, plan_id: str) -> None:
    """Takes a draft out that cannot become what it was begun as. One that has become a plan meanwhile stays."""
    if Reader(ledger.client, ledger.keys).plan_record(plan_id).get("status") != PlanState.CREATED:
        return
    Purges(ledger).purge(plan_id, Order("system", "its tenants are not as they were seen any more"))
    for _ in Purges(ledger).chunks():
        pass


def _write_plan(ledger: Ledger, plan: Plan, progress: Callable[[int], None], seen: Seen, actor: str) -> PlanState:
    opened, chunks_written, state = _open(ledger, plan, seen, actor)
    if opened is Opened.PURGING:
        # An older plan of this id was purged a moment ago: what is left of it goes first.
        for _ in Purges(ledger).chunks():
            pass
        opened, chunks_written, state = _open(ledger, plan, seen, actor)
    elif opened is Opened.REMAINS:
        Purges(ledger).lose(plan.plan_id)
        opened, chunks_written, state = _open(ledger, plan, seen, actor)
    if opened in (Opened.PURGING, Opened.REMAINS):
        raise PlanConflict(f"plan_id: an older plan {plan.plan_id} is still being purged; submit it again in a moment")
    if opened is Opened.CONFLICT:
        raise PlanConflict(f"plan_id: a plan {plan.plan_id} exists with other content; choose another plan_id")
    if state is not None:
        return state
    start = 0
    for index, end in enumerate(_chunk_ends(plan)):
        if index >= chunks_written:
            tenants = [_row(plan, position, seen) for position in range(start, end)]
            written = ledger.write_chunk(plan.plan_id, plan.digest, index, tenants)
            if written is Written.CLOSED:
                raise PlanConflict(f"plan_id: the draft of {plan.plan_id} was taken back meanwhile; submit it again")
            if written is Written.MOVED:
                # The commit names them.
                break
        start = end
        progress(end)
    committed, state = ledger.commit_plan(plan.plan_id, plan.digest)
    if committed in (Committed.INCOMPLETE, Committed.MISSING):
        raise PlanConflict(f"plan_id: the draft of {plan.plan_id} was changed meanwhile; submit it again")
    return state or PlanState.READY


def _open(ledger: Ledger, plan: Plan, seen: Seen, actor: str) -> tuple[Opened, int, PlanState | None]:
    return ledger.open_plan(
        plan_id=plan.plan_id,
        digest=plan.digest,
        name=plan.name,
        max_concurrency=plan.max_concurrency,
        total=len(plan.tenants),
        spec=_spec(plan),
        rollback_order=plan.rollback_order,
        incarnation=uuid.uuid4().hex,
        task_timeout_seconds=plan.task_timeout_seconds,
        stages=[StageRow(stage.name, stage.timeout_seconds, stage.irreversible) for stage in plan.stages],
        rules=plan.rules,
        file_digest=seen.file_digest,
        actor=actor,
    )


def _row(plan: Plan, position: int, seen: Seen) -> tuple[str, str, str]:
    tenant = plan.tenants[position]
    traits = tenant.traits
    if plan.wave_of:
        wave = f'{{"wave":{plan.wave_of[position]}'
        traits = wave + ("}" if traits == "{}" else "," + traits[1:])
    return tenant.tenant_id, tenant.config, seen.marks.get(tenant.tenant_id, "") + traits


def _chunk_ends(plan: Plan) -> list[int]:
    """Where chunks end: the same for the same plan, so that a repeated submit writes the same chunks."""
    ends: list[int] = []
    count = size = 0
    for position, tenant in enumerate(plan.tenants):
        if count == CHUNK or (count and size + len(tenant.config) > CHUNK_BYTES):
            ends.append(position)
            count = size = 0
        count += 1
        size += len(tenant.config)
    return [*ends, len(plan.tenants)]


def _spec(plan: Plan) -> str:
    stages = ",".join(stage.spec for stage in plan.stages)
    return f'{{"format":{formats.SPEC},"name":{json.dumps(plan.name)},"stages":[{stages}]}}'
