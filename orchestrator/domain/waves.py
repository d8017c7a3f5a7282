"""The states of a plan's wave, and what leads from one to the other: read by the scripts as the other tables are.

A wave goes on in the write that makes it possible (``includes/waves.lua``). How far it goes is asked before the first
write of a verb, as the moves of tasks and plans are: a pair that has no row is ``BadMove``, and nothing is written.
``stop`` is asked for of a wave that waits for something (``WAVE_DONE``), and of no other: an open one stays open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class WaveState(StrEnum):
    """Where one wave of a plan stands."""

    PENDING = "PENDING"
    """Not begun: an earlier wave is not done with."""
    OPEN = "OPEN"
    """Its tenants are admitted; or all have ended, and too many failed for it to go on."""
    SOAKING = "SOAKING"
    """Its tenants have ended, and those that completed are looked at again for a while."""
    GATED = "GATED"
    """Waits for its gate to be approved."""
    REJECTED = "REJECTED"
    """Its gate was rejected, which paused the plan."""
    PASSED = "PASSED"
    """Done with: the next wave may begin. It stays so, also when one of its tenants is moved again; but for a wave that
    was passed by, since nobody of it had begun."""


class WaveTrigger(StrEnum):
    """What can happen to a wave."""

    BEGIN = "begin"
    SOAK = "soak"
    ASK = "ask"
    REJECT = "reject"
    FINISH = "finish"
    STOP = "stop"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class WaveMove:
    """From ``source``, on ``trigger``, to ``target``, writing (some of) ``events``."""

    source: WaveState
    trigger: WaveTrigger
    target: WaveState
    events: tuple[str, ...] = ()


_S = WaveState
_T = WaveTrigger


def _rows(sources: Iterable[WaveState], trigger: WaveTrigger, target: WaveState, *events: str) -> tuple[WaveMove, ...]:
    return tuple(WaveMove(source, trigger, target, events) for source in sources)


WAVE_MOVES: Final[tuple[WaveMove, ...]] = (
    *_rows([_S.PENDING], _T.BEGIN, _S.OPEN, "PlanWaveStarted"),
    *_rows([_S.OPEN], _T.SOAK, _S.SOAKING, "PlanWaveSoaking"),
    *_rows([_S.OPEN, _S.SOAKING, _S.REJECTED], _T.ASK, _S.GATED, "PlanGateWaiting"),
    *_rows([_S.GATED], _T.REJECT, _S.REJECTED, "PlanGateRejected"),
    *_rows([_S.OPEN, _S.SOAKING], _T.FINISH, _S.PASSED, "PlanWaveCompleted"),
    *_rows([_S.GATED, _S.REJECTED], _T.FINISH, _S.PASSED, "PlanGateApproved", "PlanWaveCompleted"),
    # One of its tenants is moved again, or too many have failed.
    *_rows([_S.SOAKING, _S.GATED, _S.REJECTED], _T.STOP, _S.OPEN),
    # Nobody of it had begun when it was passed by, and one moves after all.
    *_rows([_S.PASSED], _T.UNDO, _S.OPEN),
)

WAVE_DONE: Final = frozenset({WaveState.SOAKING, WaveState.GATED, WaveState.REJECTED})
"""Its tenants have ended, and it keeps its plan open: each of these can be stopped."""
