"""Random histories of a feed that grows, loses its oldest, goes back and is restored, while a consumer reads, dies, and
skips: all that was ever in it has been handled in the end, or was told as missed while it was in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from orchestrator.control.consumer import EventConsumer, EventsMissed
from orchestrator.domain.events import Event, PlanStarted
from tests.support.event_log import START, Kept
from tests.support.long import IS_LONG, longer

HISTORIES = 5_000 if IS_LONG else 60
OPERATIONS = 40


class Feed:
    """``log``: all events of this lineage; those from ``first`` on have not left it. No two events are alike."""

    def __init__(self) -> None:
        self.log: list[Event] = []
        self.first = 0
        self._written = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            self._written += 1
            at, number = START + timedelta(seconds=self._written), len(self.log) + 1
            self.log.append(PlanStarted(sequence_id=number, plan_sequence_id=1, plan_id="p", occurred_at=at))

    def trim(self, to: int) -> None:
        self.first = max(self.first, min(to, len(self.log)))

    def lose(self, count: int) -> None:
        del self.log[len(self.log) - count :]
        self.first = min(self.first, len(self.log))

    def events(self, plan_id: str | None, since: int, /) -> Iterator[Event]:
        assert plan_id is None
        return iter(self.log[max(self.first, since) :])


class History:
    """One history; what was handled and told is known by its moment, as numbers are given out again."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.feed, self._cursor = Feed(), Kept()
        self._every = self.draw.choice([1, 1, 5, 50])
        self.handled: set[datetime] = set()
        self.passed: set[datetime] = set()
        self.told = 0
        self.went_back = False
        self._copies: list[tuple[list[Event], int]] = []
        self._has_begun = False
        self.start()

    def start(self) -> None:
        self.consumer = EventConsumer(self.feed, self._cursor, save_every=self._every)
        self._under_way: Iterator[Event] | None = None

    def look(self, most: int, *, skips: bool) -> None:
        """Handles so many; what it has read and not handled is left for the next time, whatever becomes of the log."""
        if not self._has_begun:
            # What had left it before anybody looked.
            self._has_begun = True
            self.passed |= {event.occurred_at for event in self.feed.log[: self.feed.first]}
        try:
            self._under_way = self._under_way or self.consumer.events(follow=False)
            for event in self._under_way:
                self.handled.add(event.occurred_at)
                most -= 1
                if most <= 0:
                    return
            self._under_way = None
        except EventsMissed as gap:
            self._under_way = None
            self.miss(gap)
            if skips:
                self.consumer.skip_missed()

    def miss(self, gap: EventsMissed) -> None:
        assert gap.first <= gap.last == self.feed.first, f"{gap}, and the feed begins behind {self.feed.first}"
        again = {event.occurred_at for event in self.feed.log[gap.first - 1 : gap.last]} & self.handled
        # The last may be told of, and what a crash left unsaved.
        assert self.went_back or len(again) <= self._every, f"{gap}: handled {len(again)}"
        self.told += 1
        self.passed |= {event.occurred_at for event in self.feed.log[: gap.last]}

    def step(self) -> None:
        draw, feed = self.draw, self.feed
        kind = draw.choices(["write", "trim", "lose", "copy", "restore", "look", "die"], [8, 4, 2, 1, 1, 8, 2])[0]
        match kind:
            case "write":
                feed.write(draw.choice([1, 1, 3, 30, 700]))
            case "trim":
                # Near its end too, where the next is what a consumer stands before.
                feed.trim(draw.choice([len(feed.log) - draw.randrange(3), feed.first + draw.randrange(60)]))
            case "lose":
                self.lose(draw.choice([1, 2, 5, 50]))
            case "copy":
                self._copies.append((list(feed.log), feed.first))
            case "restore" if self._copies:
                feed.log, feed.first = draw.choice(self._copies)
                feed.log = list(feed.log)
                self.went_back = True
            case "look":
                self.look(draw.choice([1, 2, 10, 600, 10_000]), skips=draw.random() < 0.8)
            case "die":
                self.start()

    def lose(self, most: int) -> None:
        """And gives the numbers out again, often as far as they were, or cut to where it was."""
        feed, was, end = self.feed, self.feed.first, len(self.feed.log)
        feed.lose(min(most, end))
        self.went_back = True
        feed.write(self.draw.choice([0, most // 2, most, most + 3]))
        if self.draw.random() < 0.5:
            feed.trim(was + self.draw.choice([0, 0, 1]))

    def end(self) -> None:
        """It is alive long enough to read all, of a feed with an event in it: an empty one says nothing."""
        self.feed.write(1)
        for _ in range(10):
            self._under_way, told = None, self.told
            self.look(10**9, skips=True)
            if self.told == told:
                return
        raise AssertionError("it never comes to the end")


@longer
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(4))
def test_all_was_handled_or_told(part: int) -> None:
    for seed in range(part, HISTORIES, 4):
        history = History(seed)
        for _ in range(OPERATIONS):
            history.step()
        history.end()
        settled = history.handled | history.passed
        lost = [event.sequence_id for event in history.feed.log if event.occurred_at not in settled]
        assert not lost, f"seed {seed}: neither handled nor told: {lost[:5]} of {len(lost)}"
        if not history.went_back:
            assert history.consumer.went_back == 0, f"seed {seed}"
