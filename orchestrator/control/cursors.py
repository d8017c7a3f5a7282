"""Where a page begins: what a cursor means that an earlier page gave, and what is no such cursor."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.page_reads import PlanPlace


def cursor_problems(place: Callable[[str | None], object], cursor: str | None) -> list[Problem]:
    """What ``place`` refuses of a cursor."""
    try:
        place(cursor)
    except InvalidInput as error:
        return error.problems
    return []


def plan_place(cursor: str | None) -> PlanPlace | None:
    """Where a page of plans begins. Raises ``InvalidInput``."""
    if cursor is None:
        return None
    try:
        return PlanPlace.parse(cursor)
    except ValueError:
        raise _wrong(cursor) from None


def task_place(cursor: str | None) -> int:
    """Where a page of tasks begins. Raises ``InvalidInput``."""
    return _number(cursor, 9)


def tenant_place(cursor: str | None) -> tuple[PlanPlace | None, int]:
    """The plan and the position in it where a page of tenants begins; a position below 0 stands behind its last task.
    Raises ``InvalidInput``."""
    if cursor is None:
        return None, -1
    plan, parted, position = cursor.rpartition(":")
    if not parted:
        raise _wrong(cursor)
    try:
        return plan_place(plan), -1 if position == "end" else task_place(position)
    except InvalidInput:
        raise _wrong(cursor) from None


def audit_place(cursor: str | None) -> int:
    """Where a page of the audit begins. Raises ``InvalidInput``."""
    return _number(cursor, 18)


def _number(cursor: str | None, digits: int) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= digits):
        raise _wrong(cursor)
    return int(cursor)


def _wrong(cursor: str) -> InvalidInput:
    return InvalidInput([Problem("cursor", cursor, "expected the nextCursor of an earlier page, as it was given")])
