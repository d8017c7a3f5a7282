"""How an HTTP gate that has not answered yet is asked: one that hangs is not to be mistaken for a person who thinks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from orchestrator.control.answers import GateQuestions
from orchestrator.domain.typed import typed
from orchestrator.ledger.log_entries import iso, moment
from orchestrator.ledger.records import Record
from orchestrator.ledger.stored_forms import GATE_FORM, told_json, wrong_member
from orchestrator.secrets.masking import mask, masked_url

BORNE_LATE_MS: Final = 10_000
"""What is due for less is on its way to a worker."""


def gate_questions(record: Record, wave: int, told_now_ms: Callable[[], int]) -> GateQuestions | None:
    """From the record of a plan whose wave, by its index, waits for its gate; None where a person answers it, or a hand
    has damaged it. ``told_now_ms``: the time that people are shown."""
    told = record.get(f"wave:{wave}:gate", "manual")
    gate = None if told == "manual" else told_json(told)
    if not isinstance(gate, dict) or wrong_member(GATE_FORM, gate):
        return None
    due = [_number(record, name) for name in ("gateNext", "gateUntil") if _time(record, name)]
    late_ms = told_now_ms() - min(due) if due else 0
    return GateQuestions(
        url=mask(masked_url(gate["url"])),
        asked_since=_time(record, "gateAskedSince"),
        times_asked=max(_number(record, "gateAsked"), 0),
        last_answer=record.get("gateSaid"),
        answered_at=_time(record, "gateSaidAt"),
        asked_next=_time(record, "gateNext"),
        rejected_at=_time(record, "gateUntil"),
        question_due=late_ms > 0,
        question_late=late_ms > BORNE_LATE_MS,
    )


def gate_question_words(told: GateQuestions | None) -> str:
    """To stand behind "waits for approval"; "" where nothing is asked."""
    if told is None:
        return ""
    parts = [f" by its HTTP gate {told.url}"]
    if told.times_asked:
        times = "once" if told.times_asked == 1 else f"{told.times_asked} times"
        parts.append(f"asked {times} since {_clock(told.asked_since)}")
        at = f" at {_clock(told.answered_at)}" if told.answered_at else ""
        parts.append(f"last answer{at}: {told.last_answer}" if told.last_answer else "no answer yet")
    else:
        parts.append("not asked yet")
    if told.question_due:
        late = f"; without a worker the gate waits: {typed('worker')}" if told.question_late else ""
        parts.append(f"its next question is due{late}")
        return ", ".join(parts)
    # A question behind the last time for a yes is not asked for one: it is what rejects.
    if told.times_asked and not (told.asked_next and told.rejected_at and told.asked_next >= told.rejected_at):
        parts.append(f"asked again at {_clock(told.asked_next)}")
    parts.append(f"rejected at {_clock(told.rejected_at)} without a yes")
    return ", ".join(parts)


def _time(record: Record, name: str) -> str | None:
    """None where it is missing, or a hand has made something else of it."""
    with suppress(ValueError, OverflowError, OSError):
        if (at := moment(record.get(name))) is not None:
            return iso(at)
    return None


def _number(record: Record, name: str) -> int:
    with suppress(ValueError):
        return int(record.get(name, 0))
    return 0


def _clock(at: str | None) -> str:
    """``20:16:06 UTC``: what is close enough for no date."""
    return f"{at[11:19]} UTC" if at else "an unknown time"
