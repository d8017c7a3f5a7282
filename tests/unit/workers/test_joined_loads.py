"""Threads that look up checkpoints at once share a look-up, and no fault of it is another's."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from checkpoint import Checkpoint, CheckpointDamaged, MemoryCheckpointStore
from checkpoint.conformance import sample
from tests.support.waiting import wait_until
from workers.joined_loads import JoinedLoads

OTHERS = [f"p.{number}" for number in range(1, 8)]


class Held(MemoryCheckpointStore):
    """Real; holds its first answer until it is let go, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.let_go = threading.Event()
        self.fault: Exception | None = None
        self.own_fault: Exception | None = None
        for task_id in ("p.0", *OTHERS):
            self.save(sample(task_id))

    def load(self, task_id: str) -> Checkpoint | None:
        self._ask([task_id])
        if self.own_fault:
            raise self.own_fault
        return super().load_many([task_id]).get(task_id)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        self._ask(task_ids)
        if self.fault:
            raise self.fault
        return super().load_many(task_ids)

    def _ask(self, task_ids: Sequence[str]) -> None:
        self.asked.append(list(task_ids))
        assert self.let_go.wait(30)


def begun(store: Held, loads: JoinedLoads, threads: ThreadPoolExecutor) -> list[Future[Checkpoint | None]]:
    """The first is being asked for, and the others wait for it."""
    futures = [threads.submit(loads.load, "p.0")]
    wait_until(lambda: store.asked == [["p.0"]], 20)
    futures += [threads.submit(loads.load, task_id) for task_id in [*OTHERS, "p.9"]]
    wait_until(lambda: loads.waiting() == len(OTHERS) + 1, 20)
    store.let_go.set()
    return futures


def test_those_that_come_meanwhile_go_together() -> None:
    store = Held()
    with ThreadPoolExecutor(16) as threads:
        futures = begun(store, JoinedLoads(store), threads)
        assert [future.result() for future in futures] == [sample(one) for one in ("p.0", *OTHERS)] + [None]
    first, together = store.asked
    assert (first, sorted(together)) == (["p.0"], [*OTHERS, "p.9"])


@pytest.mark.parametrize("fault", [CheckpointDamaged("one of them"), AttributeError("of one's own")], ids=repr)
def test_a_fault_of_many_is_each_ones_own(fault: Exception) -> None:
    store = Held()
    store.fault = fault
    with ThreadPoolExecutor(16) as threads:
        futures = begun(store, JoinedLoads(store), threads)
        assert [future.result() for future in futures] == [sample(one) for one in ("p.0", *OTHERS)] + [None]
    # Once in vain together, then each alone.
    assert sorted(map(len, store.asked)) == [1] * (len(OTHERS) + 2) + [len(OTHERS) + 1]


def test_who_asks_alone_is_told_what_is_wrong_and_keeps_nobody() -> None:
    store = Held()
    store.let_go.set()
    loads = JoinedLoads(store)
    store.own_fault = CheckpointDamaged("it is")
    for _ in range(2):
        with pytest.raises(CheckpointDamaged):
            loads.load("p.0")
    assert (loads.waiting(), len(store.asked)) == (0, 2)


class Stuck(Held):
    """Its first answer never comes until it is let go; all others do at once."""

    def _ask(self, task_ids: Sequence[str]) -> None:
        self.asked.append(list(task_ids))
        assert len(self.asked) > 1 or self.let_go.wait(30)


def test_nobody_waits_for_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.joined_loads.PATIENCE_SECONDS", 0.05)
    store = Stuck()
    loads = JoinedLoads(store)
    with ThreadPoolExecutor(16) as threads:
        try:
            first = threads.submit(loads.load, "p.0")
            wait_until(lambda: store.asked == [["p.0"]], 20)
            futures = [threads.submit(loads.load, task_id) for task_id in OTHERS]
            assert [future.result(20) for future in futures] == [sample(one) for one in OTHERS]
            assert not first.done()
            assert sorted(store.asked[1:]) == [[one] for one in OTHERS]
            assert loads.waiting() == 0
        finally:
            store.let_go.set()
        assert first.result(20) == sample("p.0")
