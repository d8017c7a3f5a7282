"""Begins and hands back many turns in one round trip: the verbs of one turn, each a script of its own.

So every turn is judged for itself: what is damaged, stale or refused is its own matter, and the whole may be repeated
when an answer was lost, like each of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn
from orchestrator.ledger.turn_record import Begin, PolledAgain, begin_row, begun_of, poll_row, polled_again

T = TypeVar("T")

BATCH_TURNS: Final = 50
"""Turns of one round trip: Redis is to serve others in between."""


def begin_all(ledger: Ledger, turns: Sequence[Turn], worker: str) -> list[Begin | Exception]:
    """As ``Ledger.begin`` of each, in their order; an error of one stands in its place."""
    answers = ledger.call_all("begin", [begin_row(turn, worker) for turn in turns])
    return [_read(answer, begun_of) for answer in answers]


def poll_all(ledger: Ledger, polls: Sequence[tuple[Turn, float, str]]) -> list[PolledAgain | Exception]:
    """As ``Ledger.poll_again`` of each (turn, delay in seconds, cursor as JSON); an error of one in its place."""
    answers = ledger.call_all("poll_again", [poll_row(*poll) for poll in polls])
    return [_read(answer, polled_again) for answer in answers]


def _read(answer: list[Any] | Exception, read: Callable[[Sequence[Any]], T]) -> T | Exception:
    if isinstance(answer, Exception):
        return answer
    try:
        return read(answer)
    except Exception as error:  # noqa: BLE001 - whatever a hand has made of one record is no matter of the others
        return error
