"""Whether a message may still wait in its lane, told from counts alone; held against a lane that is played out."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.broker.backlog import LOOKS, Backlog, LaneDepth
from orchestrator.domain.lanes import lane_of


class Lanes:
    """One lane of a broker; ``at`` is the time."""

    def __init__(self) -> None:
        self.at = 0
        self.pushed = 0
        self.waiting: deque[int] = deque()
        self.backlog = Backlog(lambda: [LaneDepth(self.pushed, len(self.waiting))])

    def push(self) -> int:
        self.at += 1
        self.pushed += 1
        self.waiting.append(self.at)
        return self.at

    def lose(self) -> int:
        """A push that never arrives; what is lost after it was taken is a take."""
        self.at += 1
        return self.at

    def take(self) -> None:
        self.at += 1
        if self.waiting:
            self.waiting.popleft()

    def empty(self) -> None:
        self.at += 1
        self.pushed = 0
        self.waiting.clear()

    def look(self) -> None:
        self.at += 1
        self.backlog.look(self.at)

    def may_hold(self, since: int) -> bool:
        return self.backlog.may_hold("any", since)


def test_an_empty_lane_holds_nothing() -> None:
    lane = Lanes()
    message = lane.push()
    lane.take()
    lane.look()
    assert not lane.may_hold(message)


def test_a_lane_that_nobody_takes_from_holds_for_ever() -> None:
    lane = Lanes()
    messages = [lane.push() for _ in range(3)]
    for _ in range(10 * LOOKS):
        lane.look()
        lane.push()
    assert all(lane.may_hold(message) for message in messages)


def test_a_lost_message_is_known_once_the_lane_has_moved_past_it_although_it_is_never_empty() -> None:
    lane = Lanes()
    lane.push()
    lost = lane.lose()
    lane.look()
    assert lane.may_hold(lost)
    for _ in range(3):
        lane.push()
        lane.take()
        lane.look()
        assert lane.waiting
    assert not lane.may_hold(lost)


def test_an_emptied_broker_is_noticed_although_new_messages_wait_there() -> None:
    lane = Lanes()
    messages = [lane.push() for _ in range(5)]
    lane.look()
    lane.empty()
    new = lane.push()
    lane.look()
    assert not any(lane.may_hold(message) for message in messages)
    assert lane.may_hold(new)


def test_lanes_are_told_apart() -> None:
    depths = [LaneDepth(5, 5), LaneDepth(5, 0)]
    backlog = Backlog(lambda: depths)
    backlog.look(100)
    tenants = {lane_of(name, 2): name for name in ("a", "b", "c", "d", "e")}
    assert backlog.may_hold(tenants[0], 50)
    assert not backlog.may_hold(tenants[1], 50)


@given(st.lists(st.sampled_from(["push", "take", "lose", "look", "empty"]), max_size=200))
def test_what_waits_is_never_taken_for_gone(steps: list[str]) -> None:
    """And what is gone is known as such by the time that all which was before it is gone too."""
    lane = Lanes()
    lane.look()
    for step in steps:
        getattr(lane, step)()
        lane.look()
        assert all(lane.may_hold(message) for message in lane.waiting)
    lane.waiting.clear()
    lane.look()
    assert not lane.may_hold(lane.at - 1), "all is gone, and yet something is waited for"
