"""All commands in one Typer app. Commands import what they need when they run: `--help` loads nothing of that."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final

import typer
import typer.main

from orchestrator.cli import (
    audit_command,
    checkpoint_command,
    completion_command,
    config_command,
    console_command,
    doctor_command,
    drift_command,
    failure_commands,
    freeze_commands,
    gate_commands,
    operation_commands,
    plan_commands,
    preview_command,
    processes,
    reading,
    release_command,
    retention_commands,
    schema_command,
    status_command,
    token_command,
    webhook_command,
)
from orchestrator.cli.completion_command import COMPLETION_VARIABLE, PROGRAM
from orchestrator.cli.examples import epilog_of
from orchestrator.cli.output import note, print_line

app = typer.Typer(
    name=PROGRAM,
    help="Moves the tenants of a multi-tenant platform to a new version or configuration: checked, resumable.",
    no_args_is_help=True,
    # `changeover completion` prints it; Typer's own two options would stand in every help.
    add_completion=False,
    # Plain help: it can be piped, is right at any width, and loads nothing to draw with.
    rich_markup_mode=None,
    # Errors that are no ChangeoverError are faults of ours: the plain traceback says most and shows no locals.
    pretty_exceptions_enable=False,
)
plan_commands.register(app)
preview_command.register(app)
status_command.register(app)
reading.register(app)
operation_commands.register(app)
freeze_commands.register(app)
gate_commands.register(app)
config_command.register(app)
doctor_command.register(app)
drift_command.register(app)
failure_commands.register(app)
processes.register(app)
console_command.register(app)
token_command.register(app)
release_command.register(app)
retention_commands.register(app)
webhook_command.register(app)
audit_command.register(app)
checkpoint_command.register(app)
schema_command.register(app)
completion_command.register(app)
for _command in app.registered_commands:
    _command.epilog = epilog_of(str(_command.name or getattr(_command.callback, "__name__", "")))


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print_line(f"{PROGRAM} {version(PROGRAM)}")
        raise typer.Exit


@app.callback(epilog="\b\nA first look:\n  changeover up --demo\n  changeover COMMAND --help      with examples")
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Moves the tenants of a multi-tenant platform to a new version or configuration: checked, resumable."""


@cache
def command() -> Callable[..., Any]:
    """The app as what is called with arguments; made once, which takes longer than most commands' own work."""
    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Run one command; its exit code. A wrong use is one error line and the command's usage, exit code 2."""
    if COMPLETION_VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        code = command()(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort:
        note("aborted")
        return 1
    except _WRONG_USE as error:
        return _explain_use(error)
    return code if isinstance(code, int) else 0


# Typer brings its own copy of Click, or uses the installed one; this class is that copy's.
_WRONG_USE: Final[type[Exception]] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")


def _explain_use(error: Any) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        from orchestrator.observability.refusals import without_secrets

        note(f"error: {without_secrets(error.format_message())}")
        context = getattr(error, "ctx", None)
        if context is not None:
            note(" ".join(context.get_usage().split()) + f" ({context.command_path} --help says more)")
    return int(error.exit_code)
