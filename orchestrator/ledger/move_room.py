"""Why no move of a plan's queue starts: what ``includes/places.lua``, ``pace.lua`` and ``could_start.lua`` ask, read
from the plan's record alone. Whoever tells people or counts for them goes by this, so that nobody says "next" of a
plan that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from orchestrator.domain.fleet_config import MAX_WAVES
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.records import Record

BORNE_MS: Final = 1000
"""As in ``includes/pace.lua``."""

FAILURES: Final = (TaskState.FAILED, TaskState.ROLLBACK_FAILED)
_BACK: Final = (TaskState.ROLLED_BACK.value, TaskState.ROLLING_BACK.value, "rollbackRequested")

PART_FIELDS: Final = (
    "max", "strict", "tolerance", "accepted", "state", "sentBack",
    *(f"n:{name}" for name in (*TaskState, "takenBack", "accepted", "rollbackRequested", "sentBack")),
)  # fmt: skip
"""What is read of a wave, each behind ``fields_of`` it; of the whole plan as well."""

PLAN_FIELDS: Final = (
    "status", "pauseRequested", "cancelRequested", "retryCursor", "waves", "wave", "tripped", "waveRollbackOf", "paced",
    "notBefore", "notAfter", "rate", "rateAt",
)  # fmt: skip
"""What else is read of the plan."""


class Stop(StrEnum):
    """What keeps a move from starting, whoever looks; the words are the metric's."""

    ENDING = "plan_ending"
    """The plan is cancelled or goes back, and takes it along."""
    PAUSED = "plan_paused"
    TIME = "time"
    """The plan's ``not_before`` is to come."""
    RATE = "rate"
    """Its ``starts_per_minute``."""
    WAVE = "wave"
    """An earlier wave has not ended."""
    SOAK = "soak"
    GATE = "gate"
    BREAKER = "breaker"
    """A person's answer to what has failed, or was taken back for it."""
    SLOT = "slot"
    """A slot of its plan, a place in its wave, or what a strict breaker leaves of either."""


@dataclass(frozen=True, slots=True)
class Room:
    """Of a plan or one of its waves: how many run, have failed, and may (None: any number)."""

    most: int | None
    strict: bool
    failed: int
    limit: int | None
    active: int

    @property
    def is_breached(self) -> bool:
        """More have failed than are borne."""
        return self.limit is not None and self.failed > self.limit

    @property
    def takes_one_more(self) -> bool:
        """As ``bears_one_more`` in ``includes/places.lua``."""
        if self.most is not None and self.active >= self.most:
            return False
        return self.limit is None or self.failed + (self.active if self.strict else 0) <= self.limit

    @property
    def borne_at_once(self) -> int | None:
        """How many may be active by what a strict breaker bears; None without one."""
        if not self.strict or self.limit is None:
            return None
        return max(self.limit - self.failed + 1, 0)


def fields_of(wave: int | None) -> str:
    """What the fields that tell of one wave begin with; "" of the whole plan."""
    return "" if wave is None else f"wave:{wave}:"


def room_of(record: Record, part: str) -> Room:
    """As ``read_part`` in ``includes/places.lua``. Raises ``ValueError`` for what is no number."""

    def count(*names: str) -> int:
        return sum(int(record.get(f"{part}n:{name}", 0)) for name in names)

    tolerance = record.get(f"{part}tolerance")
    return Room(
        most=int(record[f"{part}max"]) if f"{part}max" in record else None,
        strict=record.get(f"{part}strict") == "1",
        failed=count(*FAILURES, "takenBack") - count("accepted"),
        limit=None if tolerance is None else int(tolerance) + int(record.get(f"{part}accepted", 0)),
        active=count(TaskState.RUNNING, TaskState.ROLLING_BACK),
    )


def could_not_go_back(record: Record, part: str) -> int:
    """How many of those that have failed, and count, failed on their way back. What was accepted counts no more."""
    states = (TaskState.ROLLBACK_FAILED, "accepted", "acceptedFailed")
    failed, accepted, forwards = (int(record.get(f"{part}n:{name}", 0)) for name in states)
    return max(failed - (accepted - forwards), 0)


def sent_back(record: Record, part: str) -> int:
    """As ``sent_back`` in ``includes/places.lua``."""
    back = sum(int(record.get(f"{part}n:{name}", 0)) for name in _BACK)
    if f"{part}sentBack" in record:
        return min(back, int(record.get(f"{part}n:sentBack", 0)))
    # Taken back by a process from before that was kept.
    taken = fields_of(counted_number(record.get("waveRollbackOf")))
    return back if record.get("tripped") == "rollback_wave" and part == taken and part else 0


def waves_in(record: Record) -> int:
    """How many waves the plan has; no more than it may, whatever a hand has made of that."""
    return min(counted_number(record.get("waves")) or 0, MAX_WAVES)


def open_wave(record: Record) -> int | None:
    """The first wave that is not done with, whose tasks alone are admitted; None of a plan that has none (left)."""
    wave = counted_number(record.get("wave", "0"))
    return wave if wave is not None and wave < waves_in(record) else None


def stop_of_all(record: Record, *, shown_ms: int, ledger_ms: float) -> Stop | None:
    """What keeps every move of the plan from starting, its waves apart. ``shown_ms``: the time that people are shown,
    ``ledger_ms``: the ledger's."""
    if record.get("cancelRequested") == "1" or record.get("status") == PlanState.ROLLING_BACK:
        return Stop.ENDING
    if record.get("pauseRequested") == "1" or record.get("status") == PlanState.PAUSED:
        return Stop.PAUSED
    if record.get("paced") == "1":
        if shown_ms < (counted_number(record.get("notBefore")) or 0):
            return Stop.TIME
        rate = counted_number(record.get("rate"))
        if rate and ledger_ms < float(record.get("rateAt", 0)) - max(BORNE_MS - 60_000 / rate, 0):
            return Stop.RATE
    return Stop.BREAKER if room_of(record, "").is_breached else None


def stop_behind(record: Record, wave: int) -> Stop:
    """What moves of later waves wait for, by the one that is not done with."""
    state = record.get(f"{fields_of(wave)}state")
    if state == WaveState.SOAKING:
        return Stop.SOAK
    if state in (WaveState.GATED, WaveState.REJECTED):
        return Stop.GATE
    is_answered = not (sent_back(record, fields_of(wave)) or room_of(record, fields_of(wave)).is_breached)
    return Stop.WAVE if is_answered else Stop.BREAKER


def stop_within(record: Record, wave: int | None, slots_used: int) -> Stop | None:
    """What a move waits for that neither its plan nor an earlier wave keeps; None: for a coordinator at most."""
    if slots_used >= int(record.get("max", 0)):
        return Stop.SLOT
    for room in _rooms(record, wave):
        if room.is_breached:
            return Stop.BREAKER
        if not room.takes_one_more:
            return Stop.SLOT
    return None


def _rooms(record: Record, wave: int | None) -> Iterator[Room]:
    # A plan's own `max` is its slots.
    whole = room_of(record, "")
    yield Room(None, whole.strict, whole.failed, whole.limit, whole.active)
    if wave is not None:
        yield room_of(record, fields_of(wave))
