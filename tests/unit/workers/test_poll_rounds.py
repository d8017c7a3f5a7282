"""Which polls share a message: those of one lane that are due together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.broker.messages import MOST_TURNS
from orchestrator.broker.rounds import SHOWN
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Admitted, Turn
from tests.support.waiting import wait_until
from workers.poll_rounds import LONGEST_MS, SHORTEST_MS, PollRounds, width_ms

Published = list[tuple[str, list[str], int | None]]
STAGE = "switch"
DUE_MS = 1_795_936_885_248
LANE = [f"t{n}" for n in range(2000) if lane_of(f"t{n}", 4) == 1]
"""Tenants of one lane."""


def poll(number: int, tenant: str | None = None) -> Admitted:
    return Admitted(f"p.{number}", tenant or LANE[number], TaskState.RUNNING, 7, 0, 1, 3)


class Rounds:
    """What is published; the clock stands still, so nothing is by itself."""

    def __init__(self) -> None:
        self.published: Published = []
        self.shown: list[list[str]] = []
        self.now = 0.0
        self.broken = 0
        self.rounds = PollRounds(self._publish, 4, lambda: self.now)

    def add(self, task: Admitted, due_ms: int, after_seconds: float) -> None:
        self.rounds.add(task, due_ms, after_seconds, STAGE)

    def _publish(self, queue: str, turns: Sequence[Turn], due_ms: int | None, shown: Sequence[str]) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("the broker is away")
        self.published.append((queue, [turn.task_id for turn in turns], due_ms))
        self.shown.append(list(shown))


@pytest.fixture
def of() -> Rounds:
    return Rounds()


def test_polls_of_one_lane_that_are_due_together_are_one_message(of: Rounds) -> None:
    for number in range(3):
        of.add(poll(number), DUE_MS + number, 3.0)
    of.rounds.stop()
    # Due when the last of them is, so that none comes early.
    assert of.published == [("lane-1", ["p.0", "p.1", "p.2"], DUE_MS + 2)]


def test_other_lanes_and_other_times_are_other_rounds(of: Rounds) -> None:
    other = next(f"t{n}" for n in range(100) if lane_of(f"t{n}", 4) == 2)
    of.add(poll(0), DUE_MS, 3.0)
    of.add(poll(1, other), DUE_MS, 3.0)
    of.add(poll(2), DUE_MS + LONGEST_MS, 3.0)
    # Due at that time too, and not to be kept waiting for so long.
    of.add(poll(3), DUE_MS, 0.2)
    of.rounds.stop()
    assert sorted(of.published, key=lambda one: one[1]) == [
        ("lane-1", ["p.0"], DUE_MS),
        (lane_name(2), ["p.1"], DUE_MS),
        ("lane-1", ["p.2"], DUE_MS + LONGEST_MS),
        ("lane-1", ["p.3"], DUE_MS),
    ]


def test_a_round_gathers_for_a_tenth_of_what_its_polls_wait(of: Rounds) -> None:
    of.add(poll(0), DUE_MS, 3.0)
    of.now = 0.2
    of.rounds.round()
    assert of.published == []
    of.now = 0.26
    of.add(poll(1), DUE_MS, 3.0)
    wait_until(lambda: of.published == [("lane-1", ["p.0", "p.1"], DUE_MS)])


def test_a_full_round_waits_for_nobody(of: Rounds) -> None:
    for number in range(MOST_TURNS + 1):
        of.add(poll(number), DUE_MS, 3.0)
    wait_until(lambda: [len(turns) for _, turns, _ in of.published] == [MOST_TURNS])
    of.rounds.stop()
    assert [len(turns) for _, turns, _ in of.published] == [MOST_TURNS, 1]
    # For the row of each, a few names, whatever its size.
    assert [len(names) for names in of.shown] == [SHOWN, 1]
    assert of.shown[1] == [f"tenant={LANE[MOST_TURNS]} stage={STAGE}"]


def test_a_round_that_cannot_be_published_keeps_no_other(of: Rounds) -> None:
    of.broken = 1
    of.add(poll(0), DUE_MS, 3.0)
    of.add(poll(1), DUE_MS + 10_000, 3.0)
    of.rounds.stop()
    assert [turns for _, turns, _ in of.published] == [["p.1"]]


def test_after_a_stop_it_goes_on(of: Rounds) -> None:
    of.rounds.stop()
    of.add(poll(0), DUE_MS, 3.0)
    of.rounds.stop()
    of.rounds.stop()
    assert [turns for _, turns, _ in of.published] == [["p.0"]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.001, SHORTEST_MS), (0.1, 16), (0.2, 16), (0.5, 32), (1.0, 64), (3.0, 256), (10.0, 512), (1800.0, LONGEST_MS)],
)
def test_the_longer_a_poll_waits_the_more_share_its_round(seconds: float, expected: int) -> None:
    assert width_ms(seconds) == expected


def test_no_round_gathers_for_longer_than_a_tenth() -> None:
    assert all(width_ms(wait_ms / 1000) <= max(wait_ms / 10, SHORTEST_MS) for wait_ms in range(1, 10_000))
