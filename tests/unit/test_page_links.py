"""Where the pages send a reader is there: files, headings, pictures, targets of ``make``, modules of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.__main__ import BY_NAME, TABLE
from tests.support.doc_page import PAGES, ROOT

ALL = (*PAGES, "CHANGELOG.md")
# By its end: what stands before may be a picture, which is one too.
_LINK = re.compile(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


@cache
def headings(path: Path) -> frozenset[str]:
    """What a link behind a # may name of a page, as the site and the repository's host make it."""
    text, seen, found = (
        re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL),
        dict[str, int](),
        [],
    )
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", plain.lower()).strip())
        times = seen[name] = seen.get(name, -1) + 1
        found += [f"{name}_{times}", f"{name}-{times}"] if times else [name, re.sub("-+", "-", name)]
    return frozenset([*found, *re.findall(r"<a id=\"([^\"]+)\"", text)])


def dead_links(page: str) -> Iterator[str]:
    prose = _CODE.sub("", text_of(page))
    for target in ("".join(found) for found in _LINK.findall(prose)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        if not path.exists() or (anchor and anchor not in headings(path)):
            yield target


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_somewhere(page: str) -> None:
    assert list(dead_links(page)) == []


@pytest.mark.parametrize("page", ALL)
def test_every_command_of_make_and_python_is_there(page: str) -> None:
    code = " ".join(_CODE.findall(text_of(page)))
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = re.findall(r"\bmake ((?:[a-z][\w-]*[ ]?)+?)(?=[`\s#;&|)]|$)", code)
    gone = [f"make {name}" for names in made for name in names.split() if name not in targets]
    ours = ("benchmarks", "examples", "orchestrator", "reference", "steps", "tests", "workers")
    modules = [name for name in re.findall(r"python -m ([\w.]+)", code) if name.partition(".")[0] in ours]
    measured = {*TABLE, *BY_NAME}
    gone += [name for name in re.findall(r"python -m benchmarks ([a-z]\w*)", code) if name not in measured]
    assert [*gone, *(name for name in modules if find_spec(name.rstrip(".")) is None)] == []
