"""`schema`: the plan file or the events as JSON Schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class SchemaKind(StrEnum):
    """What there is a schema of."""

    PLAN = "plan"
    EVENTS = "events"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(schema)


def schema(kind: Annotated[SchemaKind, typer.Argument(help="Of the plan file, or of an event.")]) -> None:
    """Print the JSON Schema of the plan file, or of one event as `events --json` prints it."""
    from orchestrator.cli.output import print_block
    from orchestrator.domain.schemas import schema_text

    print_block(schema_text(kind.value).rstrip())
