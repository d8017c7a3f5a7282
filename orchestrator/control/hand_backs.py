"""Tasks whose turn workers gave back since they cannot run it: why, and who could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.ledger.presence import Process
from orchestrator.ledger.release import reads

STEP, STAGE = "step", "stage"


@dataclass(frozen=True, slots=True)
class HandBack:
    """``why``: ``step`` (types of steps are missing), ``stage`` (it cannot be built), or the form that is too new, of
    which ``what`` is the format. ``worker`` is the last that gave it back, ``times`` how often it was."""

    why: str
    what: str
    worker: str
    times: int

    @property
    def words(self) -> str:
        """What the worker lacks, after "worker h:1"."""
        if self.why == STEP:
            return f"has no step of type {self.what}"
        if self.why == STAGE:
            return f"cannot build its stages ({self.what})"
        return f"is too old for its {self.why} (format {self.what})"

    @property
    def mend(self) -> str:
        """What helps when nobody can."""
        if self.why == STEP:
            return "install the package that brings it where a worker runs, and restart that worker"
        if self.why == STAGE:
            return "start a worker of the release, and with the packages, that the plan was submitted with"
        return "update the workers"

    def can_run(self, worker: Process) -> bool:
        """Whether that worker could, as far as it tells: one of which it is not known may be tried."""
        if self.why == STEP:
            return worker.knows is None or set(self.what.split(", ")) <= worker.knows
        if self.why == STAGE:
            return worker.name != self.worker
        needed = counted_number(self.what)
        return needed is None or reads(worker.formats, self.why) >= needed


def hand_back_of(record: Mapping[str, str]) -> HandBack | None:
    """From a task's record; None when nobody gave it back, or somebody has been able to since, or a hand has damaged
    what was noted."""
    if record.get("lease") != "queued" or not record.get("handedBack"):
        return None
    try:
        known = read_stored(record["handedBack"])
        worker = str(known["worker"]).partition("/")[0]
        return HandBack(str(known["why"]), str(known["what"]), worker, int(known["times"]))
    except (ValueError, KeyError, TypeError):
        return None


def who_can(found: HandBack, tenant_id: str, live: Sequence[Process], lanes: int) -> tuple[str, list[Process]]:
    """The tenant's queue, and those of the ``live`` processes that consume it and could run the turn."""
    queue = lane_name(lane_of(tenant_id, lanes))
    return queue, [one for one in live if one.role == "worker" and queue in one.queues and found.can_run(one)]
