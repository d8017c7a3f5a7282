"""The one way past a fault: whatever is done for one plan, message or store is logged, backed off and passed by (I19).

A coordinator works for everybody. What goes wrong for one (a record that a hand has damaged, an answer that nobody
foresaw) must not stop what it does for all others, nor be tried again so often that it slows them down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from orchestrator.background.news import News
from orchestrator.domain.errors import TooOld
from orchestrator.ledger.connection import UNREACHABLE
from steps.raised import is_for_process
from steps.told import words_of

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 60.0
"""How long a thing is left alone after a fault: doubling from the first to the longest."""

REMEMBERED: Final = 1000
"""Things with a fault that are told apart; past them the oldest are tried again at once."""

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class FaultGuard:
    """One thread's guard; a thing is anything with a name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waits: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._news = News(clock)

    def holds_back(self, name: str) -> bool:
        """Whether the thing had a fault a short time ago."""
        return self._clock() < self._until.get(name, 0.0)

    def run(self, name: str, step: Callable[[], object]) -> bool:
        """Takes the step as ``ask`` does. False when it was not taken, or failed."""

        def taken() -> bool:
            step()
            return True

        return self.ask(name, taken, otherwise=False)

    def ask(self, name: str, step: Callable[[], T], otherwise: T) -> T:
        """Takes the step, unless its thing is held back, for its answer; ``otherwise`` if it was not taken, or failed.

        A Redis that is away, or too new for this process, is nobody's fault: that is raised, as it stops everything.
        """
        if self.holds_back(name):
            return otherwise
        try:
            answer = step()
        except (*UNREACHABLE, TooOld):
            raise
        except BaseException as error:
            if is_for_process(error):
                raise
            seconds = min(self._waits.pop(name, FIRST_SECONDS / 2) * 2, LONGEST_SECONDS)
            self._waits[name], self._until[name] = seconds, self._clock() + seconds
            if self._news.is_new(name, words_of(error)):
                _log.exception("passed by after a fault", action="passed-by", what=name, seconds=seconds)
            if len(self._waits) > REMEMBERED:
                self._forget(next(iter(self._waits)))
            return otherwise
        self._forget(name)
        return answer

    def _forget(self, name: str) -> None:
        self._news.forget(name)
        self._waits.pop(name, None)
        self._until.pop(name, None)
