"""Ended plans as rows of a database's table."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from checkpoint.database_url import BadDatabaseUrl
from checkpoint.engines import make_engine
from orchestrator.control.export import Line, as_text
from orchestrator.coordinator.archive import ArchiveUnavailable
from orchestrator.domain.errors import InvalidInput, Problem

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
