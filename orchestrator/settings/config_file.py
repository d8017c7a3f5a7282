"""Settings out of the file that ``CHANGEOVER_CONFIG`` names: YAML, or JSON, which is YAML too."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.wording import shown
from orchestrator.files.text_file import read_text
from orchestrator.files.yaml_text import read_yaml
from orchestrator.settings.given import Given

FILE_VARIABLE: Final = "CHANGEOVER_CONFIG"
MAX_BYTES: Final = 2 * 1024 * 1024
"""Tens of thousands of services; to read it takes seconds, and each command and process does."""


def read_config_file(name: str) -> Given:
    """What the file gives; that it cannot be read, or is no mapping, is a problem."""
    given = Given()
    try:
        text = read_text(Path(name), name, MAX_BYTES)
    except InvalidInput as error:
        given.problems += [Problem(FILE_VARIABLE, shown(name), problem.message) for problem in error.problems]
        return given
    lines: dict[str, int] = {}
    try:
        value = read_yaml(text, name, lines)
    except InvalidInput as error:
        given.problems += error.problems
        return given
    if isinstance(value, dict):
        given.values = value
        given.written = {path: f"{name} line {line}" for path, line in lines.items()}
    elif value is not None:
        kind = "a list" if isinstance(value, list) else "a single value"
        given.problems.append(Problem(name, None, f"expected a mapping of settings, not {kind}"))
    return given
