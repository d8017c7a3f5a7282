"""URLs of databases: what is refused before a driver sees it, in words that hold nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from checkpoint.database_url import BadDatabaseUrl, parse_database_url
from checkpoint.engines import make_engine

UNDIALLED = [
    "postgresql://u:pa@hunter:ter2@127.0.0.1/db",
    "postgresql://u:pa@hunter2@127.0.0.1/db",
    "postgresql://127.0.0.1:hunter2/x",
    "postgresql://u:hunter2@[::1/x",
    "postgresql://u:pa@ss/hunter2@h/db",
    "postgresql://u:pa@ss?hunter2@h/db",
    "postgresql://h:0/x",
    "postgresql://h:65536/x",
    "postgresql://h/x?port=hunter2",
    "postgresql://h/x\n",
    "mysql://u:hunter2@h/d",
    "sqlite://hunter2/x",
    "sqlite:///x?timeout=hunter2",
    "hunter2",
    "",
]
IN_MEMORY = ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///x?mode=memory&uri=true", "sqlite:/// "]


@pytest.mark.parametrize("url", UNDIALLED)
def test_what_could_not_be_opened_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as caught:
        make_engine(url)
    assert not any(piece in str(caught.value) for piece in ("hunter", "ter2", "pa@"))


@pytest.mark.parametrize("url", IN_MEMORY)
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="in memory is lost"):
        parse_database_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p%40a/b@db-1.example:5432/x?sslmode=require",
        "postgresql+psycopg:///x?host=/run",
        "postgresql://[::1]/x",
    ],
)
def test_a_server_is_dialled_by_our_driver(url: str) -> None:
    taken = parse_database_url(url)
    assert taken.text == "postgresql+psycopg" + url[url.index(":") :]
    assert not taken.is_file


def test_a_file_is_ours_alone(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "kept.db")
    for path in (tmp_path / "a b.db", link):
        with make_engine(f"sqlite:///{path}").begin() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
            connection.execute(text("create table t (x)"))
            modes = [one.stat().st_mode & 0o777 for one in tmp_path.glob(f"{path.resolve().name}*")]
        assert len(modes) > 1
        assert set(modes) == {0o600}
