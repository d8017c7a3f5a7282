"""`validate` and `submit`: what is done with a plan file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.operation_commands import ActorOption, OverrideOption
from orchestrator.cli.output import JsonOption, note, print_json, print_line, print_problems, problem_json
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.status import PlanState

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.page_answers import ValidationResult

PlanFileArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file, YAML or JSON.", show_default=False)]


class PlanFormat(StrEnum):
    """What a file holds."""

    PLAN = "plan"
    SWITCH_TASK = "switch-task"


PlanFormatOption = Annotated[
    PlanFormat,
    typer.Option("--format", help="switch-task: a JSON list of tenant configs, as the old executor took it."),
]

SkipIdenticalOption = Annotated[
    bool, typer.Option("--skip-identical", help="Leave tenants out that are at the target already.")
]


class GivenPlan:
    """The plan as a user wrote it, and what is wrong with it in the words of the file."""

    def __init__(self, path: Path, format: PlanFormat) -> None:
        """A plan file is read where it is checked, another here. Raises ``InvalidInput``."""
        self._path, self._task = path, None
        if format is PlanFormat.SWITCH_TASK:
            from orchestrator.plans.switch_task import read_switch_task

            self._task = read_switch_task(path)

    def source(self, check: Callable[[dict[str, Any]], Sequence[Problem]]) -> Path | dict[str, Any]:
        """What is to be submitted. Raises ``InvalidInput``, with what ``check`` finds, for what has no place in it."""
        return self._path if self._task is None else self._task.require(check)

    def source_of(self, client: Client) -> Path | dict[str, Any]:
        """The same, checked by the client."""
        return self.source(lambda plan: client.validate(plan)[0].errors)

    def words(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """The problems as the file's author knows what they speak of."""
        if self._task is None:
            return problems
        # The old form has no cap: the one of the plan is ours.
        return self._task.in_its_words(one for one in problems if one.path != "max_concurrency")

    def telling(self) -> AbstractContextManager[None]:
        """What is raised inside has these words."""
        return nullcontext() if self._task is None else self._task.telling()


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(validate)
    app.command()(submit)


def validate(
    plan: PlanFileArgument,
    json_output: JsonOption = False,
    show: Annotated[bool, typer.Option("--show", help="Print what each tenant will do, rendered.")] = False,
    format: PlanFormatOption = PlanFormat.PLAN,
) -> None:
    """Check a plan file; nothing is written and no server is needed. Exit code 0 when it can be submitted, else 2."""
    try:
        given = GivenPlan(plan, format)
        with given.telling():
            found, tenants = _check(given.source(lambda one: _check(one, show=False)[0].errors), show)
        told = {"errors": tuple(given.words(found.errors)), "warnings": tuple(given.words(found.warnings))}
        result = found.model_copy(update=told)
    except InvalidInput as error:
        from orchestrator.control.page_answers import ValidationResult

        result, tenants = ValidationResult(valid=False, errors=tuple(error.problems)), iter(())
    if json_output:
        shown: dict[str, Any] = {
            "valid": result.valid,
            "errors": [problem_json(problem) for problem in result.errors],
            "warnings": [problem_json(problem) for problem in result.warnings],
        }
        shown |= {"fleet": {**result.fleet, "resolved": result.resolved}} if result.resolved else {}
        print_json(shown | {"tenants": list(tenants)} if show else shown)
    else:
        _print_checked(result, tenants)
    if result.errors:
        raise typer.Exit(InvalidInput.exit_code)


def _check(plan: Path | dict[str, Any], show: bool) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
    """By the console that the environment names, else here, with its settings: then no server is needed."""
    from orchestrator.doors.opening import console_is_named

    if console_is_named():
        from orchestrator import Client

        with Client() as client:
            result, tenants = client.validate(plan, show=show)
            return result, iter(list(tenants))
    from orchestrator.settings.model import load_settings
    from orchestrator.validation.checking import check_plan
    from orchestrator.validation.running_conflicts import conflicts_if_reachable

    settings = load_settings()
    return check_plan(plan, settings, partial(conflicts_if_reachable, settings=settings), show=show)


def _print_checked(result: ValidationResult, tenants: Iterator[dict[str, Any]]) -> None:
    from orchestrator.validation.preview import preview_lines

    print_problems("error", result.errors)
    print_problems("warning", result.warnings)
    for tenant in tenants:
        for line in preview_lines(tenant):
            print_line(line)
    if not result.errors:
        print_line(f"valid: {result.tenant_count} tenant{'' if result.tenant_count == 1 else 's'}")
        if result.resolved:
            print_line(result.resolved)


def submit(
    plan: PlanFileArgument,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end; exit code 1 if it is a bad one.")] = False,
    preview: Annotated[
        str | None,
        typer.Option("--preview", help="Digest of a preview: refused if a tenant has moved since.", show_default=False),
    ] = None,
    skip_identical: SkipIdenticalOption = False,
    override_freeze: OverrideOption = None,
    actor: ActorOption = None,
    format: PlanFormatOption = PlanFormat.PLAN,
    json_output: JsonOption = False,
) -> None:
    """Submit a plan; the same file twice is one plan when it has a plan_id."""
    from orchestrator import Client
    from orchestrator.cli.standing import Standing
    from orchestrator.control.submitted_before import was_there
    from orchestrator.control.target import target_of

    with Client() as client:
        given = GivenPlan(plan, format)
        with given.telling():
            result = client.submit(
                given.source_of(client),
                preview=preview,
                skip_identical=skip_identical,
                override_freeze=override_freeze,
                actor=actor,
            )
        print_problems("warning", given.words(result.warnings))
        if not wait:
            if json_output:
                print_json({"planId": result.plan_id, "status": result.status})
            else:
                print_line(f"{result.plan_id} {result.status}")
            if result.resolved:
                note(result.resolved)
            return
        if not was_there(result):
            note(f"submitted {result.plan_id}{f': {result.resolved}' if result.resolved else ''}")
        if json_output:
            target = target_of(plan_id=result.plan_id)
            ended = client.wait_target(target, meanwhile=Standing(client, target).tell)
            print_json({"planId": result.plan_id, "status": ended})
        else:
            from orchestrator.cli import drawing, tables, watch
            from orchestrator.cli.status_command import TABLE_ROWS

            ended = watch.wait_and_show(client, result.plan_id)
            drawing.show(tables.plan_table(client.status(result.plan_id, limit=TABLE_ROWS, by_interest=True)))
    # Rolled back is well done, and not what was submitted.
    if ended != PlanState.COMPLETED:
        raise typer.Exit(1)
