"""A test message for each worker: who takes it consumes from this broker, now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from orchestrator.broker.messages import own_queue
from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.presence import ALIVE_SECONDS, Process
from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings

WITHIN_SECONDS: Final = 6.0
"""What was taken is told with the next sign of life, which comes every two seconds."""

BUSY_SECONDS: Final = 2.5
LOOK_SECONDS: Final = 0.1


def consuming(reader: Reader, live: Sequence[Process], settings: Settings) -> Iterator[Check]:
    """``live``: who gave a sign of late. One row when all workers took theirs, or when the broker takes none, else one
    for each that did not."""
    workers = [one for one in live if one.role == "worker" and own_queue(one.host, one.pid) in one.queues]
    if not workers:
        return
    # Celery is loaded only when there is somebody to ask.
    from orchestrator.broker.canary import CanarySender

    sender = CanarySender(settings)
    try:
        try:
            nonce = sender.send([own_queue(one.host, one.pid) for one in workers])
        except Unreachable as error:
            yield check(Row.TEST_MESSAGE, "test message", f"none was sent: {error}", good=False)
            return
        began = time.monotonic()
        left, stopped = {one.name: one for one in workers}, 0
        while left and time.monotonic() - began < _patience(left.values()):
            time.sleep(LOOK_SECONDS)
            stopped += stopped_of(left, nonce, reader.processes())
    finally:
        sender.close()
    yield from rows(len(workers), list(left.values()), stopped, time.monotonic() - began)


def _patience(left: Iterable[Process]) -> float:
    """Who has no slot free takes nothing: one sign of life is enough to know that."""
    return BUSY_SECONDS if all(_is_busy(one) for one in left) else WITHIN_SECONDS


def _is_busy(worker: Process) -> bool:
    return worker.age_seconds <= ALIVE_SECONDS and bool(worker.slots) and worker.busy >= worker.slots


def stopped_of(left: dict[str, Process], nonce: str, now: Iterable[Process]) -> int:
    """Takes out of ``left`` who has told that it took the message, and who has stopped, and counts these. ``now``:
    every entry, the stale ones included: who is frozen or was killed keeps its own, and has answered nothing."""
    entries = {one.name: one for one in now if one.role == "worker"}
    stopped = [name for name in left if name not in entries]
    told = [name for name in left if name in entries and entries[name].canary == nonce]
    for name in stopped + told:
        del left[name]
    left.update((name, entries[name]) for name in left)
    return len(stopped)


def rows(count: int, silent: Sequence[Process], stopped: int, seconds: float) -> Iterator[Check]:
    """Of ``count`` workers that were alive at the beginning."""
    busy = [one for one in silent if _is_busy(one)]
    finding = f"{count - len(silent) - stopped} of {count} workers took theirs within {seconds:.1f} s"
    if busy:
        finding += f"; {len(busy)} had all slots busy and took nothing meanwhile"
    if stopped:
        finding += f"; {stopped} have stopped meanwhile"
    yield check(Row.TEST_MESSAGE, "test message", finding, good=len(busy) == len(silent))
    for one in silent:
        if one.age_seconds > ALIVE_SECONDS:
            finding = f"it took none, and gave its last sign of life {one.age_seconds:.0f} s ago: it is frozen or was"
            finding += " killed; start another"
            yield check(Row.TEST_MESSAGE, f"test message of worker {one.name}", finding, good=False)
        elif one not in busy:
            finding = f"it took no test message within {WITHIN_SECONDS:.0f} s: it listens at another broker"
            finding += f" ({one.broker}), or does not consume, as when that refuses it, which its log says: restart it"
            finding += " with this shell's CHANGEOVER_BROKER_URL; or two"
            finding += " workers have this name: give their containers host names of their own"
            yield check(Row.TEST_MESSAGE, f"test message of worker {one.name}", finding, good=False)
