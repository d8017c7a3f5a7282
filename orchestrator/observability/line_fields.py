"""The fields of a log line: what users' code brings stands beside what the line is made by, never in its place.

A step or middleware may bind whatever it likes to the lines of its stage, or give it with a line of its own. Under a
name that is read on the way to the line it would be taken for what stands there, and lines be lost, or be another's.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping
from typing import Any, Final, cast

import structlog

APART: Final = "user_"
"""What such a name gets in front."""

TASK_FIELDS: Final = ("planId", "taskId", "tenantId", "stageName")
"""What the lines of a stage carry."""

_OF_LINES: Final = frozenset(
    {"_record", "_from_structlog", "exception", "stack", "level", "logger", "logger_name", "timestamp"}
)
"""What processors put in, or take out: no call gives it."""

_OF_CALLS: Final = frozenset({"event", "action", "exc_info", "stack_info", "positional_args", *TASK_FIELDS})
"""What the call itself gives, and nobody binds."""


def merge_bound(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor of structlog: adds what is bound to the context (``structlog.contextvars``)."""
    if bound := structlog.contextvars.get_contextvars():
        for key, value in _apart(bound, _OF_LINES | _OF_CALLS).items():
            event.setdefault(key, value)
    return event


def set_apart(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A processor of structlog, the first: what the call gave, and its logger has bound."""
    if _is_exc_info(event.get("exc_info")):
        return _apart(event, _OF_LINES)
    # As structlog has it, anything else asks for the error that is being handled.
    return {**_apart(event, _OF_LINES | {"exc_info"}), "exc_info": True}


def raised_error(info: Any) -> BaseException | None:
    """The error that ``exc_info`` of a line names, in any of its forms."""
    if _is_exc_info(info):
        if type(info) is tuple:
            return cast("BaseException | None", info[1])
        if issubclass(type(info), BaseException):
            return cast("BaseException", info)
        if not info:
            return None
    return sys.exc_info()[1]


def _is_exc_info(info: Any) -> bool:
    kind = type(info)
    if kind is tuple:
        return len(info) == 3 and (info[1] is None or issubclass(type(info[1]), BaseException))
    return kind in (bool, int, type(None)) or issubclass(kind, BaseException)


def _apart(fields: Mapping[str, Any], taken: Container[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for given, value in fields.items():
        # Of a subclass of ``str`` the text itself: what it says of its hash and of others is code.
        key = str.__str__(given)
        while key in taken or key in found:
            key = APART + key
        found[key] = value
    return found
