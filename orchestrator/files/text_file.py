"""Text files that people wrote: regular, bounded, UTF-8; what is anything else is refused at once."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NoReturn

from orchestrator.domain.errors import InvalidInput, Problem

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_text(path: Path, name: str, max_bytes: int) -> str:
    """The file's text; ``name`` is what errors call it.

    Raises ``InvalidInput`` for a file that is missing, not a regular one, not readable, larger than ``max_bytes``, or
    not UTF-8.
    """
    try:
        # Asked before it is opened: opening a pipe waits for its other end, opening a device may do something.
        _require_regular(path.stat(), name)
        # And again after: what the name stands for may have changed in between.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _require_regular(os.fstat(file.fileno()), name)
            # One byte more than allowed tells a large file from one that just fits.
            data: bytes | None = file.read(max_bytes + 1)
    except FileNotFoundError:
        refuse_file(name, "no such file")
    except (OSError, ValueError) as error:
        refuse_file(name, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if data is None:
        refuse_file(name, "cannot be read: it has nothing to give now")
    if len(data) > max_bytes:
        refuse_file(name, f"larger than {max_bytes // (1024 * 1024)} MiB, the most that it may have")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse_file(name, f"line {line}: not UTF-8 text ({error.reason})")


def refuse_file(name: str, message: str) -> NoReturn:
    """One problem with the file."""
    raise InvalidInput([Problem(name, None, message)])


def _require_regular(found: os.stat_result, name: str) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        refuse_file(name, f"cannot be read: it is {_KINDS.get(kind, 'no regular file')}; expected a file")
