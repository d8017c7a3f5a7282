"""A coordinator on a thread of a worker's process: ``changeover worker --with-coordinator``.

``changeover up --single-process`` runs one such process. What is kept in its memory is there for both, so checkpoints
may be (``checkpoint.store_type: memory``); they end with it, and a task that had one goes on from scratch only. Stages
run on threads of this process (pools ``threads`` and ``solo``): a prefork child or another worker would have a memory
of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import structlog
from celery import signals

from orchestrator.background.stop_request import StopRequest
from orchestrator.coordinator.process import CoordinatorService
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.alone import require_alone
from orchestrator.observability.metrics import MetricsEndpoint
from orchestrator.settings.checkpoint_store import open_store
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers
from workers import runtime
from workers.start_options import start_refusal
from workers.watchdog import stop_this_process

OPTION: Final = "--with-coordinator"
POOLS: Final = ("threads", "solo")

JOIN_SECONDS: Final = 10.0
"""How long a stop waits for the coordinator to leave; the ledger does without its good-bye."""

_log = structlog.get_logger(__name__)


def arrange(arguments: Sequence[str], metrics: MetricsEndpoint | None = None) -> list[str]:
    """The worker's options without ours; its process will have a coordinator, which serves ``metrics``.
    Raises ``InvalidInput``."""
    rest = [argument for argument in arguments if argument != OPTION]
    pool = _value(rest, "--pool", "-P")
    if pool is None:
        rest += ["--pool", POOLS[0]]
    elif pool not in POOLS:
        raise InvalidInput([Problem("--pool", pool, f"{OPTION} runs stages on its own threads: {' or '.join(POOLS)}")])
    settings = load_settings()
    store = open_store(settings, one_process=True)
    url = find_servers(settings).redis_url
    require_alone(settings, url)
    runtime.share_store(store)
    coming = threading.Lock()
    service: list[CoordinatorService] = []
    thread: list[threading.Thread] = []

    def start(**_: Any) -> None:
        leaving.start()
        with coming:
            try:
                # Once more, now that this worker is seen: another may have come at the same time.
                require_alone(settings, url)
                service.append(CoordinatorService(settings, store, metrics))
                thread.append(threading.Thread(target=_run, args=(service[0],), name="coordinator", daemon=True))
                thread[0].start()
            except Exception as error:  # noqa: BLE001 - Celery would go on, a worker without its coordinator
                told = start_refusal(error, ["coordinator"])
                _log.error(str(told), action="coordinator-lost", exc_info=told is not error)
                stop_this_process()

    def leave() -> None:
        with coming:
            if service:
                service[0].stop()
                thread[0].join(JOIN_SECONDS)

    leaving = StopRequest("coordinator-leaving", leave)
    # Strongly held: Celery keeps weak references otherwise, and these end with this call. The second comes in a process
    # signal's handler.
    signals.worker_ready.connect(start, weak=False)
    signals.worker_shutting_down.connect(lambda **_: leaving.ask(), weak=False)
    signals.worker_shutdown.connect(lambda **_: leaving.join(JOIN_SECONDS), weak=False)
    return rest


def _run(service: CoordinatorService) -> None:
    try:
        service.run()
    except BaseException:  # noqa: BLE001 - a thread that dies says nothing to anybody
        _log.exception("the coordinator of this process ended, so it ends", action="coordinator-lost")
        # A worker without its coordinator would look well: its supervisor starts both again.
        stop_this_process()


def _value(arguments: Sequence[str], long: str, short: str) -> str | None:
    for index, argument in enumerate(arguments):
        if argument in (long, short):
            return arguments[index + 1] if index + 1 < len(arguments) else ""
        if argument.startswith(f"{long}="):
            return argument.removeprefix(f"{long}=")
        if argument.startswith(short) and not argument.startswith("--"):
            return argument.removeprefix(short)
    return None
