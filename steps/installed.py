"""The entry points of the packages that are installed beside this one."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import metadata
from importlib.metadata import EntryPoints
from typing import Any, Final, cast

_Path = tuple[tuple[str, int | None], ...]
_GROUPS: Final = 32


def entry_points(*, group: str) -> EntryPoints:
    """As ``importlib.metadata.entry_points``, which opens a file of every package at each call: most of what a small
    plan's submission cost. Here they are looked through again when a folder of the module path is another, or has
    changed: what is installed into a process that runs is found, an ``entry_points.txt`` that is rewritten in its place
    is not."""
    return _of_group(tuple((folder, _changed(folder)) for folder in sys.path), group)


def _changed(folder: str) -> int | None:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return None


@lru_cache(_GROUPS)
def _of_group(path: _Path, group: str) -> EntryPoints:
    return cast(EntryPoints, _all_of(path).select(group=group))


@lru_cache(1)
def _all_of(_path: _Path) -> Any:
    return metadata.entry_points()
