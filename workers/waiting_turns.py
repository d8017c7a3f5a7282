"""What a worker does when it comes: turns that wait for one that can run them are for it, at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from celery import Celery
from redis.exceptions import ResponseError

from orchestrator.broker.bounds import broker_errors
from orchestrator.broker.chains import publish_chain
from orchestrator.broker.messages import own_queue
from orchestrator.control.hand_backs import hand_back_of, who_can
from orchestrator.domain.errors import TooOld
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.leg_names import LegNames
from orchestrator.ledger.presence import Process
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted
from orchestrator.settings.model import Settings
from steps.told import words_of
from workers.own_queue import entity_of

MOST_LOOKED_AT: Final = 500
"""Tasks whose turn was given back, of the longest ago first. Further ones come by themselves, within half a minute."""

MOST_TAKEN: Final = 100
"""Of these so many: more than a worker has slots for."""

_log = structlog.get_logger(__name__)


def take_waiting_turns(app: Celery, ledger: Ledger, settings: Settings) -> None:
    """Publishes them to this worker's own queue, whose presence tells what it can run. Should anything be away, they
    come when their wait is over, as they would without."""
    away: tuple[type[Exception], ...] = (*broker_errors(app), ResponseError, TooOld)
    reader, queue = Reader(ledger.client, ledger.keys), own_queue(socket.gethostname(), os.getpid())
    try:
        tasks = waiting_turns(ledger, reader, queue, settings.lanes)
        leg_names = LegNames(reader)
        for task in tasks:
            with _passed_by(task.task_id, away):
                publish_chain(app, task, leg_names(task), settings.lanes, queue=entity_of(queue), retry=False)
    except away as error:
        _log.warning("what waits for a worker like this one is left waiting", action="left-waiting", error=str(error))
        return
    if tasks:
        _log.info("took turns that waited for a worker like this one", action="took-waiting", tasks=len(tasks))


def waiting_turns(ledger: Ledger, reader: Reader, queue: str, lanes: int) -> list[Admitted]:
    """Those that the worker with this own queue could run, and is given now."""
    if not (task_ids := reader.handed_back(MOST_LOOKED_AT)):
        return []
    if (own := next((one for one in reader.alive() if _is_of(one, queue)), None)) is None:
        return []
    able = []
    for task_id, record in zip(task_ids, reader.task_records(task_ids), strict=True):
        with _passed_by(task_id):
            found = hand_back_of(record)
            if found is not None and who_can(found, record.get("tenant", ""), [own], lanes)[1]:
                able.append(task_id)
    return ledger.take_handed_back(queue, able[:MOST_TAKEN]) if able else []


@contextmanager
def _passed_by(task_id: str, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Whatever the task's records hold, the turns of others are taken (I19).

    Raises ``but``, which is none of its fault.
    """
    try:
        yield
    except but:
        raise
    except Exception as error:  # noqa: BLE001 - nobody knows what a hand may write
        _log.warning(
            "a turn that waits is left to its time", action="passed-by", task_id=task_id, error=words_of(error)
        )


def _is_of(process: Process, queue: str) -> bool:
    return process.role == "worker" and own_queue(process.host, process.pid) == queue
