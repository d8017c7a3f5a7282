"""The database store where a real database misbehaves, is shared, or is asked for much."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect

from checkpoint import CheckpointStoreMisused, CheckpointStoreUnavailable
from checkpoint.conformance import sample
from checkpoint.database import DatabaseCheckpointStore
from tests.chaos.proxy import TcpProxy
from tests.support.long import long
from tests.support.postgres_server import PostgresServer


def test_ten_thousand_take_two_round_trips(tmp_path: Path) -> None:
    store = DatabaseCheckpointStore(f"sqlite:///{tmp_path}/c.db", "test")
    store.save(sample("big.7"))
    asked: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    assert store.load_many([f"big.{index}" for index in range(10_000)]) == {"big.7": sample("big.7")}
    store.close()
    assert len(asked) == 2


def test_namespaces_share_a_database(tmp_path: Path) -> None:
    one, two = (DatabaseCheckpointStore(f"sqlite:///{tmp_path}/c.db", name) for name in ("one", "two"))
    one.save(sample(epoch=5))
    assert two.load("plan.0") is None
    assert two.save(sample(epoch=1))
    two.delete("plan.0")
    assert one.load("plan.0") == sample(epoch=5)
    assert two.kept() == []
    one.close()
    two.close()


def test_a_crash_of_postgres_is_ridden_out_and_named_without_password(postgres_binaries: Path) -> None:
    server = PostgresServer(postgres_binaries)
    server.start()
    store = DatabaseCheckpointStore(server.url, "test")
    try:
        assert store.save(sample(epoch=1))
        server.kill()
        with pytest.raises(CheckpointStoreUnavailable) as caught:
            store.save(sample(epoch=2))
        assert f"127.0.0.1:{server.port}" in str(caught.value)
        assert "ssword" not in str(caught.value)
        server.run_server()
        assert store.save(sample(epoch=2))
        assert store.load("plan.0") == sample(epoch=2)
    finally:
        store.close()
        server.stop()


def test_many_processes_make_the_table_at_once(postgres_server: PostgresServer) -> None:
    stores = [DatabaseCheckpointStore(postgres_server.url, f"race-{number}") for number in range(8)]
    with stores[0]._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS changeover_checkpoints")
    failures: list[BaseException] = []
    start = threading.Barrier(len(stores))

    def first_use(store: DatabaseCheckpointStore) -> None:
        start.wait()
        try:
            store.save(sample())
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=first_use, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(store.load("plan.0") == sample() for store in stores)
    for store in stores:
        store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_table_that_another_makes_meanwhile_is_used(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/c.db" if kind == "sqlite" else request.getfixturevalue("postgres_server").url
    other, store = DatabaseCheckpointStore(url, "other"), DatabaseCheckpointStore(url, "meanwhile")
    other.save(sample())
    looks: list[bool] = []

    class Look:
        def __init__(self, engine: Engine) -> None:
            self.engine = engine

        def has_table(self, name: str) -> bool:
            # The first look was before the other's table.
            looks.append(bool(looks) and inspect(self.engine).has_table(name))
            return looks[-1]

    monkeypatch.setattr("checkpoint.database.inspect", Look)
    assert store.save(sample())
    assert looks == [False, True]
    other.close()
    store.close()


def test_a_file_that_is_no_database_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_text("not a database, and long enough to be told from an empty one" * 20)
    store = DatabaseCheckpointStore(f"sqlite:///{tmp_path}/c.db", "test")
    with pytest.raises(CheckpointStoreMisused, match="not a database"):
        store.load("plan.0")
    store.close()


def test_another_writer_is_waited_for_and_then_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkpoint.engines.WRITER_SECONDS", 0.1)
    store = DatabaseCheckpointStore(f"sqlite:///{tmp_path}/c.db", "test")
    store.save(sample(epoch=1))
    other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CheckpointStoreUnavailable, match="locked"):
        store.save(sample(epoch=2))
    other.execute("COMMIT")
    other.close()
    assert store.save(sample(epoch=2))
    store.close()


@long
def test_an_answer_that_never_comes_ends_in_bounded_time(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkpoint.bounded_postgres.ANSWER_SECONDS", 0.5)
    proxy = TcpProxy(postgres_server.port)
    url = postgres_server.url.replace(f":{postgres_server.port}/", f":{proxy.port}/")
    store = DatabaseCheckpointStore(url, "hung")
    calls = (
        lambda: store.load("plan.0"),
        lambda: store.load_many(["plan.0", "plan.1"]),
        lambda: store.save(sample(epoch=2)),
        lambda: store.delete("plan.0"),
        store.kept,
    )
    try:
        assert store.save(sample(epoch=1))
        for call in calls:
            # What is asked is taken, and never answered; there is a connection already, and it looks well.
            proxy.black_hole(True)
            with pytest.raises(CheckpointStoreUnavailable) as caught:
                call()
            assert f"127.0.0.1:{proxy.port}" in str(caught.value)
            proxy.black_hole(False)
            assert store.load("plan.0") == sample(epoch=1)
    finally:
        store.close()
        proxy.close()
