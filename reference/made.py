"""Which files are made, and how each should be now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from orchestrator.domain.schemas import schema_text
from reference.command_line import command_line
from reference.event_examples import event_lines
from reference.http_api import http_api
from reference.python_api import python_api

ROOT: Final = Path(__file__).parents[1]

_SCREENS: Final = ROOT / "tests" / "integration" / "cli" / "pictures"
_SCREEN: Final = re.compile(r"(<!-- screen: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
"""A screen as a test has seen it in a terminal."""

_PART: Final = re.compile(r"(<!-- made: events (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def made() -> dict[str, str]:
    """The text of each file by its name."""
    return {
        "docs/reference/command-line.md": command_line(),
        "docs/reference/python-api.md": python_api(),
        "docs/reference/http-api.md": http_api(),
        "docs/reference/plan.schema.json": schema_text("plan"),
        "docs/reference/events.schema.json": schema_text("events"),
        **{name: _with_parts((ROOT / name).read_text()) for name in ("README.md", "docs/events.md")},
    }


def _with_parts(page: str) -> str:
    """The page with its event examples (``<!-- made: events TaskStarted,TaskFailed -->``) and its screens."""

    def part(match: re.Match[str]) -> str:
        lines = "\n".join(event_lines(match[2].split(",")))
        return f"{match[1]}```json\n{lines}\n```\n{match[3]}"

    def screen(match: re.Match[str]) -> str:
        text = (_SCREENS / f"{match[2]}.txt").read_text().rstrip()
        return f"{match[1]}```text\n{text}\n```\n{match[3]}"

    return _SCREEN.sub(screen, _PART.sub(part, page))
