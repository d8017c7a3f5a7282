"""A folder of files that are secrets, each named as its secret is, as containers mount them.

Links are followed: Kubernetes makes each file one, so that all change at once. Only what a regular file says is read.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import Final

from steps.expressions.sandbox import NameFault

FILE_LIMIT_BYTES: Final = 64 * 1024

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
"""Of a secret."""

Stamp = tuple[int, int, int, int]
"""Of a file or folder: another once it was written, replaced or renamed."""


class SecretFolder:
    """One that is not there, or that we may not read, is as good as empty."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp | None:
        """Of the folder itself: which names are in it, and where its links lead."""
        try:
            return _stamp(self.path.stat())
        except OSError:
            return None

    def stamps(self) -> dict[str, Stamp]:
        """Of each file that may be a secret, by its name."""
        found = {}
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                # One that goes meanwhile, or that leads nowhere, hides no other.
                with contextlib.suppress(OSError):
                    if NAME.fullmatch(entry.name) and stat.S_ISREG((about := entry.stat()).st_mode):
                        found[entry.name] = _stamp(about)
        return found

    def read(self, name: str) -> str | None:
        """What the file of this name says; None when there is none. Raises ``NameFault`` for one that is no text, too
        long, no regular file or not ours to read."""
        try:
            # Not waiting: the other end of a pipe may never come. A terminal must not become ours.
            handle = os.open(self.path / name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            with open(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise NameFault(f"secret {name}: {self.path / name} is no regular file")
                data = file.read(FILE_LIMIT_BYTES + 1)
            if len(data) > FILE_LIMIT_BYTES:
                raise NameFault(f"secret {name}: its file is longer than {FILE_LIMIT_BYTES} bytes")
            # An editor ends a file with a newline that is no part of the secret.
            return data.decode().removesuffix("\n").removesuffix("\r")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise NameFault(f"secret {name}: its file cannot be read ({reason})") from None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
