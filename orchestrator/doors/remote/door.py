"""The door that leads to a console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from orchestrator.control.answers import CheckpointStatus, DamagedTask, Diagnosis, Explanation, PurgedTenant
from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.control.export import Line
from orchestrator.control.target import OperationTarget, TargetType
from orchestrator.control.waiting import Waiting
from orchestrator.domain.errors import NotFound
from orchestrator.domain.status import LOST, PURGED
from orchestrator.doors.remote.answers import mapping, member_of, model_of, rows_of, text
from orchestrator.doors.remote.audits import RemoteAudits
from orchestrator.doors.remote.connection import Connection, at
from orchestrator.doors.remote.event_lines import RemoteLog, RemoteNews
from orchestrator.doors.remote.live import RemoteLive
from orchestrator.doors.remote.operates import RemoteFailures, RemoteFreezes, RemoteOperates, RemotePurges
from orchestrator.doors.remote.submits import RemoteSubmits
from orchestrator.doors.remote.tells import PAGE_ROWS, RemotePages, RemoteTells, all_pages
from orchestrator.doors.remote.tokens import RemoteTokens
from orchestrator.doors.remote.webhooks import RemoteWebhooks

NO_TASK = (PURGED, LOST)
"""Of a tenant that no task speaks for."""


class ConsoleDoor:
    """Raises ``Unreachable`` when the console, or its Redis, does not answer; ``TokenRefused`` for the token."""

    def __init__(self, url: str, token: str) -> None:
        self._to = connection = Connection(url, token)
        self.url = connection.url
        self.pages = pages = RemotePages(connection)
        self.tells = tells = RemoteTells(connection, pages)
        self.submits = RemoteSubmits(connection)
        self.operates = RemoteOperates(connection, tells)
        self.failures = RemoteFailures(connection)
        self.freezes = RemoteFreezes(connection)
        self.explains = RemoteExplains(connection)
        self.tokens = RemoteTokens(connection)
        self.webhooks = RemoteWebhooks(connection)
        self.audits = RemoteAudits(connection)
        self.keeps = RemoteKeeps(connection, pages)
        self.purges = RemotePurges(connection, self.keeps)
        self.waits = Waiting(RemoteLog(pages), tells, RemoteNews(connection))

    def identify(self, identifier: str, *, plan_first: bool) -> OperationTarget:
        found = self._to.get(at("targets", identifier), planFirst=plan_first)
        return OperationTarget(member_of(found, "type", _target_type), member_of(found, "identifier", text))

    def drift(self, plan_id: str | None, tenants: str | None) -> Iterator[TenantDrift | DriftEnd]:
        for line in self._to.lines("GET", "/drift", plan=plan_id, tenant=tenants):
            yield model_of(TenantDrift, line) if "tenantId" in line else model_of(DriftEnd, line)

    def live(self, plan_id: str) -> RemoteLive:
        return RemoteLive(self._to, self.tells, plan_id)

    def doctor(self) -> Diagnosis:
        return model_of(Diagnosis, self._to.get("/doctor"))

    def close(self) -> None:
        """May be called twice."""
        self._to.close()


def _target_type(value: Any) -> TargetType:
    return get_args(TargetType)[get_args(TargetType).index(value)]  # type: ignore[no-any-return]


class RemoteExplains:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def target(self, target: OperationTarget, *, whole: bool = False) -> Explanation:
        asked = {target.type: target.identifier} | ({"whole": "true"} if whole else {})
        return model_of(Explanation, self._to.get("/explain", **asked))

    def damaged_tasks(self, plan_id: str) -> list[DamagedTask]:
        found = self._to.get(at("plans", plan_id, "damaged"))
        return rows_of(DamagedTask, found, "tasks")


class RemoteKeeps:
    """By requests."""

    def __init__(self, connection: Connection, pages: RemotePages) -> None:
        self._to = connection
        self._pages = pages

    def checkpoint(self, task_id: str) -> CheckpointStatus:
        return model_of(CheckpointStatus, self._to.get(at("tasks", task_id, "checkpoint")))

    def checkpoints(self, plan_id: str) -> list[CheckpointStatus]:
        pages = all_pages(lambda cursor: self._pages.checkpoints(plan_id, PAGE_ROWS, cursor))
        return [one for page in pages for one in page.checkpoints]

    def purged_tenant(self, tenant_id: str) -> PurgedTenant | None:
        try:
            found = self._pages.tenant(tenant_id)
        except NotFound:
            return None
        if found.status not in NO_TASK:
            return None
        return PurgedTenant(
            tenant_id=tenant_id,
            status=found.status,
            last_mover=found.last_mover,
            current=found.current,
            last_known_good=found.last_known_good,
        )

    def export(self, plan_id: str, *, damaged: bool = False) -> Iterator[Line]:
        for line in self._to.lines("GET", at("plans", plan_id, "export"), damaged=damaged or None):
            member_of(line, member_of(line, "kind", text), mapping)
            yield line
