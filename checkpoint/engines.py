"""How databases are reached, for checkpoints and archives: PostgreSQL with limits, SQLite in a file of ours alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError

from checkpoint.database_url import EXAMPLE, BadDatabaseUrl, parse_database_url

BUSY_SECONDS: Final = 10.0
"""How long a call waits for one of the pool's connections."""

WRITER_SECONDS: Final = 30.0
"""How long a save waits on SQLite for other writers; they are let in in no order."""

_making: Final = threading.Lock()


def make_engine(text: str) -> Engine:
    """The engine of the database behind the URL; nothing is connected yet.

    Raises ``BadDatabaseUrl``, also for a driver that is not installed; its message holds nothing of the URL.
    """
    url = parse_database_url(text)
    try:
        return _of_file(url.text) if url.is_file else _of_server(url.text)
    except ModuleNotFoundError as error:
        raise BadDatabaseUrl(f"the driver {error.name} is not installed: pip install 'changeover[postgres]'") from error
    except (ArgumentError, ValueError):
        # Of an option: these words may quote it.
        raise BadDatabaseUrl(EXAMPLE) from None


def _of_server(url: str) -> Engine:
    # A database behind a black hole must not hold a worker's slot or a coordinator's loop for ever.
    limits = {
        "connect_timeout": 5,
        "options": "-c statement_timeout=15000",
        "tcp_user_timeout": 15_000,
        "keepalives_idle": 10,
    }
    engine = create_engine(
        url,
        pool_size=5,
        max_overflow=20,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        connect_args=limits,
    )
    event.listen(engine, "do_connect", _bounded)
    return engine


def _of_file(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WRITER_SECONDS})
    event.listen(engine, "do_connect", _make_private)
    return engine


def _bounded(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
    # Imported with the driver, which not everybody has.
    from checkpoint.bounded_postgres import BoundedConnection

    return BoundedConnection.connect(*arguments, **named)


def _make_private(_dialect: Any, _record: Any, arguments: Any, _named: Any) -> None:
    """SQLite would make the file readable by all; what it lays beside it has the file's own mode."""
    path = Path(os.path.realpath(arguments[0]))
    # One at a time: who closes a file takes the locks away that another connection of this process has on it.
    with _making:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except OSError:
            # It is there, or cannot be made: SQLite opens it, or says why not.
            return
