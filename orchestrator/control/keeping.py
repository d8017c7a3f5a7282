"""What is kept of plans, tasks and tenants beside their state: one place to ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.control.answers import CheckpointStatus, PurgedTenant
from orchestrator.control.checkpoints import checkpoint_reader
from orchestrator.control.cursors import task_place
from orchestrator.control.export import Line, plan_lines
from orchestrator.control.page_answers import CheckpointPage
from orchestrator.control.status import StatusReader
from orchestrator.control.tenants import purged_tenant
from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings


class Keeping:
    """Of one namespace. Raises ``NotFound`` for what is not there."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self._reader = reader
        self._settings = settings

    def checkpoint(self, task_id: str) -> CheckpointStatus:
        """What is kept of a task for going on after its last good stage, or that nothing is."""
        with checkpoint_reader(self._reader, self._settings) as reader:
            return reader.task(task_id)

    def checkpoints(self, plan_id: str) -> list[CheckpointStatus]:
        """The same of all tasks of a plan that have one."""
        with checkpoint_reader(self._reader, self._settings) as reader:
            return reader.plan(plan_id)

    def checkpoint_page(self, plan_id: str, limit: int, cursor: str | None) -> CheckpointPage:
        """The same of the next ``limit`` tasks of the plan."""
        begin = task_place(cursor)
        with checkpoint_reader(self._reader, self._settings) as reader:
            found = reader.some(plan_id, begin, begin + limit)
        more = begin + limit < StatusReader(self._reader).task_count(plan_id)
        return CheckpointPage(plan_id=plan_id, checkpoints=found, next_cursor=str(begin + limit) if more else None)

    def purged_tenant(self, tenant_id: str) -> PurgedTenant | None:
        """What is still known of a tenant whose plans have all been purged; None for any other."""
        return purged_tenant(self._reader, tenant_id)

    def export(self, plan_id: str, *, damaged: bool = False) -> Iterator[Line]:
        """The plan whole, a line at a time; ``damaged``: what can be read of it."""
        yield from plan_lines(self._reader, plan_id, damaged=damaged)
