"""What an operation is for, and who asks for it."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from orchestrator.control.absent import absent
from orchestrator.control.mistakes import Mistakes
from orchestrator.control.order_gate import check_ids, check_order, check_patterns, id_problems
from orchestrator.control.tenants import purged_tenant
from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.ledger.connection import translate_errors
from orchestrator.ledger.operations import Order, draw_request_id
from orchestrator.ledger.reader import Reader

TargetType = Literal["plan", "tenant", "task"]

Aside = Callable[[], None]
"""What is done now and then while a call waits for a target."""


@dataclass(frozen=True, slots=True)
class OperationTarget:
    """What an operation is for."""

    type: TargetType
    identifier: str


def target_of(
    *, plan_id: str | None = None, tenant_id: str | None = None, task_id: str | None = None
) -> OperationTarget:
    """The one that is given. Raises ``InvalidInput`` for none or several."""
    pairs: list[tuple[TargetType, str | None]] = [("plan", plan_id), ("tenant", tenant_id), ("task", task_id)]
    given = [OperationTarget(kind, identifier) for kind, identifier in pairs if identifier is not None]
    if len(given) != 1:
        raise InvalidInput([Problem("", None, "give exactly one of plan, tenant and task")])
    check_patterns(**{f"{given[0].type}_id": given[0].identifier})
    return given[0]


def plan_only(name: str, target: Mapping[str, str | None]) -> list[Problem]:
    """What is wrong with an option ``name`` for a plan's tasks where the call is for a tenant or a task."""
    given = {kind for kind, identifier in target.items() if identifier is not None}
    if not given or "plan_id" in given:
        return []
    return [Problem("", None, f"{name} is for one plan's tasks; give its PLAN_ID")]


def explained_target(whole: bool, **target: str | None) -> OperationTarget:
    """What is to be explained, ``whole`` if it is a plan. Raises ``InvalidInput`` with all that is wrong."""
    mistakes = Mistakes(plan_only("whole", target) if whole else ())
    with mistakes:
        wanted = target_of(**target)
    mistakes.tell()
    return wanted


def identify(reader: Reader, identifier: str, *, plan_first: bool = False) -> OperationTarget:
    """The one plan, task or tenant of this id; of several the plan with ``plan_first``, else ``InvalidInput``. Raises
    ``NotFound``."""
    known: dict[TargetType, bool] = {
        "plan": bool(reader.plan_record(identifier)),
        "task": bool(reader.task_records([identifier])[0]),
        "tenant": reader.task_of_tenant(identifier) is not None,
    }
    # What a purge left of a tenant is told of, and is in no other's way.
    known["tenant"] = known["tenant"] or (not any(known.values()) and purged_tenant(reader, identifier) is not None)
    found = [OperationTarget(kind, identifier) for kind, is_known in known.items() if is_known]
    if not found:
        raise absent(reader, "plan, task or tenant", identifier)
    if len(found) > 1 and not (plan_first and known["plan"]):
        kinds = [target.type for target in found]
        message = f"is a {' and a '.join(kinds)}; say which: {' or '.join(f'--{kind}' for kind in kinds)}"
        raise InvalidInput([Problem("", identifier, message)])
    return found[0]


@contextmanager
def asking_about(url: str, *wrong: Collection[Problem], **ids: str) -> Iterator[None]:
    """What is looked up at a server's address, by ids that can be some. Raises ``InvalidInput`` for those that cannot
    and all else that is ``wrong`` with the call, before anybody is asked, and ``Unreachable``."""
    if problems := [*id_problems(**ids), *(one for some in wrong for one in some)]:
        raise InvalidInput(problems)
    with translate_errors(url):
        yield


@contextmanager
def asking(url: str, order: Order) -> Iterator[None]:
    """Turns a server's absence into ``Unreachable`` that names the request: its answer may be what was lost."""
    try:
        with translate_errors(url):
            yield
    except Unreachable as error:
        raise Unreachable(
            f"{error}; to ask again for the same and not twice, give request id {order.request_id}"
        ) from error


def default_actor() -> str:
    """Who asks, unless said otherwise: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container often runs under a number that has no name.
        user = f"uid-{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def order_of(
    actor: str | None,
    reason: str,
    request_id: str | None,
    *,
    from_scratch: bool = False,
    force: bool = False,
    override_freeze: str | None = None,
    accept_failures: bool = False,
    needs_reason: bool = False,
) -> Order:
    """Who asks, why and how; without a request id of the caller's own, a new request.

    Raises ``InvalidInput`` for what ``check_order`` refuses.
    """
    made = Order(
        default_actor() if actor is None else actor,
        reason,
        from_scratch,
        force,
        draw_request_id() if request_id is None else request_id,
    )
    made = replace(made, override_freeze=override_freeze, accept_failures=accept_failures)
    check_order(made, needs_reason=needs_reason)
    return made


def check_target(target: OperationTarget, order: Order, wrong: Collection[Problem] = ()) -> None:
    """Raises ``InvalidInput`` with all that is wrong with what an operation is for, with who asks for it, and else."""
    mistakes = Mistakes(wrong)
    with mistakes:
        check_ids(**{f"{target.type}_id": target.identifier})
    with mistakes:
        check_order(order)
    mistakes.tell()


def target_and_order(
    target: Mapping[str, str], actor: str | None, reason: str, request_id: str | None, **how: Any
) -> tuple[OperationTarget, Order]:
    """What ``target_of`` and ``order_of`` make of one call. Raises ``InvalidInput`` with all that either refuses."""
    mistakes = Mistakes()
    with mistakes:
        wanted = target_of(**target)
    with mistakes:
        order = order_of(actor, reason, request_id, **how)
    mistakes.tell()
    return wanted, order


def order_about(
    ids: Mapping[str, str],
    actor: str | None,
    reason: str,
    request_id: str | None,
    wrong: Collection[Problem] = (),
    **how: Any,
) -> Order:
    """What ``order_of`` makes of a call that is for these. Raises ``InvalidInput`` with all that is wrong, ``wrong``
    being what was found already."""
    mistakes = Mistakes(wrong)
    with mistakes:
        check_ids(**ids)
    with mistakes:
        order = order_of(actor, reason, request_id, **how)
    mistakes.tell()
    return order
