"""A headless Chromium: what a page shows once its scripts have run, and a picture of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1600,900",
    # The page's own clock runs as fast as it can, and stands while a request is under way.
    "--virtual-time-budget=8000",
)


def find_chromium() -> str | None:
    return shutil.which("chromium")


def rendered(url: str, picture: Path | None = None) -> str:
    """The page's document after its scripts; with ``picture`` a PNG of it is written too."""
    document = _run(url, "--dump-dom")
    if picture is not None:
        _run(url, f"--screenshot={picture}")
    return document


def _run(url: str, *options: str) -> str:
    binary = find_chromium()
    assert binary is not None
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [binary, *FLAGS, f"--user-data-dir={profile}", *options, url], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    return done.stdout
