"""Tab in real shells: commands, options, and ids of plans from the ledger."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import redis

from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.terminal import Terminal

BIN = Path(sys.executable).parent
STARTS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "--interactive"],
}
SET_UP = {
    "bash": "PS1='> '; source <(changeover completion bash)",
    "zsh": "PS1='> '; autoload -Uz compinit; compinit -u -D; source <(changeover completion zsh)",
    "fish": "function fish_prompt; echo '> '; end; changeover completion fish | source",
}


@pytest.mark.parametrize("shell", mostly_long(STARTS, "bash"))
def test_tab(shell: str, redis_client: redis.Redis, settings: Settings, place: Place, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"no {shell} on this machine; .ci/run installs it")
        pytest.skip(f"no {shell} on this machine")
    LedgerWorld(redis_client, settings).started("nightly-blue-to-green", ["a"])
    environment = place.environment() | {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path)}
    # Not the shell's own name, which stands on the screen since the set-up.
    other = "zsh" if shell == "fish" else "fish"
    another = (f"changeover completion {other[:-1]}\t", f"changeover completion {other}")
    command = [program, *STARTS[shell]]
    with Terminal(command, environment, tmp_path, columns=120, rows=30, term="xterm") as terminal:
        terminal.send(SET_UP[shell] + "; echo 'set' 'up'\r")
        terminal.wait("set up")
        for typed, completed in (
            ("changeover checkp\t", "changeover checkpoint"),
            ("changeover status --wid\t", "changeover status --wide"),
            ("changeover watch night\t", "changeover watch nightly-blue-to-green"),
            another,
        ):
            terminal.send(typed)
            terminal.wait(completed, seconds=30)
            terminal.send("\x15")


def test_an_unknown_shell_is_named(tmp_path: Path) -> None:
    done = changeover("completion", "tcsh", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: SHELL: expected one of bash, zsh, fish (got 'tcsh')\n"


def test_no_ledger_is_no_completion(tmp_path: Path) -> None:
    environment = {"_CHANGEOVER_COMPLETE": "complete_bash", "COMP_WORDS": "changeover watch x", "COMP_CWORD": "2"}
    done = changeover(environment=environment, folder=tmp_path)
    assert (done.stdout.strip(), done.stderr) == ("", "")
