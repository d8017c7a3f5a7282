"""The suite that every checkpoint store passes. Plain functions and asserts: run it from any test tool, or from none.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_store(check, tmp_path):
        check(lambda: MyStore(tmp_path))

A check takes a function that opens the store: every call gives another handle on the *same* place (as another process
would have), and the place is empty when a check begins. Stores in memory give the same object each time. The opened
store must have the default size limit.

Kill tests need real processes: ``saver`` and ``check_killed`` are for stores that outlive one.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from checkpoint.contract import SIZE_LIMIT, Checkpoint, CheckpointStore, CheckpointTooLarge

Open = Callable[[], CheckpointStore]

MANY: Final = 10_000


def sample(
    task_id: str = "plan.0", epoch: int = 1, completed_stages: int = 1, *, text: str = "", mode: str = "forward"
) -> Checkpoint:
    """A checkpoint as workers make them; ``text`` is what its last step returned, ``mode`` any text to a store."""
    outputs = {f"stage-{index}": {"0": {"footprint": text, "at": index}} for index in range(completed_stages)}
    last = f"stage-{completed_stages - 1}" if completed_stages else ""
    return Checkpoint(task_id, epoch, 1, mode, completed_stages, last, outputs)


def check_nothing_is_kept_at_first(open_store: Open) -> None:
    store = open_store()
    assert store.load("plan.0") is None
    assert store.load_many(["plan.0", "plan.1"]) == {}
    assert store.load_many([]) == {}
    assert list(store.kept()) == []
    store.delete("plan.0")
    store.delete("plan.0", epoch=5)


def check_what_is_saved_is_loaded_by_another(open_store: Open) -> None:
    checkpoint = sample("a-plan_1.2024.17", epoch=7, completed_stages=3, text="grün ✓ 😀 \x00 \\ ' \" \n", mode="back")
    assert open_store().save(checkpoint)
    assert open_store().load("a-plan_1.2024.17") == checkpoint


def check_the_order_of_stages_is_kept(open_store: Open) -> None:
    names = ["zebra", "apple", "10", "9", "mango"]
    checkpoint = replace(sample(), completed_stages=5, outputs={name: {"0": {"b": 1, "a": 2}} for name in names})
    open_store().save(checkpoint)
    loaded = open_store().load("plan.0")
    assert loaded is not None
    assert list(loaded.outputs) == names


def check_a_repeated_save_changes_nothing(open_store: Open) -> None:
    store = open_store()
    assert store.save(sample(epoch=3, completed_stages=2))
    assert store.save(sample(epoch=3, completed_stages=2))
    assert open_store().save(sample(epoch=3, completed_stages=2))
    assert store.load("plan.0") == sample(epoch=3, completed_stages=2)


def check_newer_replaces_older_and_never_the_reverse(open_store: Open) -> None:
    store = open_store()
    # (epoch, stages, is kept): the highest epoch wins, whatever its stages; within an epoch, the most stages.
    for epoch, stages, is_kept in [
        (2, 3, True),
        (2, 4, True),
        (2, 3, False),
        (1, 9, False),
        (3, 0, True),
        (3, 1, True),
    ]:
        assert store.save(sample(epoch=epoch, completed_stages=stages)) is is_kept, (epoch, stages)
    assert store.load("plan.0") == sample(epoch=3, completed_stages=1)
    # Numbers, not text: 10 is more than 9; and epochs outgrow 32 bits.
    assert store.save(sample(epoch=9, completed_stages=9))
    assert store.save(sample(epoch=10, completed_stages=1))
    assert store.save(sample(epoch=10, completed_stages=10))
    assert not store.save(sample(epoch=10, completed_stages=9))
    assert store.save(sample(epoch=2**40, completed_stages=1))
    assert not store.save(sample(epoch=2**40 - 1, completed_stages=99))


def check_tasks_do_not_touch_each_other(open_store: Open) -> None:
    store = open_store()
    names = ["plan.1", "plan.10", "Plan.1", "plan_1", "plan.1%", "plan.*"]
    for epoch, name in enumerate(names, start=1):
        assert store.save(sample(name, epoch=epoch))
    store.delete("plan.1")
    assert store.load("plan.1") is None
    assert store.load_many(names) == {
        name: sample(name, epoch=epoch) for epoch, name in enumerate(names, 1) if epoch > 1
    }


def check_delete_forgets_and_spares_what_is_newer(open_store: Open) -> None:
    store = open_store()
    store.save(sample(epoch=5, completed_stages=2))
    store.delete("plan.0", epoch=4)
    assert store.load("plan.0") == sample(epoch=5, completed_stages=2)
    store.delete("plan.0", epoch=5)
    assert store.load("plan.0") is None
    store.delete("plan.0", epoch=5)
    # Forgotten is forgotten: nothing of the old version stands in the way of a new beginning.
    assert store.save(sample(epoch=1, completed_stages=1))
    store.delete("plan.0")
    assert open_store().load("plan.0") is None


def check_the_limit_is_exact_and_counts_bytes(open_store: Open) -> None:
    store = open_store()
    empty = len(sample(text="").to_json().encode())
    for letter, size in (("x", 1), ("ü", 2), ("😀", 4)):
        fits = sample(text=letter * ((SIZE_LIMIT - empty) // size))
        assert store.save(fits)
        assert store.load("plan.0") == fits
        refusal = _refusal_of(store, sample(epoch=2, text=letter * ((SIZE_LIMIT - empty) // size + 1)))
        assert "plan.0" in refusal
        assert str(SIZE_LIMIT) in refusal
        assert store.load("plan.0") == fits, "a refused save must leave what was kept"


def check_what_is_not_unicode_is_kept_as_text(open_store: Open) -> None:
    store = open_store()
    assert store.save(sample(text="broken \ud800 answer"))
    assert store.load("plan.0") == sample(text="broken ? answer")


def check_nothing_of_the_callers_is_shared(open_store: Open) -> None:
    store = open_store()
    checkpoint = sample(text="before")
    store.save(checkpoint)
    checkpoint.outputs["stage-0"]["0"]["footprint"] = "after"
    loaded = store.load("plan.0")
    assert loaded == sample(text="before")
    assert loaded is not None
    loaded.outputs.clear()
    assert store.load("plan.0") == sample(text="before")


def check_ten_thousand_are_asked_for_at_once_and_walked(open_store: Open) -> None:
    """One in ten of those asked for is kept: single saves are what takes the time here."""
    store = open_store()
    names = [f"big.{index}" for index in range(MANY)]
    wanted = names[9::10]
    _in_threads(4, lambda number: [store.save(sample(name)) for name in wanted[number::4]])
    found = open_store().load_many(names)
    assert found.keys() == set(wanted)
    assert found["big.9999"] == sample("big.9999")
    walked: list[str] = []
    while page := store.kept(after=walked[-1] if walked else "", limit=600):
        assert len(page) <= 600
        walked += [kept.task_id for kept in page]
    assert sorted(walked) == sorted(wanted)


def check_kept_names_the_epoch(open_store: Open) -> None:
    store = open_store()
    store.save(sample("plan.0", epoch=4))
    store.save(sample("plan.1", epoch=12))
    assert {kept.task_id: kept.epoch for kept in store.kept()} == {"plan.0": 4, "plan.1": 12}


def check_concurrent_saves_end_with_the_newest(open_store: Open) -> None:
    """Many threads on several handles, each saving its own rising versions: the highest must be left."""
    handles = [open_store() for _ in range(4)]

    def save_all(number: int) -> None:
        for step in range(25):
            version = step * 8 + number
            handles[number % 4].save(sample(epoch=1 + version // 20, completed_stages=version % 20))

    _in_threads(8, save_all)
    last = 24 * 8 + 7
    assert open_store().load("plan.0") == sample(epoch=1 + last // 20, completed_stages=last % 20)


def check_first_saves_at_once_keep_one(open_store: Open) -> None:
    handles = [open_store() for _ in range(8)]
    _in_threads(8, lambda number: handles[number].save(sample(epoch=number + 1)))
    assert open_store().load("plan.0") == sample(epoch=8)


CHECKS: Final[Sequence[Callable[[Open], None]]] = (
    check_nothing_is_kept_at_first,
    check_what_is_saved_is_loaded_by_another,
    check_the_order_of_stages_is_kept,
    check_a_repeated_save_changes_nothing,
    check_newer_replaces_older_and_never_the_reverse,
    check_tasks_do_not_touch_each_other,
    check_delete_forgets_and_spares_what_is_newer,
    check_the_limit_is_exact_and_counts_bytes,
    check_what_is_not_unicode_is_kept_as_text,
    check_nothing_of_the_callers_is_shared,
    check_ten_thousand_are_asked_for_at_once_and_walked,
    check_kept_names_the_epoch,
    check_concurrent_saves_end_with_the_newest,
    check_first_saves_at_once_keep_one,
)
"""What every store passes."""


def saver(store: CheckpointStore) -> None:
    """The part of ``check_killed`` that is killed: saves rising versions for ever, and says each one that is kept."""
    for number in range(1, 1_000_000):
        store.save(sample(epoch=number, completed_stages=3, text=str(number) * 1000))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def check_killed(open_store: Open, command: Sequence[str], rounds: int = 3) -> None:
    """Kill a process in the middle of its saves: what it was told is kept is kept, whole, and the store goes on.

    ``command`` starts a process that opens the same place and calls ``saver``.
    """
    for _ in range(rounds):
        open_store().delete("plan.0")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = 0
            for line in process.stdout:
                told = int(line)
                if told >= 20:
                    break
            process.send_signal(signal.SIGKILL)
            # What it still had said before it died counts too.
            told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        kept = open_store().load("plan.0")
        assert kept is not None
        assert kept.epoch in (told, told + 1)
        assert kept == sample(epoch=kept.epoch, completed_stages=3, text=str(kept.epoch) * 1000)
        assert open_store().save(sample(epoch=kept.epoch + 1))


def _refusal_of(store: CheckpointStore, too_large: Checkpoint) -> str:
    try:
        store.save(too_large)
    except CheckpointTooLarge as error:
        return str(error)
    raise AssertionError("a checkpoint past the limit was taken")


def _in_threads(count: int, work: Callable[[int], object]) -> None:
    """Runs ``work`` with 0..count-1 at once; what one of them raises is raised here."""
    failures: list[BaseException] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
