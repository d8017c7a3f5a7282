"""The message of a round: what a worker reads of it, what its gate lets by, and what an earlier release makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from celery import Celery

from orchestrator.broker.messages import MOST_TURNS, ROUND, is_round, shown_poll, turns_of
from orchestrator.broker.rounds import publish_round
from orchestrator.domain import formats
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Turn
from tests.integration.workers.test_garbage import ARGS, EMBED, envelope
from tests.support.refusals import why_refused

TURNS = [Turn("p.0", 7, 0, 1), Turn("p.1", 8, 2, 5), Turn("q.9", 9, 1, 2)]


def published(turns: list[Turn], due_ms: int | None, shown: Sequence[str] = ()) -> Any:
    app = Celery("test", broker="memory://", set_as_current=False)
    publish_round(app, "lane-2", turns, due_ms, shown)
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("lane-2").get(timeout=5)
        message.ack()
    app.close()
    return message


@pytest.mark.parametrize("turns", [TURNS, TURNS[:1]], ids=["three", "one"])
def test_a_worker_reads_what_was_published(turns: list[Turn]) -> None:
    message = published(turns, 1_795_936_885_248)
    arguments, named, embedded = message.payload
    assert turns_of(arguments, named) == turns
    assert is_round(named)
    assert embedded["chain"] is None
    assert message.headers["eta"].startswith("2026-11-29T07:21:25.248")
    assert message.headers["format"] == formats.MESSAGE


def test_a_release_before_rounds_sees_the_message_of_the_first_turn() -> None:
    (task_id, epoch, stage, turn), named, _ = published(TURNS, None).payload
    assert Turn(task_id, epoch, stage, turn) == TURNS[0]
    assert not is_round({})
    assert turns_of((task_id, epoch, stage, turn), {}) == TURNS[:1]
    assert list(named) == [ROUND]


def test_its_row_names_the_first_few_and_counts_the_others() -> None:
    def row(turns: list[Turn], *shown: str) -> str:
        return str(published(turns, None, shown).headers["argsrepr"])

    many = [Turn(f"p.{n}", 7, 0, 1) for n in range(MOST_TURNS)]
    names = [f"tenant=t{n} stage=switch" for n in range(3)]
    assert row(TURNS[:2], *names[:2]) == f"poll round of 2: {names[0]}, {names[1]}"
    assert row(many, *names) == f"poll round of 100: {', '.join(names)}, and 97 more"
    # What is not known of it (damaged, say) is an id.
    assert row(TURNS) == "poll round of 3: p.0, p.1, q.9"
    assert row(many, names[0]) == f"poll round of 100: {names[0]}, p.1, p.2, and 97 more"


def test_the_longest_names_make_no_row_that_the_gate_refuses() -> None:
    longest = shown_poll("t" * 128, TaskState.ROLLING_BACK, "\N{GRINNING FACE}" * 200)
    assert longest in published(TURNS, None, [longest] * 3).headers["argsrepr"]
    # Nor does what only a hand in the data can have made.
    for one in (longest, "x" * 100_000):
        whole = envelope([ARGS, {ROUND: []}, EMBED])
        whole["headers"]["argsrepr"] = published(TURNS, None, [one] * 3).headers["argsrepr"]
        assert why_refused(whole) is None


def test_a_turn_that_is_named_twice_is_one() -> None:
    assert turns_of(("p.0", 7, 0, 1), {ROUND: [["p.0", 7, 0, 1], ["p.1", 8, 2, 5, "added later"]]}) == TURNS[:2]


@pytest.mark.parametrize("round", [[], [["p.1", 1, 2, 3]], [["p.1", 1, 2, 3, {"of": "a newer release"}]]])
def test_the_gate_lets_rounds_by(round: Any) -> None:
    assert why_refused(envelope([ARGS, {ROUND: round}, EMBED])) is None


NO_ROUNDS: list[Any] = [None, "p.1", {}, [5], ["p.1"], [["p.1", 1, 2]], [["p.1", 1, 2, "3"]], [["p.1", 1, 2, -1]]]


@pytest.mark.parametrize("round", [*NO_ROUNDS, [["", 1, 2, 3]], [["p.1", 1, 2, 3]] * (MOST_TURNS + 1)])
def test_the_gate_refuses_what_is_no_round(round: Any) -> None:
    assert why_refused(envelope([ARGS, {ROUND: round}, EMBED])) is not None
