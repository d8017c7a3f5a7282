"""Where ended plans go before they are purged: JSON lines in a folder, or rows in a database.

Keeping the same plan twice keeps it once: a coordinator may die between the archive and the purge, and two may archive
the same plan at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from orchestrator.control.export import Line, as_text


class ArchiveUnavailable(Exception):
    """The archive could not keep a plan. It stays in the ledger and is tried again."""


class Archive(Protocol):
    """Keeps plans for good."""

    def keep(self, plan_id: str, last_plan_sequence_id: int, lines: Iterable[Line]) -> None:
        """Keeps it whole or not at all. Raises ``ArchiveUnavailable``."""
        ...


class FolderArchive:
    """One file a plan, ``<plan id>@<last planSequenceId>.jsonl``, complete from the moment that it is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, plan_id: str, last_plan_sequence_id: int, lines: Iterable[Line]) -> None:
        """See ``Archive``."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=f".{plan_id}.", dir=self._folder)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                    file.writelines(as_text(line) for line in lines)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._folder / f"{plan_id}@{last_plan_sequence_id}.jsonl")
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ArchiveUnavailable(f"archive.path {self._folder}: {error.strerror or error}") from error
