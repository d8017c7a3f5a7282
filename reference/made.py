"""Which files are made, and how each should be now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from orchestrator.domain.schemas import schema_text
from reference.command_line import command_line
from reference.event_examples import event_lines
from reference.python_api import python_api

ROOT: Final = Path(__file__).parents[1]

_PART: Final = re.compile(r"(<!-- made: events (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def made() -> dict[str, str]:
    """The text of each file by its name."""
    return {
        "docs/reference/command-line.md": command_line(),
        "docs/reference/python-api.md": python_api(),
        "docs/reference/plan.schema.json": schema_text("plan"),
        "docs/reference/events.schema.json": schema_text("events"),
        **{name: _with_parts((ROOT / name).read_text()) for name in ("README.md", "docs/events.md")},
    }


def _with_parts(page: str) -> str:
    """The page with its event examples as the models have them: ``<!-- made: events TaskStarted,TaskFailed -->``."""

    def part(match: re.Match[str]) -> str:
        lines = "\n".join(event_lines(match[2].split(",")))
        return f"{match[1]}```json\n{lines}\n```\n{match[3]}"

    return _PART.sub(part, page)
