"""A package that is installed as far as Python looks for its entry points."""

from __future__ import annotations

from pathlib import Path


def install_package(folder: Path, name: str, entry_points: str) -> Path:
    """Makes the entry points, as their file has them, known to every process whose module path holds the folder and
    this repository; answers the folder."""
    found = folder / f"{name.replace('-', '_')}-0.dist-info"
    found.mkdir(parents=True)
    (found / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n")
    (found / "entry_points.txt").write_text(entry_points)
    return folder
