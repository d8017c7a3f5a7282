"""What a command is for: an id as plain argument where only one thing has it, or --plan, --tenant, --task."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from orchestrator.control.mistakes import Mistakes
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.narrowed_retry import Narrowing
    from orchestrator.control.target import OperationTarget

MOST_COMPLETIONS: Final = 100
_PLAN_ID: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def complete_plan(incomplete: str) -> list[str]:
    """Plan ids for the shell, the newest first; none when the ledger cannot be asked. What is no plan id is not
    offered, whoever wrote it into the ledger: a shell evaluates what it completes."""
    from orchestrator import Client

    try:
        with Client() as client:
            known = [plan.plan_id for plan in client.plans() if _PLAN_ID.fullmatch(plan.plan_id)]
    except ChangeoverError:
        return []
    return [plan_id for plan_id in known if plan_id.startswith(incomplete)][:MOST_COMPLETIONS]


IdArgument = Annotated[
    str | None,
    typer.Argument(metavar="PLAN|TASK|TENANT", help="Its id.", show_default=False, autocompletion=complete_plan),
]
PlanArgument = Annotated[
    str | None,
    typer.Argument(metavar="PLAN", help="The plan's id.", show_default=False, autocompletion=complete_plan),
]
PlanOption = Annotated[
    str | None,
    typer.Option("--plan", metavar="ID", help="The whole plan.", show_default=False, autocompletion=complete_plan),
]
TenantOption = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        metavar="ID",
        help="The task that holds, awaits or last moved this tenant; of several open ones say which by --task.",
        show_default=False,
    ),
]
TaskOption = Annotated[str | None, typer.Option("--task", metavar="ID", help="One task.", show_default=False)]

TargetOptions = tuple[str | None, str | None, str | None, str | None]
"""The plain argument, then what --plan, --tenant and --task say."""


def target_given(client: Client, given: TargetOptions) -> OperationTarget:
    """What the command is for. Raises ``InvalidInput`` for none, several, or an id that several things have; and
    ``NotFound``."""
    from orchestrator.control.target import target_of

    identifier, plan, tenant, task = given
    if sum(one is not None for one in given) != 1:
        raise InvalidInput([Problem("", None, "give one id, or exactly one of --plan, --tenant and --task")])
    if identifier is not None:
        return client.target(identifier)
    pairs = {"plan_id": plan, "tenant_id": tenant, "task_id": task}
    return target_of(**{name: value for name, value in pairs.items() if value is not None})


def needs_plan(target: OperationTarget, narrowing: Narrowing) -> None:
    """Raises ``InvalidInput`` for the retry of a task or a tenant, which can be no narrower."""
    values = (narrowing.stage, narrowing.cause, narrowing.tenants, narrowing.cancelled or None)
    options = ("--stage", "--cause", "--tenant", "--cancelled")
    given = [option for option, value in zip(options, values, strict=True) if value is not None]
    if target.type != "plan":
        narrow = "narrows" if len(given) == 1 else "narrow"
        raise InvalidInput(
            [Problem("", None, f"{' and '.join(given)} {narrow} the retry of a whole plan: give --plan")]
        )


def at_most_one(given: Mapping[str, str | None]) -> None:
    """Raises ``InvalidInput`` for several of these; they go by the names that a person knows them by."""
    if len(names := [name for name, value in given.items() if value is not None]) > 1:
        raise InvalidInput([Problem("", None, f"{' and '.join(names)} exclude each other; give one")])


def one_given(argument: str | None, option: str | None, name: str, *checks: Callable[[], object]) -> str:
    """The one that is given, as plain argument or as option ``name``. Raises ``InvalidInput`` for none or both, and for
    what can be no id, with what other checks of the command refuse."""
    from orchestrator.control.order_gate import pattern_problems

    found = [one for one in (argument, option) if one is not None]
    if len(found) == 1:
        wrong = pattern_problems(**{f"{name.removeprefix('--')}_id": found[0]})
    else:
        wrong = [Problem(name, None, "give its id, as an argument or by this option")]
    all_hold(*checks, wrong=wrong)
    return found[0]


def all_hold(*checks: Callable[[], object], wrong: Collection[Problem] = ()) -> None:
    """Raises ``InvalidInput`` with all that the checks refuse, and what is ``wrong`` already."""
    mistakes = Mistakes(wrong)
    for check in checks:
        with mistakes:
            check()
    mistakes.tell()
