"""What a worker cannot run, since it is too old for a form or lacks what the plan's stages need, and who else might."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from orchestrator.broker.messages import own_queue
from orchestrator.control.hand_backs import STAGE, STEP, HandBack, who_can
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.naming import step_type
from orchestrator.ledger.presence import Process
from orchestrator.ledger.reader import Reader
from steps.told import MOST_SAID, exact_text
from workers.run_ahead import lanes_text

LONGEST_LACK = 1000
"""Characters kept of what cannot be built."""

MOST_PEERS: Final = 100
"""Other workers among whom the one is chosen that a turn goes to."""


@dataclass(frozen=True, slots=True)
class Unable:
    """``why`` is one word: ``step``, ``stage``, or the form that is too new; ``what`` says what about it."""

    why: str
    what: str


class TurnUnable(Exception):
    """The turn is to be handed back."""

    def __init__(self, unable: Unable) -> None:
        super().__init__(unable)
        self.unable = unable


def cannot_build(error: InvalidInput, stages: Sequence[Mapping[str, Any]], known: Collection[str]) -> Unable:
    """Stages that were built at submit: what is missing is missing here. ``known``: the types of steps there are."""
    types = {str(step.get("type")) for stage in stages for step in stage.get("steps", ())}
    missing = sorted(name for name in types if name not in known and step_type(name) not in known)
    # Cut where it is recorded, once it is masked; a beginning of a secret is known by the mark of this cut.
    return Unable(STEP, ", ".join(missing)) if missing else Unable(STAGE, exact_text(str(error), MOST_SAID))


class Peers:
    """The other workers, as the ledger knows them."""

    def __init__(self, reader: Reader, host: str, pid: int, lanes: int) -> None:
        """``host`` and ``pid``: this worker, as its presence tells them."""
        self._reader = reader
        self._name = f"{host}:{pid}"
        self._lanes = lanes
        self.own_queue = own_queue(host, pid)

    def able(self, unable: Unable, task_id: str) -> list[tuple[str, str]]:
        """Own queue and lanes (see ``Onward``) of those that could run it, as far as they tell.

        Who has a slot free comes first; which of them is another one for each task.
        """
        lacks = HandBack(unable.why, unable.what, self._name, times=0)
        able = _ranked([one for one in self._others() if lacks.can_run(one)], task_id)
        return [
            (own_queue(one.host, one.pid), lanes_text(frozenset(one.queues), self._lanes)) for one in able[:MOST_PEERS]
        ]

    def newer(self, needed: int, task_id: str) -> str:
        """Own queue of one that serves the task and whose scripts know the ledger's format; "" if there is none."""
        (record,) = self._reader.task_records([task_id])
        lacks = HandBack("ledger", str(needed), self._name, times=0)
        _, able = who_can(lacks, record.get("tenant", ""), self._others(), self._lanes)
        return next((own_queue(one.host, one.pid) for one in _ranked(able, task_id)), "")

    def _others(self) -> list[Process]:
        known = [one for one in self._reader.alive() if own_queue(one.host, one.pid) in one.queues]
        return [one for one in known if one.role == "worker" and one.name != self._name]


def _ranked(workers: Sequence[Process], task_id: str) -> list[Process]:
    def rank(one: Process) -> tuple[bool, int]:
        return one.busy >= one.slots > 0, crc32(f"{task_id} {one.name}".encode())

    return sorted(workers, key=rank)
