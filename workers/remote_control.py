"""Celery's remote control, cut to what is used: looking, for Flower's pages, and nothing that changes a worker.

Whoever can publish on the broker's server can talk to every worker. Of Celery's commands, Flower's pages need those
that look (and ``enable_events``, without which its tasks page stays empty); a shutdown, a queue taken away, a revoked
task, another pool size are none of Flower's business here: workers are stopped by signal, tasks are cancelled in the
ledger. So the others do not exist. A command that a module of the operator's own registers later stays.
"""

from __future__ import annotations

from typing import Final

from celery.worker.control import Panel

ALLOWED: Final = frozenset(
    (
        # Celery's own `inspect ping`, and people's monitoring.
        "ping",
        # A worker's page in Flower.
        "stats",
        "active_queues",
        "registered",
        "scheduled",
        "active",
        "reserved",
        "revoked",
        "conf",
        # Flower asks every 5 s for the events that its tasks page is made of.
        "enable_events",
        # What whoever begins to listen for events asks first: the worker says that it is there.
        "heartbeat",
    )
)


def restrict() -> None:
    """Takes every other command out of this process; called before the worker listens."""
    for name in set(Panel.data) - ALLOWED:
        del Panel.data[name]
        Panel.meta.pop(name, None)
