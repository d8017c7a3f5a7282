"""Waits for Redis, or for a checkpoint store, to come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from checkpoint import CheckpointStoreUnavailable
from orchestrator.ledger.connection import UNREACHABLE
from steps.told import said_by

RECORD_SECONDS: Final = 900.0
"""How long a finished turn waits for Redis to come back before it gives its record up."""


T = TypeVar("T")

_log = structlog.get_logger(__name__)


def patiently(call: Callable[[], T], away: tuple[type[Exception], ...] = UNREACHABLE) -> T:
    """Calls a ledger verb until Redis answers: its second call changes nothing, so a lost reply does no harm."""
    try:
        return call()
    except away as error:
        _log.warning("waiting for an answer", action="record-waits", error=said_by(error))
    retrying = Retrying(
        retry=retry_if_exception_type(away),
        wait=wait_random_exponential(multiplier=0.2, max=3.0),
        stop=stop_after_delay(RECORD_SECONDS),
        reraise=True,
    )
    return retrying(call)


def patiently_stored(call: Callable[[], T]) -> T:
    """The same for a call of a checkpoint store."""
    return patiently(call, (CheckpointStoreUnavailable,))
