"""How the page says things: states, numbers, moments, parts of a bar."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup, escape

from orchestrator.control.answers import PlanSummary
from orchestrator.control.live_plan import PLAN_GOES_BACK, done_of
from orchestrator.domain.printable import printable_block
from orchestrator.domain.spans import span_text
from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import position_of
from orchestrator.secrets.masking import mask_drawn

_WORDS: Final[Mapping[str, str]] = {TaskState.PENDING: "waits"}

BAR: Final = (
    TaskState.COMPLETED,
    TaskState.ROLLED_BACK,
    TaskState.CANCELLED,
    TaskState.FAILED,
    TaskState.ROLLBACK_FAILED,
    TaskState.ROLLING_BACK,
    TaskState.RUNNING,
    TaskState.PAUSED,
)
"""Parts of a bar, from the left; what waits is its ground."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in percent."""

    slug: str
    x: float
    width: float


def slug(status: str) -> str:
    """``rolling-back``: the state as the style sheet has it."""
    return "".join(letter if letter.isalnum() else "-" for letter in str(status).lower())


def state_in_words(status: str) -> str:
    """``rolling back``."""
    return _WORDS.get(status, str(status).lower().replace("_", " "))


def segments(counts: Mapping[str, int]) -> Iterator[Segment]:
    """Parts of a bar of these counts by state; one that is there at all is seen."""
    total = max(sum(counts.values()), 1)
    x = 0.0
    for state in BAR:
        if count := counts.get(state, 0):
            width = max(100 * count / total, 0.4)
            yield Segment(slug(state), round(x, 2), round(width, 2))
            x += width


def thousands(value: float) -> str:
    """With commas."""
    return f"{value:,}"


def value_words(value: Any) -> str:
    """A value of a config as its author would write it; a dash for none."""
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def count(value: int, noun: str, nouns: str = "") -> str:
    """``1 tenant``, ``2 tenants``."""
    return f"{value:,} {noun if value == 1 else nouns or noun + 's'}"


@dataclass(frozen=True, slots=True)
class HowFar:
    """``words``: ``8 of 10 tenants``, and what became of those that have ended otherwise."""

    percent: int
    done: int
    total: int
    words: str


_OTHERWISE: Final = (
    (TaskState.FAILED, "failed"),
    (TaskState.ROLLED_BACK, "back"),
    (TaskState.ROLLBACK_FAILED, "could not go back"),
    (TaskState.CANCELLED, "cancelled"),
)


def progress_of(plan: PlanSummary) -> HowFar:
    """How many have come to where the plan leads: to the new config, or back, of a plan that goes back as a whole."""
    total = sum(plan.counts.values())
    goes_back = plan.status in PLAN_GOES_BACK
    done = done_of(plan) if goes_back else plan.counts.get(TaskState.COMPLETED, 0)
    counted = () if goes_back else _OTHERWISE
    others = [f"{plan.counts[state]:,} {what}" for state, what in counted if plan.counts.get(state)]
    said = f"{done:,} of {total:,} tenants" + (" moved, " + ", ".join(others) if others else "")
    return HowFar(100 * done // max(total, 1), done, total, said)


def told_moment(value: str | datetime | None) -> datetime | None:
    """The moment, of text as the answers have it."""
    if isinstance(value, datetime) or not value:
        return value or None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def when(value: str | datetime | None) -> str:
    """``14:03:12``, with the day where that is another, and the year; UTC."""
    moment = told_moment(value)
    if moment is None:
        return ""
    told = moment.astimezone(UTC)
    today = datetime.now(UTC).date()
    if told.date() == today:
        return told.strftime("%H:%M:%S")
    return told.strftime("%d %b %H:%M" if told.year == today.year else "%d %b %Y %H:%M")


def millis(value: str | datetime | None) -> int:
    """The moment as the page's clocks have it."""
    moment = told_moment(value)
    return 0 if moment is None else round(moment.timestamp() * 1000)


def now_ms() -> int:
    """By this machine's clock."""
    return round(time.time() * 1000)


def finalize(value: Any) -> Any:
    """What a template puts out, before it is escaped: secrets are masked, text that could steer or hide is shown as
    escapes. What is markup was put out so before; what goes through the filter ``ours`` is none of this."""
    if value is None or isinstance(value, Markup | int | float):
        return value
    return printable_block(mask_drawn(str(value)))


FILTERS: Final[Mapping[str, Any]] = {
    "slug": slug,
    "state_words": state_in_words,
    "segments": segments,
    "number": thousands,
    "count": count,
    "value_words": value_words,
    "when": when,
    "millis": millis,
    "span": span_text,
    "position": position_of,
    # Nothing of it came from outside, and a script, a browser or a form goes by it, whatever is a secret.
    "ours": escape,
}
