"""What everybody who asks for something has to be and to say: one gate, before the first write of any call.

Who asks and why is kept with the target and told in its log, once a task where a request is of many: what has no bound
here has none in Redis.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.look_alikes import name_skeleton
from orchestrator.domain.printable import steering_character
from orchestrator.ledger.operations import Order

REQUEST_ID_LIMIT: Final = 200
"""Characters of a request id, which is a key in Redis."""

TEXT_LIMIT: Final = 1000
"""Characters of an actor, a reason or a pattern: they are kept with the target, with the answer, or in the log."""

_OWN_NAMES: Final = frozenset(map(name_skeleton, ("system", "policy", "gate")))
_PATTERN: Final = "a name, or a pattern such as 'eu-*'"
_WANTED: Final = {
    "label": "key=value, such as region=eu",
    "every": "times such as 'Mon-Fri 08:00-18:00 Europe/Berlin'",
    "wave": "the wave's name",
    "plan_id": "a plan's id",
    "task_id": "a task's id, such as blue-to-green-1.0",
    "tenant_id": "a tenant's id",
    "identifier": "the id of a plan, task or tenant",
    "name": "its name",
    "stage": "the stage's name",
}
"""What stands in the place of an empty one; ``_PATTERN`` of all others."""
_NO_STEERING: Final = "expected text without control, direction or invisible characters ({})"


def is_own_name(name: str) -> bool:
    """Whether Changeover itself acts under this name, or one that looks like it: events go by it (``CancelledBy``), and
    so do readers."""
    return name_skeleton(name).partition(":")[0].strip() in _OWN_NAMES


def check_order(order: Order, *, needs_reason: bool = False) -> None:
    """Raises ``InvalidInput`` with all that is wrong with it; with ``needs_reason`` also when none is given, since it
    is told of for ever."""
    said = {"reason": order.reason}
    if order.override_freeze is not None:
        said["override_freeze"] = order.override_freeze
    _check_text(actor=order.actor, request_id=order.request_id, **said)
    problems = _too_long({"actor": order.actor, **said})
    problems += _steering({"actor": order.actor} | {name: _without_lines(text) for name, text in said.items()})
    if is_own_name(order.actor) and steering_character(order.actor) is None:
        message = "only Changeover itself acts under that name; say who asks"
        problems.append(Problem("actor", order.actor, message))
    if not order.actor.strip():
        problems.append(Problem("actor", order.actor, "say who asks"))
    if needs_reason and not order.reason.strip():
        problems.append(Problem("reason", None, "say why: it is kept in the log"))
    if order.override_freeze is not None and not order.override_freeze.strip():
        problems.append(Problem("override_freeze", order.override_freeze, "say why: it is kept in the log"))
    if wrong := request_id_fault(order.request_id):
        problems.append(Problem("request_id", _visible(order.request_id), wrong))
    if problems:
        raise InvalidInput(problems)


def _check_text(**given: object) -> None:
    """Raises ``InvalidInput`` for what is no text, and cannot be looked at as one."""
    if wrong := {name: value for name, value in given.items() if not isinstance(value, str)}:
        raise InvalidInput([Problem(name, str(value), "expected text") for name, value in wrong.items()])


def request_id_fault(text: str) -> str:
    """What is wrong with a request id; "" when nothing is."""
    if not text.strip():
        return "it must not be empty"
    if (found := steering_character(text)) is not None:
        return _NO_STEERING.format(found)
    if text.endswith("/"):
        return "it must not end with '/': so end the names of what a request of many parts has done"
    return f"at most {REQUEST_ID_LIMIT} characters" if len(text) > REQUEST_ID_LIMIT else ""


def check_patterns(**patterns: str | None) -> None:
    """Raises ``InvalidInput`` for what ``pattern_problems`` finds."""
    if problems := pattern_problems(**patterns):
        raise InvalidInput(problems)


def check_ids(**ids: str) -> None:
    """Raises ``InvalidInput`` for what can be no id: as ``check_patterns``, and each has to be given."""
    if problems := id_problems(**ids):
        raise InvalidInput(problems)


def id_problems(**ids: str) -> list[Problem]:
    """What is wrong with ids, each of which has to be given."""
    missing = [Problem(name, None, f"expected {_WANTED.get(name, _PATTERN)}") for name in ids if ids[name] is None]
    return missing + pattern_problems(**ids)


def pattern_problems(**patterns: str | None) -> list[Problem]:
    """What is wrong with names and patterns that say whom a call is for: one that is empty would narrow nothing, one
    with characters that nobody sees would mean others than it shows. None: it was not given."""
    found: list[Problem] = []
    for name, text in patterns.items():
        if text is not None and (wrong := _pattern_fault(name, text)):
            found.append(Problem(name, _visible(text) if isinstance(text, str) else str(text), wrong))
    return found


def _pattern_fault(name: str, text: object) -> str:
    if not isinstance(text, str):
        return "expected text"
    if not text.strip():
        return f"expected {_WANTED.get(name, _PATTERN)}, not nothing"
    if len(text) > TEXT_LIMIT:
        return f"at most {TEXT_LIMIT} characters"
    steering = steering_character(text)
    return "" if steering is None else _NO_STEERING.format(steering)


def _without_lines(text: str) -> str:
    """Of a text of several lines, as a form sends it, what is beside their ends."""
    return text.replace("\r\n", "  ").replace("\n", " ").replace("\t", " ")


def _steering(texts: dict[str, str]) -> list[Problem]:
    """What is told for ever must be what people see, and be possible to write: half of a surrogate pair is neither."""
    return [
        Problem(name, _visible(text), _NO_STEERING.format(found))
        for name, text in texts.items()
        if (found := steering_character(text)) is not None
    ]


def _visible(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _too_long(texts: dict[str, str | None]) -> list[Problem]:
    return [
        Problem(name, text, f"at most {TEXT_LIMIT} characters")
        for name, text in texts.items()
        if text is not None and len(text) > TEXT_LIMIT
    ]
