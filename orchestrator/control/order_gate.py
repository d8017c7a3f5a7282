"""What everybody who asks for something has to be and to say: one gate, before the first write of any call.

Who asks and why is kept with the target and told in its log, once a task where a request is of many: what has no bound
here has none in Redis.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.operations import Order

REQUEST_ID_LIMIT: Final = 200
"""Characters of a request id, which is a key in Redis."""

TEXT_LIMIT: Final = 1000
"""Characters of an actor, a reason or a pattern: they are kept with the target, with the answer, or in the log."""

_OWN_NAMES: Final = ("system", "policy", "gate")


def is_own_name(name: str) -> bool:
    """Whether Changeover itself acts under this name: events go by it (``CancelledBy``), and so do readers."""
    return name.partition(":")[0].strip().casefold() in _OWN_NAMES


def check_order(order: Order) -> None:
    """Raises ``InvalidInput`` with all that is wrong with it."""
    problems = _too_long({"actor": order.actor, "reason": order.reason, "override_freeze": order.override_freeze})
    if is_own_name(order.actor):
        message = "only Changeover itself acts under that name; say who asks"
        problems.append(Problem("actor", order.actor, message))
    if not order.actor.strip():
        problems.append(Problem("actor", order.actor, "say who asks"))
    if order.override_freeze and not order.override_freeze.strip():
        problems.append(Problem("override_freeze", order.override_freeze, "say why: it is kept in the log"))
    if len(order.request_id) > REQUEST_ID_LIMIT:
        problems.append(Problem("request_id", order.request_id, f"at most {REQUEST_ID_LIMIT} characters"))
    if not order.request_id.strip():
        problems.append(Problem("request_id", order.request_id, "it must not be empty"))
    if problems:
        raise InvalidInput(problems)


def check_patterns(**patterns: str | None) -> None:
    """Raises ``InvalidInput`` for an id, name or pattern that is longer than any."""
    if problems := _too_long(patterns):
        raise InvalidInput(problems)


def check_reason(order: Order) -> None:
    """Raises ``InvalidInput``: what needs a reason is told of for ever."""
    if not order.reason.strip():
        raise InvalidInput([Problem("reason", None, "say why: it is kept in the log")])


def _too_long(texts: dict[str, str | None]) -> list[Problem]:
    return [
        Problem(name, text, f"at most {TEXT_LIMIT} characters")
        for name, text in texts.items()
        if text is not None and len(text) > TEXT_LIMIT
    ]
