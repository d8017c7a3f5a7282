"""What the scripts of a turn take and tell: their arguments and answers in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checkpoint.contract import FORMAT as CHECKPOINT_FORMAT
from orchestrator.domain import formats
from orchestrator.domain.status import TaskState
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import Dropped, Early, TooNew, Turn, TurnRecord
from orchestrator.ledger.stored_forms import told_json

VerbArguments = tuple[str | int | float, ...]
"""Arguments of one script."""

Begin = tuple[Begun, TurnRecord | Early | TooNew | Dropped]
"""The record comes with ``BEGUN`` only, the due time with ``EARLY``."""

PolledAgain = tuple[Ended, int, int]
"""``AGAIN`` with the next turn's number and its due time (ms of the ledger's clock), or ``STALE``."""


def begin_row(turn: Turn, worker: str) -> VerbArguments:
    """Of ``begin``."""
    return (turn.task_id, turn.epoch, turn.stage, turn.turn, worker, formats.CURSOR, CHECKPOINT_FORMAT)


def begun_of(answer: Sequence[Any]) -> Begin:
    """What ``begin`` answered."""
    code = Begun(answer[0])
    if code is Begun.EARLY:
        due_ms, tenant_id, mode, *more = answer[1:]
        return code, Early(due_ms, tenant_id, TaskState(mode), *more)
    if code is Begun.TOO_NEW:
        return code, TooNew(*answer[1:])
    if code is not Begun.BEGUN:
        return code, Dropped(answer[1])
    return code, turn_record(answer[1:])


def poll_row(turn: Turn, delay_seconds: float, cursor: str) -> VerbArguments:
    """Of ``poll_again``; ``cursor`` is JSON."""
    return (turn.task_id, turn.epoch, turn.stage, turn.turn, round(delay_seconds * 1000), cursor)


def polled_again(answer: Sequence[Any]) -> PolledAgain:
    """What ``poll_again`` answered."""
    following, due_ms = answer[1:] or (0, 0)
    return Ended(answer[0]), following, due_ms


def turn_record(answer: Sequence[Any]) -> TurnRecord:
    """The record of a turn that has begun, as ``turn_record`` in ``scripts/includes/stage_begin.lua`` tells it."""
    tenant_id, mode, index, stage_name, cursor, config, snapshot, attempt, incarnation, *rest = answer
    checkpoint, flags, digest, rollbacks, created, legs = rest
    kept, at = _checkpoint_of(checkpoint) if checkpoint else {}, told_json(cursor) if cursor else {}
    is_place = isinstance(at, dict)
    return TurnRecord(
        tenant_id=tenant_id,
        mode=TaskState(mode),
        stage_index=index,
        stage_name=stage_name,
        cursor=at if is_place else {},
        config=config,
        snapshot=snapshot or None,
        attempt=attempt,
        incarnation=incarnation,
        checkpoint=kept or {},
        forced=bool(flags & 1),
        digest=digest,
        rollbacks=rollbacks,
        plan_created=str(created),
        legs=legs,
        skips=bool(flags & 2),
        no_checkpoint=checkpoint if kept is None else "",
        no_cursor="" if is_place else cursor,
    )


def _checkpoint_of(text: str) -> dict[str, Any] | None:
    """A checkpoint or the marker in its place; None for what is neither."""
    found = told_json(text)
    return found if isinstance(found, dict) and isinstance(found.get("outputs", {}), dict) else None
