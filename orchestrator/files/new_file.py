"""A file that a person has asked for: theirs alone to read, whole once it has its name, in the place of no other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from orchestrator.domain.errors import InvalidInput, Problem


class NewFile:
    """Text that stands under a name of its own beside ``path`` until it is kept. ``name``: what errors call the file.

    Whatever cannot be written raises ``InvalidInput``.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._kept: int | None = None
        if os.path.lexists(path):
            self._exists()
        try:
            # Mode 0600, as everything of ours that may hold what is nobody else's business.
            handle, self._draft = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        except OSError as error:
            self._refuse(error)
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="replace")

    def write(self, text: str) -> None:
        """More of it."""
        try:
            self._file.write(text)
        except OSError as error:
            self._refuse(error)

    def keep(self) -> None:
        """What was written so far is on disk, under its name, and stays there whatever comes."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if self._kept is None:
                self._publish()
            self._kept = self._file.tell()
        except FileExistsError:
            self._exists()
        except OSError as error:
            self._refuse(error)

    @property
    def is_dropped(self) -> bool:
        """Whether it is closed already."""
        return self._file.closed

    def drop(self) -> None:
        """Nothing of it is wanted any more."""
        if self._kept is not None:
            self._path.unlink(missing_ok=True)
            self._kept = None
        self.close()

    def close(self) -> None:
        """What was not kept is gone."""
        if self._file.closed:
            return
        # What the disk did not take is tried once more by a close.
        with suppress(OSError):
            self._file.close()
        if self._kept is None:
            Path(self._draft).unlink(missing_ok=True)
        else:
            os.truncate(self._path, self._kept)

    def _publish(self) -> None:
        try:
            os.link(self._draft, self._path)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links: the name is taken first, then given to what was written.
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            os.replace(self._draft, self._path)
            return
        os.unlink(self._draft)

    def _exists(self) -> NoReturn:
        raise InvalidInput([Problem(self._name, str(self._path), "the file exists; name a new one")]) from None

    def _refuse(self, error: OSError) -> NoReturn:
        reason = error.strerror or str(error)
        raise InvalidInput([Problem(self._name, str(self._path), f"cannot be written: {reason}")]) from error


@contextmanager
def new_file(path: Path | None, name: str) -> Iterator[NewFile | None]:
    """The file, kept at the end; after an error only what was kept before stays. None without a path."""
    if path is None:
        yield None
        return
    file = NewFile(path, name)
    try:
        yield file
        if not file.is_dropped:
            file.keep()
    finally:
        file.close()
