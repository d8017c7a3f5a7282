"""All commands in one Typer app. Commands import what they need when they run: `--help` must not load Celery."""

from __future__ import annotations

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
