"""Tutorial, how-to pages and the rehearsal of a migration, followed by hand: what they say to type works."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.doc_page import FOLLOWED, Block, blocks_of
from tests.support.long import long
from tests.support.waiting import wait_until

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
SAVED = {"json", "yaml", "python", "toml", "sh"}


@pytest.mark.parametrize("page", FOLLOWED)
def test_every_block_is_run_saved_or_marked(page: str) -> None:
    for block in blocks_of(page):
        runs = block.language in ("sh", "python")
        known = block.is_fragment or block.language == "text" or runs or (block.title and block.language in SAVED)
        assert known, f"docs/{page}:{block.line}: neither run nor saved nor marked as a fragment"


@long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", FOLLOWED)
def test_what_the_page_says_to_type_works(page: str, tmp_path: Path) -> None:
    blocks = [block for block in blocks_of(page) if not block.is_fragment]
    with up_of(blocks, tmp_path) as ports, left_behind_is_ended(tmp_path):
        for block in blocks:
            text = re.sub(r":9001\b", lambda _: f":{ports[0]}", block.text) if ports else block.text
            if block.title:
                (tmp_path / block.title).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / block.title).write_text(text)
            elif block.language == "python":
                done = run([sys.executable, "-c", text], tmp_path)
                assert done.returncode == 0, f"docs/{page}:{block.line}: {done.stderr}"
            elif block.language == "sh" and not block.is_up:
                type_in(page, Block(block.language, None, text, False, block.line), tmp_path)


def type_in(page: str, block: Block, folder: Path) -> None:
    """One shell a line; what a line exports holds for the lines after it."""
    for command, code in block.commands:
        if command.startswith("export "):
            with (folder / ".exported").open("a") as kept:
                kept.write(command + "\n")
            continue
        exported = (folder / ".exported").read_text() if (folder / ".exported").exists() else ""
        done = run(["bash", "-c", exported + command], folder)
        assert done.returncode == code, f"docs/{page}:{block.line}: {command}\n{done.stdout}{done.stderr}"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{CLEAN['PATH']}"
    return subprocess.run(
        command, cwd=folder, env=CLEAN | {"PATH": path}, capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def left_behind_is_ended(folder: Path) -> Iterator[None]:
    """What a page starts by itself, and a failure kept it from stopping."""
    try:
        yield
    finally:
        if (folder / "up.pid").exists():
            with suppress(ProcessLookupError):
                os.kill(int((folder / "up.pid").read_text()), signal.SIGTERM)


@contextmanager
def up_of(blocks: list[Block], folder: Path) -> Iterator[list[str]]:
    """What the page starts in a terminal of its own; the port of the demo's instances, if it has any."""
    first = next((block for block in blocks if block.is_up), None)
    if first is None:
        yield []
        return
    said = folder / "up.out"
    command = [sys.executable, "-m", "orchestrator.cli", *first.text.split()[1:]]
    with said.open("wb") as out, subprocess.Popen(command, cwd=folder, env=CLEAN, stdout=out, stderr=out) as process:
        try:
            ready = "all go back" if "--demo" in command else "ready"
            wait_until(lambda: ready in said.read_text() or process.poll() is not None, 60)
            assert process.poll() is None, said.read_text()
            yield re.findall(r"instances at http://127\.0\.0\.1:(\d+);", said.read_text())
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.terminate()
