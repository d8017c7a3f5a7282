"""Whatever the log does and wherever the consumer dies, it has handled in the end all that the log holds."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.control.consumer import EventConsumer, EventsMissed
from orchestrator.control.event_cursors import FileCursor, MemoryCursor
from orchestrator.domain.errors import InvalidInput
from tests.support.event_log import Kept, Log

STEPS = st.lists(st.tuples(st.sampled_from(["write", "lose", "consume", "die"]), st.integers(1, 400)), max_size=30)


@given(STEPS, st.integers(1, 50))
def test_all_that_the_log_holds_has_been_handled(steps: list[tuple[str, int]], save_every: int) -> None:
    log, cursor = Log(), Kept()
    consumer = EventConsumer(log, cursor, save_every=save_every)
    handled: set[datetime] = set()
    for step, count in steps:
        if step == "write":
            log.write(count)
        elif step == "lose":
            log.lose(count)
        else:
            for _, event in zip(range(count), consumer.events(follow=False), strict=False):
                handled.add(event.occurred_at)
            if step == "die":
                consumer = EventConsumer(log, cursor, save_every=save_every)
    handled |= {event.occurred_at for event in consumer.events(follow=False)}
    assert {event.occurred_at for event in log.kept} <= handled
    assert list(consumer.events(follow=False)) == []


TRIMS = st.lists(st.tuples(st.sampled_from(["write", "trim", "look", "die"]), st.integers(0, 40)), max_size=30)


@given(TRIMS, st.integers(1, 50))
def test_what_left_the_feed_was_handled_or_is_told(steps: list[tuple[str, int]], save_every: int) -> None:
    log, cursor = Log(), Kept()
    consumer = EventConsumer(log, cursor, save_every=save_every)
    list(consumer.events(follow=False))
    known: set[int] = set()

    def look(most: int) -> None:
        try:
            known.update(
                event.sequence_id for _, event in zip(range(most), consumer.events(follow=False), strict=False)
            )
        except EventsMissed as gap:
            told = set(range(gap.first, gap.last + 1))
            assert told
            assert not told & {event.sequence_id for event in log.kept}
            known.update(told)
            consumer.skip_missed()

    for step, count in steps:
        if step == "write":
            log.write(count)
        elif step == "trim":
            log.trim(count)
        elif step == "die":
            consumer = EventConsumer(log, cursor, save_every=save_every)
        else:
            look(count)
    log.write(1)
    look(10_000)
    look(10_000)
    assert (consumer.went_back, known) == (0, set(range(1, log.written + 1)))


def test_a_second_gap_is_told_and_one_before_the_first_event(tmp_path: Path) -> None:
    log, cursor = Log(), FileCursor(tmp_path / "cursor.json")
    consumer = EventConsumer(log, cursor)
    assert list(consumer.events(follow=False)) == []
    for first, last in ((1, 15), (16, 35)):
        log.write(20)
        log.trim(last - first + 1)
        with pytest.raises(EventsMissed, match=f"events {first} to {last} have left the feed"):
            list(consumer.events(follow=False))
        consumer.skip_missed()
        # Nothing is handled, and its process dies.
        consumer = EventConsumer(log, cursor)
    assert [event.sequence_id for event in consumer.events(follow=False)] == [36, 37, 38, 39, 40]


def test_no_gap_is_told_where_nothing_is_missing() -> None:
    log = Log()
    consumer = EventConsumer(log, MemoryCursor())
    log.write(10)
    list(consumer.events(follow=False))
    log.write(10)
    log.trim(9)
    assert [event.sequence_id for event in consumer.events(follow=False)] == list(range(11, 21))
    log.trim(10)
    assert list(consumer.events(follow=False)) == []
    log.write(1)
    assert [event.sequence_id for event in consumer.events(follow=False)] == [21]
    # Nor at the first look at a feed that others have read for long.
    log.trim(1)
    assert [event.sequence_id for event in EventConsumer(log, MemoryCursor()).events(follow=False)] == [21]


def test_a_feed_that_begins_right_behind_the_last_handled_may_be_another() -> None:
    for lost in (0, 6):
        log = Log()
        log.write(10)
        consumer = EventConsumer(log, MemoryCursor())
        list(consumer.events(follow=False))
        log.lose(lost)
        log.write(lost + 10)
        log.trim(10)
        # Those that got the numbers 5 to 10 were never seen, and nothing in the feed shows whether there are any.
        with pytest.raises(EventsMissed, match="events 10 to 10 have left"):
            list(consumer.events(follow=False))
        consumer.skip_missed()
        assert [event.sequence_id for event in consumer.events(follow=False)] == list(range(11, 21))


def test_a_log_that_goes_back_behind_a_gap_that_was_told_and_is_cut_there_again_is_told() -> None:
    log, cursor = Log(), Kept()
    consumer = EventConsumer(log, cursor)
    list(consumer.events(follow=False))
    log.write(30)
    log.trim(20)
    with pytest.raises(EventsMissed, match="events 1 to 20 have left"):
        list(consumer.events(follow=False))
    consumer.skip_missed()
    log.lose(15)
    log.write(15)
    log.trim(5)
    for _ in range(2):
        # Also by one that is started again.
        with pytest.raises(EventsMissed, match="events 20 to 20 have left"):
            list(EventConsumer(log, cursor).events(follow=False))


def test_what_happens_to_the_log_while_a_page_is_handled_is_told() -> None:
    log = Log()
    log.write(2000)
    consumer = EventConsumer(log, Kept())
    events = consumer.events(follow=False)
    assert next(events).sequence_id == 1
    log.trim(1500)
    with pytest.raises(EventsMissed, match="events 501 to 1500 have left"):
        list(events)
    consumer.skip_missed()
    events = consumer.events(follow=False)
    assert next(events).sequence_id == 1501
    log.lose(490)
    log.write(500)
    assert [event.sequence_id for event in events][-500:] == list(range(1511, 2011))
    assert consumer.went_back == 1


def test_a_log_that_went_back_and_lost_its_oldest_tells_a_gap() -> None:
    log = Log()
    log.write(12)
    consumer = EventConsumer(log, MemoryCursor())
    list(consumer.events(follow=False))
    log.lose(8)
    log.write(13)
    log.trim(9)
    # Whether its 9 is another one than the 9 that was handled nobody can say.
    with pytest.raises(EventsMissed, match="events 9 to 9 have left"):
        list(consumer.events(follow=False))
    consumer.skip_missed()
    assert [event.sequence_id for event in consumer.events(follow=False)] == list(range(10, 18))
    assert consumer.went_back == 1


def test_who_dies_behind_a_log_that_went_back_is_told_all_that_then_leaves_it() -> None:
    for lost, first in ((4, 9), (12, 1)):
        log, cursor = Log(), Kept()
        log.write(12)
        list(EventConsumer(log, cursor).events(follow=False))
        log.lose(lost)
        log.write(lost + 3)
        # Dies while it handles the first of what there is instead.
        assert next(EventConsumer(log, cursor).events(follow=False)).sequence_id == first
        log.trim(13)
        with pytest.raises(EventsMissed, match=f"events {first} to 13 have left"):
            list(EventConsumer(log, cursor).events(follow=False))


def test_where_a_fail_over_takes_back_the_event_that_it_began_behind() -> None:
    log = Log()
    log.write(10)
    with pytest.raises(InvalidInput, match="save_every"):
        EventConsumer(log, Kept(), save_every=0)
    consumer = EventConsumer(log, Kept(), since=10)
    assert list(consumer.events(follow=False)) == []
    log.lose(1)
    log.write(3)
    list(consumer.events(follow=False))
    assert consumer.went_back == 1


def test_nothing_comes_twice_while_nothing_goes_wrong() -> None:
    log, cursor = Log(), Kept()
    handled: list[int] = []
    for _ in range(5):
        log.write(300)
        handled += [event.sequence_id for event in EventConsumer(log, cursor).events(follow=False)]
    assert handled == list(range(1, 1501))


def test_a_log_that_went_back_is_taken_up_near_the_place() -> None:
    log = Log()
    consumer = EventConsumer(log, Kept())
    log.write(2000)
    list(consumer.events(follow=False))
    log.lose(100)
    log.write(150)
    again = [event.sequence_id for event in consumer.events(follow=False)]
    assert again == list(range(again[0], 2051))
    assert 1700 < again[0] <= 1901


def test_who_only_looks_begins_where_it_likes_and_ends_when_it_is_told() -> None:
    log = Log()
    log.write(10)
    consumer = EventConsumer(log, MemoryCursor(), since=7)
    looks = iter([False, True])

    def until() -> bool:
        log.write(1)
        return next(looks)

    found = [event.sequence_id for event in consumer.events(until=until, look_seconds=0)]
    assert found == [8, 9, 10, 11, 12]
    assert consumer.went_back == 0
    log.lose(1)
    assert list(consumer.events(follow=False)) == []
    assert consumer.went_back == 1
    log.write(1)
    assert [event.sequence_id for event in consumer.events(follow=False)] == [12]


def test_what_has_left_the_feed_is_named_and_may_be_skipped() -> None:
    log = Log()
    consumer = EventConsumer(log, Kept())
    log.write(10)
    list(consumer.events(follow=False))
    log.write(10)
    log.trim(15)
    with pytest.raises(EventsMissed, match="events 11 to 15 have left the feed"):
        list(consumer.events(follow=False))
    consumer.skip_missed()
    assert [event.sequence_id for event in consumer.events(follow=False)] == [16, 17, 18, 19, 20]


def test_a_cursor_in_a_file(tmp_path: Path) -> None:
    log, path = Log(), tmp_path / "cursor.json"
    log.write(1000)
    events = EventConsumer(log, FileCursor(path)).events(follow=False)
    assert [next(events).sequence_id for _ in range(3)] == [1, 2, 3]
    # Killed while it handles the third.
    del events
    assert next(EventConsumer(log, FileCursor(path)).events(follow=False)).sequence_id == 3
    assert path.stat().st_mode & 0o777 == 0o600
    kept = json.loads(path.read_text())
    for text in ("[]", json.dumps(kept | {"format": 2}), json.dumps({"trail": kept["trail"]})):
        path.write_text(text)
        with pytest.raises(ValueError, match="is no cursor"):
            EventConsumer(log, FileCursor(path))
