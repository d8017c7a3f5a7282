"""Stores are found by name, and refused in words that say what to do."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from checkpoint import CheckpointStoreMisused, MemoryCheckpointStore, StoreOptions, make_store, registry, store_names
from checkpoint.database import DatabaseCheckpointStore
from tests.support.agreed_lists import must_agree

PAGE = Path(__file__).parents[3] / "docs" / "checkpoints.md"
OPTIONS = StoreOptions("test")


def brings(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    points = [EntryPoint("vault", value, registry.ENTRY_POINT_GROUP)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.ENTRY_POINT_GROUP else [])


def a_store(options: StoreOptions) -> MemoryCheckpointStore:
    return MemoryCheckpointStore(options.size_limit)


def broken(options: StoreOptions) -> object:
    raise RuntimeError(f"no vault for {options.namespace}")


def no_store(_: StoreOptions) -> object:
    return object()


def refusal(name: str, options: StoreOptions = OPTIONS) -> str:
    with pytest.raises(CheckpointStoreMisused) as caught:
        make_store(name, options)
    return f"{caught.value}: {caught.value.__cause__}"


def test_every_store_has_its_row() -> None:
    table = PAGE.read_text().partition("## Choosing a store")[2].partition("\n## ")[0]
    must_agree(
        store_names(),
        re.findall(r"^\| `(\w+)` ", table.replace("` (default)", "`"), re.MULTILINE),
        lacking="{} of checkpoint/registry.py has no row in docs/checkpoints.md, under 'Choosing a store'",
        left_over="{} has a row in docs/checkpoints.md, and is none of store_names in checkpoint/registry.py",
    )


def test_memory_is_for_one_process() -> None:
    assert "inside one process" in refusal("memory")
    assert isinstance(make_store("memory", OPTIONS, one_process=True), MemoryCheckpointStore)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "did you mean 'redis'?" in refusal("redsi")
    assert f"known: {', '.join(store_names())}" in refusal("qqqq")


def test_every_name_leads_to_a_store(tmp_path: Path) -> None:
    options = StoreOptions("test", f"sqlite:///{tmp_path}/c.db")
    for name in set(store_names()) - {registry.LEDGER_STORE}:
        assert callable(make_store(name, options, one_process=True).save), name


def test_db_needs_a_url_of_a_database_that_is_known(tmp_path: Path) -> None:
    assert "checkpoint.url: needed" in refusal("db")
    for url in ("no url", "mysql://u:hidden@h/d", "sqlite://", "sqlite:///:memory:", "foo+bar://h:hidden@x/y"):
        said = refusal("db", StoreOptions("test", url))
        assert said.startswith("checkpoint.url: ")
        assert "hidden" not in said
    made = make_store("db", StoreOptions("test", f"sqlite:///{tmp_path}/c.db"))
    assert isinstance(made, DatabaseCheckpointStore)
    made.close()
    made.close()


def test_a_store_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, "tests.unit.checkpoint.test_registry:a_store")
    assert "vault" in store_names()
    assert isinstance(make_store("vault", OPTIONS), MemoryCheckpointStore)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tests.unit.checkpoint.test_registry:broken", "no vault for test"),
        ("tests.unit.checkpoint.test_registry:no_store", "it has no save, load, load_many, delete, kept"),
        ("no.such.module:thing", "cannot be used"),
    ],
)
def test_an_entry_point_that_gives_no_store(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    brings(monkeypatch, value)
    assert said in refusal("vault")
    assert value in refusal("vault")


def test_the_url_is_in_no_text_of_the_options() -> None:
    assert "hidden" not in repr(StoreOptions("test", "postgresql://u:hidden@h/d"))
