"""A page of docs that is followed by a reader's hands: its blocks in order, in one folder.

A block of ``sh`` is typed, line by line; one that begins with ``changeover up`` goes on in another terminal. A block
with a title is saved under it, one of ``python`` without a title is run, ``text`` is what is seen. What stands behind
``<!-- fragment -->`` is no whole thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parents[2] / "docs"

_HOW_TO: Final = sorted(f"how-to/{page.name}" for page in (PAGES / "how-to").glob("*.md"))
FOLLOWED: Final = ("tutorial.md", "migration.md", *_HOW_TO)
"""Pages whose every block is run, saved, or marked as a fragment."""

_BLOCK: Final = re.compile(
    r'(?P<mark><!-- fragment[^>]*-->\n+)?^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
_CODE: Final = re.compile(r"#\s*exit code (\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is where it begins."""

    language: str
    title: str | None
    text: str
    is_fragment: bool
    line: int

    @property
    def is_up(self) -> bool:
        """Whether it starts what goes on beside the rest."""
        return self.language == "sh" and self.text.startswith("changeover up") and len(self.commands) == 1

    @property
    def commands(self) -> list[tuple[str, int]]:
        """Lines to type, those that go on joined, each with the exit code that the page tells."""
        found: list[tuple[str, int]] = []
        for line in re.sub(r"\\\n\s*", "", self.text).splitlines():
            if line.strip() and not line.startswith("#"):
                told = _CODE.search(line)
                found.append((line, int(told[1]) if told else 0))
        return found


def blocks_of(page: str) -> list[Block]:
    """All fenced blocks of a page of docs."""
    text = (PAGES / page).read_text()
    found = _BLOCK.finditer(text)
    return [
        Block(one["language"], one["title"], one["text"], bool(one["mark"]), text.count("\n", 0, one.start()) + 1)
        for one in found
    ]
