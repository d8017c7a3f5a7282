"""A page of docs as a reader's hands meet it: its blocks in order, and who executes each.

A block without a mark is followed by ``make test-long``, all of a page in one folder: one of ``sh`` is typed, line by
line; a single ``changeover up`` goes on in another terminal; a block with a title is saved under it; one of ``python``
is run; ``text`` is what is seen. A mark before a block says who else answers for it: ``<!-- tested: FILE::NAME -->``,
what ``make docs`` made (``made``, ``drawn``, ``screen``), or ``<!-- fragment: WHY -->``, which is no whole thing.

A page that begins with ``<!-- begins with: tutorial.md -->`` is followed where that page's first plan has moved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PAGES: Final = tuple(
    name
    for name in (
        *("README.md", "CONTRIBUTING.md", "SECURITY.md"),
        *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
    )
    if not name.startswith("docs/reference/")
)
"""All pages that people write; ``docs/reference`` is made."""

_BLOCK: Final = re.compile(
    r"(?:^<!-- (?P<mark>[a-z]+)(?:: (?P<says>[^>]*))? -->\n+)?"
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
_BEGIN: Final = re.compile(r"^<!-- begins with: (\S+) -->$", re.MULTILINE)
_CODE: Final = re.compile(r"#\s*exit code (\d+)\s*$")
_MOVED: Final = "changeover submit plan.yaml --wait"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is where it begins, ``says`` what stands behind the name of its mark."""

    language: str
    title: str | None
    text: str
    mark: str | None
    says: str
    line: int

    @property
    def is_followed(self) -> bool:
        """Whether hands do something with it."""
        return self.mark is None and (self.title is not None or self.language in ("sh", "python"))

    @property
    def is_up(self) -> bool:
        """Whether it starts what goes on beside the rest."""
        return self.language == "sh" and self.text.startswith("changeover up") and self.text.count("\n") == 1

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
    """All fenced blocks of a page, named from the project's root."""
    text = (ROOT / page).read_text()
    return [
        Block(
            one["language"],
            one["title"],
            one["text"],
            one["mark"],
            one["says"] or "",
            text.count("\n", 0, one.start("language")) + 1,
        )
        for one in _BLOCK.finditer(text)
    ]


def followed_of(page: str) -> list[Block]:
    """What hands do that follow a page, what it begins with included."""
    begin = _BEGIN.search((ROOT / page).read_text())
    found: list[Block] = []
    for block in followed_of(f"docs/{begin[1]}") if begin else []:
        found.append(block)
        if _MOVED in block.text:
            break
    return found + [block for block in blocks_of(page) if block.is_followed]


FOLLOWED: Final = tuple(page for page in PAGES if any(block.is_followed for block in blocks_of(page)))
"""Pages of which something is typed, run or saved."""
