"""The command line in a process of its own, as a user has it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import run


def changeover(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run ``changeover ARGUMENTS`` to its end, without the settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    return run([str(argument) for argument in arguments], {**clean, **(environment or {})}, folder, timeout)
