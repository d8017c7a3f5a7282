"""Whatever a store of another package raises or answers is told as its own fault."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import redis

from checkpoint import (
    Checkpoint,
    CheckpointDamaged,
    CheckpointError,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    Kept,
    StoreOptions,
    registry,
)
from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.refusals import is_servers_fault
from orchestrator.settings.checkpoint_store import open_store, require_store
from orchestrator.settings.contained_store import ContainedStore, words_of_store
from orchestrator.settings.kept_data import CheckpointSettings
from orchestrator.settings.model import Settings
from steps.raised import Escaped
from tests.support.hostile_errors import HOSTILE

KEPT = Checkpoint("p.0", 1, 1, "RUNNING", 1, "a", {"a": {"0": {}}})
CALLS: dict[str, Callable[[ContainedStore], object]] = {
    "save": lambda store: store.save(KEPT),
    "load": lambda store: store.load("p.0"),
    "load_many": lambda store: store.load_many(["p.0"]),
    "delete": lambda store: store.delete("p.0"),
    "kept": lambda store: store.kept(),
    "close": lambda store: store.close(),
}


class Raises:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def _raise(self, *_: object) -> Any:
        raise self.error

    save = load = load_many = delete = kept = close = _raise


class Answers:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def _answer(self, *_: object) -> Any:
        return self.answer

    save = load = load_many = delete = kept = _answer

    @property
    def close(self) -> Any:
        raise KeyError("close")


class Leaving(CheckpointDamaged):
    def __str__(self) -> str:
        raise SystemExit(0)


class Own(CheckpointStoreUnavailable):
    pass


class Misused(CheckpointStoreMisused):
    def __str__(self) -> str:
        raise SystemExit(0)


made: list[Any] = []


def make(options: StoreOptions) -> Any:
    store = made.pop(0)
    if isinstance(store, Exception):
        raise store
    return store


class Untrue:
    def __bool__(self) -> bool:
        raise SystemExit(0)


@pytest.mark.parametrize("name", CALLS)
def test_what_it_raises_names_it(name: str) -> None:
    own = [
        SystemExit(0),
        GeneratorExit(),
        KeyError("a"),
        redis.ConnectionError("a\nb"),
        *(one() for one in HOSTILE.values()),
    ]
    for error in own:
        with pytest.raises(Escaped) as raised:
            CALLS[name](ContainedStore(Raises(error), "acme"))
        said = words_of_store(raised.value, "acme")
        assert said.startswith("the checkpoint store acme raised ")
        assert "\n" not in said
        assert not is_servers_fault(raised.value)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (Own("away\nnow"), CheckpointStoreUnavailable, "checkpoint store acme: away now"),
        (Own(), CheckpointStoreUnavailable, "checkpoint store acme: Own"),
        (Leaving("bad"), CheckpointDamaged, "checkpoint store acme: Leaving, which cannot say what it is"),
        (type("Another", (CheckpointError,), {})("x"), CheckpointError, "checkpoint store acme: x"),
    ],
    ids=["own", "silent", "leaving", "another"],
)
def test_an_error_of_the_contract_keeps_its_kind(
    error: CheckpointError, kind: type[CheckpointError], said: str
) -> None:
    for call in CALLS.values():
        with pytest.raises(kind) as raised:
            call(ContainedStore(Raises(error), "acme"))
        assert type(raised.value) is kind
        assert words_of_store(raised.value, "acme") == said


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("load", "text"),
        ("load", Checkpoint("p.1", 1, 1, "RUNNING", 1, "a")),
        ("load", Checkpoint("p.0", 1, 1, "RUNNING", 1, "a", {"a": object()})),
        ("load_many", None),
        ("load_many", ["x"]),
        ("load_many", {"p.0": "text"}),
        ("load_many", {"p.0": Checkpoint("p.1", 1, 1, "RUNNING", 1, "a")}),
        ("save", Untrue()),
        ("kept", None),
        ("kept", ["p.0"]),
        ("kept", [Kept(7, 7)]),  # type: ignore[arg-type]
        ("close", None),
    ],
)
def test_an_answer_that_is_none_names_it(name: str, answer: object) -> None:
    with pytest.raises(Escaped, match=r"^the checkpoint store acme raised "):
        CALLS[name](ContainedStore(Answers(answer), "acme"))


def test_a_checkpoint_of_other_kinds_is_damaged() -> None:
    with pytest.raises(CheckpointDamaged, match="epoch"):
        CALLS["load"](ContainedStore(Answers(Checkpoint("p.0", "x", 1, "RUNNING", 1, "a")), "acme"))  # type: ignore[arg-type]


def test_a_store_that_is_not_made_or_does_not_close_is_bad_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = [Misused("bad"), Answers(None)]

    def installed(group: str) -> list[EntryPoint]:
        return [EntryPoint("acme", f"{__name__}:make", group)]

    monkeypatch.setattr(registry, "entry_points", installed)
    monkeypatch.setattr(f"{__name__}.made", made)
    settings = Settings(checkpoint=CheckpointSettings(store_type="acme"))
    with pytest.raises(InvalidInput, match=r"^checkpoint.store_type: Misused, which cannot say what it is$"):
        open_store(settings)
    with pytest.raises(InvalidInput, match=r"^the checkpoint store acme raised KeyError: 'close'$"):
        require_store(settings)


def test_what_is_right_is_answered() -> None:
    assert CALLS["load"](ContainedStore(Answers(None), "acme")) is None
    assert CALLS["load"](ContainedStore(Answers(KEPT), "acme")) == KEPT
    assert CALLS["load_many"](ContainedStore(Answers({"p.0": KEPT, "p.1": "not asked for"}), "acme")) == {"p.0": KEPT}
    assert CALLS["kept"](ContainedStore(Answers([Kept("p.0", 1)]), "acme")) == [Kept("p.0", 1)]
    assert CALLS["save"](ContainedStore(Answers(1), "acme")) is True
