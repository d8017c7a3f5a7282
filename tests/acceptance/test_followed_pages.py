"""Every page that says what to type, save or run, followed by hand: it works as printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.doc_page import FOLLOWED, Block, followed_of
from tests.support.long import long
from tests.support.redis_server import free_port
from tests.support.waiting import wait_until

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
PORTS = ("8420", "9002")
"""Those that a page starts something at; somebody else may have them here."""


class Reader:
    """Follows blocks in one folder; what is installed goes there, too, and no index of packages is asked."""

    def __init__(self, page: str, folder: Path, stack: ExitStack) -> None:
        self._page, self._folder, self._stack = page, folder, stack
        self._ports = {port: str(free_port()) for port in PORTS}
        packages = str(folder / ".packages")
        self._environment = CLEAN | {
            "PATH": f"{Path(sys.executable).parent}:{CLEAN['PATH']}",
            "PYTHONPATH": f"{packages}:{folder}",
            "PIP_TARGET": packages,
            "PIP_NO_DEPS": "1",
            # Pip reads this one the other way round: nothing is fetched to build with.
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def follow(self, block: Block) -> None:
        text = re.sub(rf"\b({'|'.join(self._ports)})\b", lambda port: self._ports[port[1]], block.text)
        if block.title:
            (self._folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / block.title).write_text(text)
        elif block.is_up:
            self._stack.enter_context(self._up(text.split()[1:]))
        elif block.language == "python":
            done = self._run([sys.executable, "-c", text])
            assert done.returncode == 0, f"{self._page}:{block.line}: {done.stderr}"
        else:
            self._type(Block(block.language, None, text, None, "", block.line))

    def _type(self, block: Block) -> None:
        """One shell a line; what a line exports holds for the lines after it."""
        kept = self._folder / ".exported"
        for command, code in block.commands:
            exported = kept.read_text() if kept.exists() else ""
            done = self._run(["bash", "-c", exported + command])
            assert done.returncode == code, f"{self._page}:{block.line}: {command}\n{done.stdout}{done.stderr}"
            if command.startswith("export "):
                kept.write_text(exported + command + "\n")
                name = command.split()[1].partition("=")[0]
                value = self._run(["bash", "-c", f'{kept.read_text()}printf %s "${name}"']).stdout
                self._environment[name] = value

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self._folder, env=self._environment, capture_output=True, text=True, timeout=300, check=False
        )

    @contextmanager
    def _up(self, arguments: list[str]) -> Iterator[None]:
        """What the page starts in a terminal of its own; the demo's instances may have found another port."""
        said = self._folder / "up.said"
        command = [sys.executable, "-m", "orchestrator.cli", *arguments]
        with (
            said.open("wb") as out,
            subprocess.Popen(command, cwd=self._folder, env=self._environment, stdout=out, stderr=out) as process,
        ):
            try:
                ready = "all go back" if "--demo" in arguments else "ready:"
                wait_until(lambda: ready in said.read_text() or process.poll() is not None, 60)
                assert process.poll() is None, said.read_text()
                for port in re.findall(r"instances at http://127\.0\.0\.1:(\d+);", said.read_text()):
                    self._ports["9001"] = port
                yield
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 0
            finally:
                process.terminate()


@long
# Some type thirty commands; on a busy machine each takes its seconds.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("page", FOLLOWED)
def test_what_the_page_says_to_type_works(page: str, tmp_path: Path) -> None:
    with left_behind_is_ended(tmp_path), ExitStack() as stack:
        reader = Reader(page, tmp_path, stack)
        for block in followed_of(page):
            reader.follow(block)


@contextmanager
def left_behind_is_ended(folder: Path) -> Iterator[None]:
    """What a page starts by itself, and a failure kept it from stopping."""
    try:
        yield
    finally:
        for started in folder.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(started.read_text()), signal.SIGTERM)
