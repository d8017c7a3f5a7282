"""Every command that a page says to type is one, with options that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from orchestrator.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]

COMMANDS: dict[str, Any] = vars(typer.main.get_command(app))["commands"]

_TYPED = re.compile(
    r"^(?:    |\$ |)(?:\$ )?(?:[A-Z_]+=\S+ )*changeover ([a-z].*)$|`changeover ([a-z][^`]*)`", re.MULTILINE
)
_FIGURES = re.compile(r"<[^>]*>|'[^']*'|\"[^\"]*\"|\s#.*|\s\s+\S.*")


def typed(text: str) -> Iterator[str]:
    for found in _TYPED.finditer(text):
        yield found[1] or found[2]


def faults(line: str) -> Iterator[str]:
    """What of a typed line is not so; ``pause|resume ID [--wait]`` stands for several."""
    first, *rest = _FIGURES.sub(" ", line).split()
    for name in first.rstrip(",.:;").split("|"):
        command = COMMANDS.get(name)
        if command is None:
            yield f"no command {name!r}"
            continue
        words = list(rest)
        if hasattr(command, "commands"):
            command = command.commands.get(words.pop(0).strip("[]()")) if words else None
            if command is None:
                continue
        if command.context_settings.get("ignore_unknown_options"):
            continue
        known = {"--help", *(option for one in command.params for option in (*one.opts, *one.secondary_opts))}
        for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", " ".join(words)):
            if option not in known:
                yield f"{name} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_there(page: Path) -> None:
    assert [(line, fault) for line in typed(page.read_text()) for fault in faults(line)] == []


def test_what_is_wrong_is_seen() -> None:
    assert list(faults("pauze p")) == ["no command 'pauze'"]
    wrong = "pause|resume ID [--wait] [--quick]  # --not-this"
    assert list(faults(wrong)) == ["pause has no --quick", "resume has no --quick"]


def test_the_pages_are_full_of_them() -> None:
    assert sum(1 for page in PAGES for _ in typed(page.read_text())) > 200
