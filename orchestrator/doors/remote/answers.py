"""A console's answers, read: the one place that says no to what is no answer of a console.

Whoever answers at the address may be another release, a proxy's page, or somebody who means harm. What does not have
the shape that it should, or is larger than any answer, is ``ConsoleFailed`` and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from orchestrator.control.audit_answers import AuditPage
from orchestrator.control.page_answers import CheckpointPage, PlanPage, TaskPage, TenantPage
from orchestrator.domain.errors import quoted_value
from orchestrator.doors.remote.errors import ConsoleFailed

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of an answer, or of a line of one: as much as a plan that is sent may have."""

MOST_BYTES_OF_PROBLEM: Final = 4 * 1024 * 1024

T = TypeVar("T", bound=BaseModel)
Page = TypeVar("Page", PlanPage, TaskPage, CheckpointPage, TenantPage, AuditPage)
Piece = TypeVar("Piece")


def json_document(content: bytes) -> dict[str, Any]:
    """A JSON mapping."""
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ConsoleFailed("it is no console: what it answers is no JSON") from error
    if not isinstance(found, dict):
        raise ConsoleFailed(f"it is no console: expected a mapping of JSON, got {quoted_value(found)}")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def model_of(kind: type[T], found: Any) -> T:
    """What is answered, as what it should be."""
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"what the console answers is no {kind.__name__}: {where or 'it'}: {first['msg']}"
        raise ConsoleFailed(message) from error


def member_of(found: Mapping[str, Any], name: str, read: Callable[[Any], Piece]) -> Piece:
    """A member of an answer; ``read`` raises ``TypeError``, ``ValueError`` or ``KeyError`` for what it cannot be."""
    try:
        return read(found[name])
    except (TypeError, ValueError, KeyError) as error:
        shown = quoted_value(found[name]) if name in found else "nothing"
        raise ConsoleFailed(f"what the console answers is wrong: {name} cannot be {shown}") from error


def text(value: Any) -> str:
    """For ``member_of``."""
    if not isinstance(value, str):
        raise TypeError
    return value


def mapping(value: Any) -> dict[str, Any]:
    """For ``member_of``."""
    if not isinstance(value, dict):
        raise TypeError
    return value


def whole_number(value: Any) -> int:
    """For ``member_of``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def mappings(value: Any) -> list[dict[str, Any]]:
    """For ``member_of``."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError
    return value


def rows_of(kind: type[T], found: Mapping[str, Any], name: str) -> list[T]:
    """A list of an answer."""
    return [model_of(kind, one) for one in member_of(found, name, mappings)]


def next_page(kind: type[Page], found: Any, cursor: str | None) -> Page:
    """The page at this cursor. One that leads to itself would be asked for without end."""
    page = model_of(kind, found)
    if page.next_cursor is not None and page.next_cursor == cursor:
        raise ConsoleFailed(f"it is no console: behind the cursor {quoted_value(cursor)} stands the same one again")
    return page


def read_all(response: httpx.Response, most: int = MOST_BYTES) -> bytes:
    """The body of a response that is not read yet."""
    pieces, size = [], 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > most:
            raise ConsoleFailed(f"what the console answers is larger than {most} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def lines_of(response: httpx.Response, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Its lines without their ends, as they come. They end with ``\\n`` alone: JSON holds other breaks as they are."""
    held: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():
        *ended, rest = piece.split(b"\n")
        for line in ended:
            yield b"".join([*held, line]).removesuffix(b"\r")
            held, size = [], 0
        if rest:
            held.append(rest)
            size += len(rest)
        if size > most:
            raise ConsoleFailed(f"a line of what the console answers is longer than {most} bytes")
    if held:
        yield b"".join(held)
