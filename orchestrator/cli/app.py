"""All commands in one Typer app. Commands import what they need when they run: `--help` must not load Celery."""

from __future__ import annotations

from typing import Any, Final

import typer

from orchestrator.cli import (
    checkpoint_command,
    config_command,
    doctor_command,
    operation_commands,
    plan_commands,
    processes,
    reading,
    release_command,
    retention_commands,
    status_command,
)
from orchestrator.cli.output import note

app = typer.Typer(
    name="changeover",
    help="Moves the tenants of a multi-tenant platform to a new version or configuration: checked, resumable.",
    no_args_is_help=True,
    add_completion=False,
    # Errors that are no ChangeoverError are faults of ours: the plain traceback says most and shows no locals.
    pretty_exceptions_enable=False,
)
plan_commands.register(app)
status_command.register(app)
reading.register(app)
operation_commands.register(app)
config_command.register(app)
doctor_command.register(app)
processes.register(app)
release_command.register(app)
retention_commands.register(app)
checkpoint_command.register(app)


def run(arguments: list[str]) -> int:
    """Run one command; its exit code. A wrong use is one error line and the command's usage, exit code 2."""
    try:
        code = app(args=arguments, prog_name="changeover", standalone_mode=False)
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
        note(f"error: {error.format_message()}")
        context = getattr(error, "ctx", None)
        if context is not None:
            note(" ".join(context.get_usage().split()) + f" ({context.command_path} --help says more)")
    return int(error.exit_code)
