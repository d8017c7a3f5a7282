"""Where ended plans go before they are purged: JSON lines in a folder, or rows in a database.

Keeping the same plan twice keeps it once: a coordinator may die between the archive and the purge, and two may archive
the same plan at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from checkpoint.database_url import BadDatabaseUrl
from checkpoint.engines import make_engine
from orchestrator.control.export import Line, as_text
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.settings.model import Settings

ROWS: Final = 1000
"""Rows in one insert."""

_TABLE = Table(
    "changeover_archive",
    MetaData(),
    Column("namespace", String(64), primary_key=True),
    Column("plan_id", String(128), primary_key=True),
    Column("last_plan_sequence_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("content", Text, nullable=False),
)


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


class DatabaseArchive:
    """Rows of one table, ``changeover_archive``, a plan in one transaction. Raises ``InvalidInput``."""

    def __init__(self, url: str, namespace: str) -> None:
        try:
            self._engine = make_engine(url)
        except BadDatabaseUrl as error:
            raise InvalidInput([Problem("archive.url", None, str(error))]) from error
        self._namespace = namespace

    def keep(self, plan_id: str, last_plan_sequence_id: int, lines: Iterable[Line]) -> None:
        """See ``Archive``."""
        key = {
            "namespace": self._namespace,
            "plan_id": plan_id,
            "last_plan_sequence_id": last_plan_sequence_id,
        }
        rows = (
            {**key, "line": number, "kind": line["kind"], "content": as_text(line).rstrip("\n")}
            for number, line in enumerate(lines)
        )
        try:
            _TABLE.create(self._engine, checkfirst=True)
            with self._engine.begin() as connection:
                same = [_TABLE.c[name] == value for name, value in key.items()]
                connection.execute(delete(_TABLE).where(*same))
                while batch := list(islice(rows, ROWS)):
                    connection.execute(insert(_TABLE), batch)
        except SQLAlchemyError as error:
            # Its text may quote a row; the kind of the fault says enough.
            raise ArchiveUnavailable(f"archive.url: the database refuses ({type(error).__name__})") from error


def open_archive(settings: Settings) -> Archive | None:
    """The archive that the settings name; None when plans are purged without one."""
    if settings.archive.path is not None:
        return FolderArchive(settings.archive.path)
    if settings.archive.url is not None:
        return DatabaseArchive(settings.archive.url.get_secret_value(), settings.namespace)
    return None
