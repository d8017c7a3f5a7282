"""What an error of user's code tells, read here alone: whatever its words and parts do, nothing is raised.

Its methods, properties and metaclass are code too, and may raise what is no ``Exception`` (a ``SystemExit`` of theirs
ends no thread of ours), answer what is no text, or hold others without end. So its parts are read past all of that, by
``BaseException``'s own descriptors, and what it says is bounded. Nothing here is masked.
"""

from __future__ import annotations

import linecache
import os
import stat
from collections import deque
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final

from pydantic import ValidationError

MOST_SAID: Final = 10_000
"""Characters of what one error says."""

MOST_ERRORS: Final = 12
"""Errors told with one: its causes, the members of its groups, and theirs."""

MOST_TOLD: Final = 32_000
"""Characters after which no further error is told."""

_MOST_NOTES: Final = 5
_FIRST_FRAMES: Final = 4
_LAST_FRAMES: Final = 16
_LONGEST_LINE: Final = 300
_LONGEST_SOURCE: Final = 1_000_000
"""Bytes of a file of which a line is shown."""

_NAME: Final[Any] = type.__dict__["__name__"]
_OWN: Final[Any] = BaseException.__dict__
_MEMBERS: Final[Any] = BaseExceptionGroup.__dict__["exceptions"]
_TITLE: Final[Any] = ValidationError.__dict__["title"]

_BY_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_MEANWHILE: Final = "During handling of the above exception, another exception occurred:"


def type_name(value: object) -> str:
    """The name of its type, whatever that says of itself."""
    return exact_text(_NAME.__get__(type(value)), _LONGEST_LINE)


def exact_text(text: str, most: int) -> str:
    """Of a subclass of ``str`` the text itself, without what else that does, cut at ``most`` characters."""
    exact = str.__str__(text)
    return exact if len(exact) <= most else exact[:most] + "…"


def said_by(error: BaseException) -> str:
    """What it says, as ``str``; "" for nothing, and for what cannot say it."""
    return _said(error) or ""


def words_of(error: BaseException) -> str:
    """Its type and what it says, in one text. What cannot say it is told by its type."""
    words = _said(error)
    if words is None:
        return f"{type_name(error)}, which cannot say what it is"
    return f"{type_name(error)}: {words}" if words else type_name(error)


def cause_of(error: BaseException) -> BaseException | None:
    """The error that it was raised from."""
    found: BaseException | None = _OWN["__cause__"].__get__(error)
    return found


def origin_of(error: BaseException) -> BaseException | None:
    """The error that it was raised from, or else that was handled when it was raised."""
    found: BaseException | None = cause_of(error)
    return _OWN["__context__"].__get__(error) if found is None else found


def full_words_of(error: BaseException) -> str:
    """All of it for a log, in Python's form: what it came from, where it was raised, its words, notes and members."""
    return "\n".join(_Telling().chain(error))


class _Telling:
    """One telling: what has been told, and how much more may be."""

    def __init__(self) -> None:
        self._errors = MOST_ERRORS
        self._characters = MOST_TOLD
        self._known: set[int] = set()

    def chain(self, error: BaseException) -> list[str]:
        """The lines of the error behind those of what it came from."""
        blocks: list[list[str]] = []
        one: BaseException | None = error
        link = ""
        while one is not None and id(one) not in self._known:
            if self._errors <= 0 or self._characters <= 0:
                blocks.append(["(more errors are not shown)", *_linked(link)])
                break
            blocks.append([*self._block(one), *_linked(link)])
            one, link = _before(one)
        return [line for block in reversed(blocks) for line in block]

    def _block(self, error: BaseException) -> list[str]:
        self._errors -= 1
        self._known.add(id(error))
        lines = [*_where(_OWN["__traceback__"].__get__(error)), words_of(error), *_notes(error)]
        self._characters -= sum(map(len, lines))
        for number, member in enumerate(_members(error)[:MOST_ERRORS], 1):
            lines.append(f"  member {number}:")
            lines += [f"    {part}" for line in self.chain(member) for part in line.split("\n")]
        return lines


def _linked(link: str) -> list[str]:
    return ["", link, ""] if link else []


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    if (cause := cause_of(error)) is not None:
        return cause, _BY_CAUSE
    return (None, "") if _OWN["__suppress_context__"].__get__(error) else (origin_of(error), _MEANWHILE)


def _members(error: BaseException) -> tuple[BaseException, ...]:
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    found: tuple[BaseException, ...] = _MEMBERS.__get__(error) or ()
    return found


def _notes(error: BaseException) -> list[str]:
    try:
        notes: Any = dict.get(_OWN["__dict__"].__get__(error), "__notes__")
        given = list.__getitem__(notes, slice(_MOST_NOTES)) if issubclass(type(notes), list) else []
        return [exact_text(note, MOST_SAID // 10) for note in given if issubclass(type(note), str)]
    except BaseException:  # noqa: BLE001 - of a key that stands beside it, see above
        return []


def _said(error: BaseException) -> str | None:
    try:
        is_pydantics = issubclass(type(error), ValidationError)
        return exact_text(_of_model(error) if is_pydantics else str(error), MOST_SAID)
    except BaseException:  # noqa: BLE001 - of the error's own code, see above
        return None


def _of_model(error: Any) -> str:
    """As pydantic tells it, without the values: it cuts them in their middle, a secret too. Whole they may be an answer
    with secrets that nobody knows, and the error does not say whether its model hides them."""
    found = ValidationError.errors(error, include_url=False, include_context=False, include_input=False)
    lines = [f"{len(found)} validation error{'s' if len(found) > 1 else ''} for {_TITLE.__get__(error)}"]
    for one in found:
        lines += [".".join(map(str, one["loc"]))] if one["loc"] else []
        lines.append(f"  {one['msg']} [type={one['type']}]")
    return "\n".join(lines)


def _where(trace: TracebackType | None) -> list[str]:
    if trace is None:
        return []
    first: list[str] = []
    last: deque[tuple[FrameType, int]] = deque(maxlen=_LAST_FRAMES)
    count = 0
    while trace is not None:
        if count < _FIRST_FRAMES:
            first += _frame(trace.tb_frame, trace.tb_lineno)
        else:
            last.append((trace.tb_frame, trace.tb_lineno))
        count += 1
        trace = trace.tb_next
    left_out = count - _FIRST_FRAMES - len(last)
    between = [f"  ({left_out} more)"] if left_out > 0 else []
    return ["Traceback (most recent call last):", *first, *between, *_all_frames(last)]


def _all_frames(frames: deque[tuple[FrameType, int]]) -> Iterator[str]:
    for frame, line in frames:
        yield from _frame(frame, line)


def _frame(frame: FrameType, line: int) -> list[str]:
    code = frame.f_code
    file, name = exact_text(code.co_filename, _LONGEST_LINE), exact_text(code.co_name, _LONGEST_LINE)
    place = f'  File "{file}", line {line}, in {name}'
    source = _source(file, line)
    return [place, f"    {source}"] if source else [place]


def _source(file: str, line: int) -> str:
    try:
        found = os.stat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST_SOURCE:
            return ""
        linecache.checkcache(file)
        return exact_text(linecache.getline(file, line).strip(), _LONGEST_LINE)
    except BaseException:  # noqa: BLE001 - whatever stands behind the name that code has given itself
        return ""
