"""Checkpoints in a SQL database: PostgreSQL for real, SQLite for a desk. One row a task in one table.

The version check is part of the upsert itself, so two workers that save at once are ordered by the database. The table
is made at first use; a role without the right to make tables may find it made by another.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    event,
    func,
    inspect,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from checkpoint.contract import (
    SIZE_LIMIT,
    Checkpoint,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    Kept,
)
from checkpoint.database_url import BadDatabaseUrl
from checkpoint.engines import make_engine

PAGE: Final = 5000
"""Checkpoints read in one round trip."""

_TABLE = Table(
    "changeover_checkpoints",
    MetaData(),
    Column("namespace", String(64), primary_key=True),
    Column("task_id", String(255), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("completed_stages", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("saved_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
_ROW = _TABLE.c


class DatabaseCheckpointStore:
    """One namespace's checkpoints behind one URL: ``postgresql://user:password@host/db`` or ``sqlite:///path.db``.

    Nothing is connected before the first call. Make it after a fork, not before. Raises ``CheckpointStoreMisused``
    for a URL that is none, another database, or a driver that is not installed.
    """

    def __init__(self, url: str, namespace: str, size_limit: int = SIZE_LIMIT) -> None:
        self._namespace = namespace
        self._size_limit = size_limit
        self._engine = _engine(url)
        self._lock = threading.Lock()
        self._has_table = False

    def save(self, checkpoint: Checkpoint) -> bool:
        """See ``CheckpointStore``. One upsert, its condition in SQL."""
        values = {
            "namespace": self._namespace,
            "task_id": checkpoint.task_id,
            "epoch": checkpoint.epoch,
            "completed_stages": checkpoint.completed_stages,
            "body": checkpoint.to_json(self._size_limit),
        }
        insert: Any = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(_TABLE).values(values)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[_ROW.namespace, _ROW.task_id],
            set_={
                "epoch": new.epoch,
                "completed_stages": new.completed_stages,
                "body": new.body,
                "saved_at": func.now(),
            },
            where=or_(
                new.epoch > _ROW.epoch,
                (new.epoch == _ROW.epoch) & (new.completed_stages >= _ROW.completed_stages),
            ),
        )
        with self._transaction() as connection:
            # Not by row count, which drivers do not agree on for an upsert: a row that was written comes back.
            return connection.execute(statement.returning(_ROW.epoch)).first() is not None

    def load(self, task_id: str) -> Checkpoint | None:
        """See ``CheckpointStore``."""
        return self.load_many([task_id]).get(task_id)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """See ``CheckpointStore``; ``PAGE`` a round trip."""
        found: dict[str, Checkpoint] = {}
        for start in range(0, len(task_ids), PAGE):
            statement = select(_ROW.task_id, _ROW.body).where(
                _ROW.namespace == self._namespace, _ROW.task_id.in_(task_ids[start : start + PAGE])
            )
            with self._transaction() as connection:
                rows = connection.execute(statement).all()
            found |= {task_id: Checkpoint.from_json(body) for task_id, body in rows}
        return found

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        """See ``CheckpointStore``."""
        statement = delete(_TABLE).where(_ROW.namespace == self._namespace, _ROW.task_id == task_id)
        if epoch is not None:
            statement = statement.where(_ROW.epoch <= epoch)
        with self._transaction() as connection:
            connection.execute(statement)

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        """See ``CheckpointStore``. In the order of the database's collation, which is all that paging needs."""
        statement = (
            select(_ROW.task_id, _ROW.epoch)
            .where(_ROW.namespace == self._namespace, _ROW.task_id > after)
            .order_by(_ROW.task_id)
            .limit(limit)
        )
        with self._transaction() as connection:
            return [Kept(task_id, epoch) for task_id, epoch in connection.execute(statement)]

    def close(self) -> None:
        """Gives back the connections; may be called twice."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with _translated(self._engine.url):
            if not self._has_table:
                self._make_table()
            with self._engine.begin() as connection:
                yield connection

    def _make_table(self) -> None:
        with self._lock:
            if self._has_table:
                return
            try:
                if not inspect(self._engine).has_table(_TABLE.name):
                    _TABLE.create(self._engine)
            except DBAPIError:
                # Another process made it in the same moment, or was allowed to where we are not.
                if not inspect(self._engine).has_table(_TABLE.name):
                    raise
            self._has_table = True


def _engine(text: str) -> Engine:
    try:
        engine = make_engine(text)
    except BadDatabaseUrl as error:
        raise CheckpointStoreMisused(f"checkpoint.url: {error}") from error.__cause__
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: Any, _: object) -> None:
    """Readers then never wait for the one writer that SQLite allows."""
    # Another process that is switching at this moment makes this one fail at once; it is switched then all the same.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise CheckpointStoreUnavailable(f"{_address(url)} does not answer: {reason}") from error
    except DBAPIError as error:
        raise CheckpointStoreMisused(f"{_address(url)} refuses: {str(error.orig).strip()}") from error


def _address(url: URL) -> str:
    return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()
