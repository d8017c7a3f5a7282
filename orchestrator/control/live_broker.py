"""Whether a worker listens where the coordinators speak."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.ledger.presence import Process


def is_on_another_broker(worker: Process, coordinators: Sequence[Process]) -> bool:
    """Whether neither name nor identity of its broker is that of a coordinator's. Not known is no difference."""
    if not worker.broker or not worker.broker_run or not coordinators:
        return False
    return all(
        other.broker and other.broker_run and worker.broker != other.broker and worker.broker_run != other.broker_run
        for other in coordinators
    )
