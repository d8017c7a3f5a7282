"""Every block of every page is executed by a test, made by ``make docs``, what is seen, or marked as a fragment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.doc_page import FOLLOWED, PAGES, ROOT, Block, blocks_of

MADE = ("made", "drawn", "screen")
SEEN = ("text", "console")
NOBODYS = (
    "neither run nor saved nor marked: a line before it says who answers for it, "
    "`<!-- tested: FILE::NAME -->` or `<!-- fragment: WHY -->` (tests/support/doc_page.py)"
)


def faults(page: str, block: Block) -> Iterator[str]:
    """What is wrong with who answers for the block."""
    if block.mark == "tested":
        for name in block.says.split(", "):
            file, _, test = name.partition("::")
            source = (ROOT / "tests" / file).read_text() if (ROOT / "tests" / file).is_file() else ""
            if f"def {test}(" not in source:
                yield f"tests/{name} is not there"
            elif Path(page).stem not in source:
                yield f"tests/{file} does not name the page"
    elif block.mark == "fragment" and not block.says:
        yield "a fragment says why it is one"
    elif block.mark not in (None, "fragment", *MADE):
        yield f"no mark is called {block.mark!r}"
    elif block.mark is None and block.language in SEEN and re.search(r"^(\$ )?changeover ", block.text, re.MULTILINE):
        yield "a command in what is only seen"
    elif block.mark is None and not block.is_followed and block.language not in SEEN:
        yield NOBODYS


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_executed_or_marked(page: str) -> None:
    found = [f"{page}:{block.line}: {fault}" for block in blocks_of(page) for fault in faults(page, block)]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("page", PAGES)
def test_no_block_hides_in_an_indent_or_behind_another_fence(page: str) -> None:
    text = (ROOT / page).read_text()
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"\n\n( {4}.*|\s+```.*|~~~.*)", outside) == []
    assert "```" not in outside
    assert len(re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)) == len(blocks_of(page))


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_waited_for_is_emptied_before_its_writer_starts(page: str) -> None:
    """The shell behind ``&`` opens the file when it comes to it: what a run before has left there is read till then."""
    text = "\n".join(block.text for block in blocks_of(page) if block.is_followed)
    waited = set(re.findall(r"^until grep [^;]*?(\S+); do", text, re.MULTILINE))
    begun = [line for line in text.splitlines() for file in waited if re.search(rf" > {file}\b.* &( |$)", line)]
    assert [line for line in begun if not re.match(r": > (\S+); .* > \1 ", line)] == []


def test_what_is_wrong_is_seen() -> None:
    def told(language: str, text: str, mark: str | None = None, says: str = "") -> list[str]:
        return list(faults("docs/steps.md", Block(language, None, text, mark, says, 1)))

    assert told("yaml", "a: 1\n") == [NOBODYS]
    assert told("text", "$ changeover status\n") == ["a command in what is only seen"]
    assert told("sh", "x\n", "fragment") == ["a fragment says why it is one"]
    assert told("sh", "x\n", "tested", "unit/test_none.py::test_x") == ["tests/unit/test_none.py::test_x is not there"]
    assert told("sh", "x\n", "treated", "by me") == ["no mark is called 'treated'"]
    assert told("sh", "changeover status\n") == told("text", "ready\n") == []


def test_most_is_followed() -> None:
    blocks = [block for page in PAGES for block in blocks_of(page)]
    fragments = [block for block in blocks if block.mark == "fragment"]
    assert len(FOLLOWED) > 15
    assert len(fragments) < len(blocks) / 3
