"""One fault is passed by: logged, backed off, told apart from an outage."""

from __future__ import annotations

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from orchestrator.coordinator.guard import REMEMBERED, FaultGuard


class Hand:
    """A clock, and a step that fails while ``broken`` is set."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.broken = True
        self.steps = 0
        self.fault = "broken"
        self.guard = FaultGuard(lambda: self.seconds)

    def step(self) -> None:
        self.steps += 1
        if self.broken:
            raise ValueError(self.fault)

    def run(self, name: str = "p") -> bool:
        return self.guard.run(name, self.step)


def test_a_fault_is_tried_again_ever_more_seldom_and_told_once_in_ten_minutes() -> None:
    hand = Hand()
    tried_at = []
    told_at = []
    with capture_logs() as logs:
        for second in range(700):
            hand.seconds = float(second)
            hand.fault = "broken" if second < 200 else "broken otherwise"
            before, told = hand.steps, len(logs)
            assert not hand.run()
            if hand.steps > before:
                tried_at.append(second)
            if len(logs) > told:
                told_at.append(second)
    assert tried_at[:12] == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]
    assert {line["what"] for line in logs} == {"p"}
    # What is new of it is told at once.
    assert told_at == [0, 243]
    hand.seconds = 900.0
    with capture_logs() as logs:
        assert not hand.run()
    assert len(logs) == 1


def test_success_ends_it() -> None:
    hand = Hand()
    with capture_logs():
        hand.run()
        hand.seconds, hand.broken = 2.0, False
        assert hand.run()
        assert not hand.guard.holds_back("p")
        hand.broken = True
        hand.run()
    hand.seconds = 3.5
    assert not hand.guard.holds_back("p")


def test_others_are_not_held_back() -> None:
    hand = Hand()
    with capture_logs():
        hand.run("p")
    hand.broken = False
    assert hand.run("q")
    assert not hand.run("p")


def test_an_outage_is_raised() -> None:
    def away() -> None:
        raise RedisConnectionError("away")

    guard = FaultGuard()
    with pytest.raises(RedisConnectionError):
        guard.run("p", away)
    assert not guard.holds_back("p")


def test_what_it_remembers_is_bounded() -> None:
    hand = Hand()
    with capture_logs():
        for number in range(REMEMBERED + 50):
            hand.run(str(number))
    assert not hand.guard.holds_back("0")
    assert hand.guard.holds_back(str(REMEMBERED + 49))
