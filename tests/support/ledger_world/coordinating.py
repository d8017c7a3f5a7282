"""The coordinator's round as a plain call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.coordinator.coordinator import CHUNK
from orchestrator.ledger.awaited import Look
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Admission
from tests.support.ledger_world.submitting import Submitting


class Coordinating(Submitting):
    """Serves plans, lines, groups and looks."""

    def started(self, plan_id: str, tenants: Iterable[str], **options: Any) -> list[str]:
        """Submits a plan and lets the coordinator look at it once."""
        ids = self.plan(plan_id, tenants, **options)
        self.serve(plan_id)
        return ids

    def admit(self, plan_id: str, limit: int = 50) -> Admission:
        return self.ledger.admit(plan_id, limit)

    def serve(self, plan_id: str) -> list[str]:
        """What the coordinator does for a plan; answers the ids of the admitted tasks in order."""
        tasks: list[str] = []
        more = True
        while more:
            admission = self.admit(plan_id)
            tasks += [task.task_id for task in admission.tasks]
            self.published += admission.tasks
            more = admission.more
            if admission.has_chunks:
                self.operations.resume_chunk(plan_id, CHUNK)
                self.operations.cancel_chunk(plan_id, CHUNK)
                self.operations.rollback_chunk(plan_id, CHUNK)
                self.operations.retry_chunk(plan_id, CHUNK)
                self.operations.wave_rollback_chunk(plan_id, CHUNK)
                more = True
        return tasks

    def coordinate(self) -> None:
        """Acts on the inbox until it is empty, as ``Coordinator`` does."""
        self.thaw()
        while True:
            wakes, plan_ids = self.inbox.read(0.001), self.ledger.take_turns(100)
            if not wakes.entries and not plan_ids and not (wakes := self.inbox.read(0.001)).entries:
                return
            for plan_id in plan_ids:
                self.serve(plan_id)
            rows = [self.reader.dispatchable(task_id) for task_id in wakes.tasks]
            self.published += [row for row in rows if row is not None]
            self.inbox.done(wakes)

    def looks(self, plan_id: str) -> list[Look]:
        """All looks of the round that is due in a soak, as a coordinator hands them out; an interval has passed since
        the round before."""
        found: list[Look] = []
        for position in range(int(self.reader.plan_record(plan_id).get("total", 0))):
            task = self.keys.of("task", f"{plan_id}.{position}")
            if self.client.hexists(task, "absentSince"):
                self.client.hset(task, "absentSince", 0)
        while True:
            if not self.client.zadd(self.keys.of("awaited"), {plan_id: 0}, xx=True, ch=True):
                return found
            found += self.awaited.hand_out().looks
            if "soakCursor" not in self.reader.plan_record(plan_id):
                return found

    def limit_groups(self, limits: Mapping[str, int]) -> None:
        """A coordinator starts with other groups."""
        Ledger(self.ledger.client, self.settings.model_copy(update={"groups": limits})).announce()

    def thaw(self) -> None:
        """What sweeps do: puts back all whose freeze has ended."""
        while self.freezes.thaw(100):
            pass
