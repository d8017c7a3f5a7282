"""The ledger's clock as Python reads it, and how a coordinator watches over it.

Redis' clock may step: an operator sets it, NTP corrects it, a fail-over moves the ledger to a machine that has another.
Leases, deadlines and due times are judged by a clock of the ledger's own (``scripts/includes/clock.lua``):

* It never goes back. Each script writes down what time it said; when Redis' clock is behind that, the difference is
  added to an offset in the same script, and the ledger's clock goes on from where it was.
* It goes on only while somebody is there. Every live process says something at least every two seconds. When nothing
  was said for five, Redis was away or its clock stepped forward: the time is taken out, and leases get their grace.
* A smaller step forward is found by a coordinator. Between two of its ticks the ledger's clock may not go further than
  the coordinator's own monotonic clock did from just before the first to just after the second. What is more is taken
  out; the clock then stands still until the true time has caught up. Two coordinators that see the same step take it
  out once: a correction names the offset that it was measured by.

Nothing is overdue before a tick has said so: the sweeps judge by the time of a tick that was checked like this, not by
their own. Nobody else's clock is asked. What people read (times of events, start and end) is Redis' own time, kept from
going back: after a clock that ran ahead was put right it stands still (``shown_time``); `doctor` and `explain` say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import redis
import structlog

from orchestrator.domain.errors import DamagedData, quoted_value
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger

TOLERANCE_MS: Final = 50.0
"""A difference between two clocks that is nobody's fault."""

DRIFT: Final = 0.001
"""By how much of the time that passed two sound clocks may differ: twice what NTP allows itself."""

LARGEST_STEP_BACK_MS: Final = 86_400_000
"""A step back that is larger is shown at once (see ``scripts/includes/clock.lua``)."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShownTime:
    """Redis' own clock and the time that people are shown, in ms."""

    redis_ms: int
    shown_ms: int

    @property
    def ahead_seconds(self) -> float:
        """For how long what is shown stands still, until Redis' clock has caught up; 0 when it goes on."""
        return (self.shown_ms - self.redis_ms) / 1000


def shown_time(client: redis.Redis, keys: Keys) -> ShownTime:
    """What freezes, soaks and the times of plans go by: Redis' time, but never before one that was already said."""
    with client.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.hget(keys.of("clock"), "wall")
        (seconds, micros), told = pipeline.execute()
    redis_ms = int(seconds) * 1000 + int(micros) // 1000
    said_ms = counted_number(told) or 0
    return ShownTime(redis_ms, said_ms if 0 < said_ms - redis_ms <= LARGEST_STEP_BACK_MS else redis_ms)


def ledger_now_ms(client: redis.Redis, keys: Keys) -> int:
    """The ledger's time, in ms; for comparison with leases, deadlines and due times."""
    with client.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.hmget(keys.of("clock"), "at", "offset")
        (seconds, micros), (at, offset) = pipeline.execute()
    try:
        return max(int(seconds) * 1000 + int(micros) // 1000 + int(offset or 0), int(at or 0))
    except ValueError:
        raise DamagedData(
            f"the ledger's clock is damaged: `{keys.of('clock')}` has at {quoted_value(at)} and offset "
            f"{quoted_value(offset)}, expected whole numbers of milliseconds; put them right with HSET"
        ) from None


@dataclass(frozen=True, slots=True)
class _Tick:
    sent: float
    now_ms: int


class ClockWatch:
    """One coordinator's ticks."""

    def __init__(self, ledger: Ledger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._monotonic = monotonic
        self._last: _Tick | None = None

    def tick(self) -> int | None:
        """The ledger's time (ms) up to which what is overdue may be answered now; None during the grace."""
        sent = self._monotonic()
        run_id = str(self._ledger.client.info("server")["run_id"])
        code, now_ms, offset, has_settings = self._ledger.tick(run_id)
        if not has_settings:
            # The ledger was emptied.
            self._ledger.announce()
        excess_ms = self._excess_ms(now_ms)
        if excess_ms > 0:
            _log.warning("Redis' clock stepped forward", action="clock-stepped", milliseconds=excess_ms)
            code, now_ms, *_ = self._ledger.tick(run_id, excess_ms, offset)
        self._last = _Tick(sent, now_ms)
        return now_ms if code == "SWEEP" else None

    def _excess_ms(self, now_ms: int) -> int:
        """What the ledger's clock certainly gained since the last tick."""
        if self._last is None:
            return 0
        passed_ms = (self._monotonic() - self._last.sent) * 1000
        gained = now_ms - self._last.now_ms - passed_ms
        return round(gained) if gained > TOLERANCE_MS + passed_ms * DRIFT else 0
