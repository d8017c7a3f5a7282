"""What a person can ask for, asked of a console."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from orchestrator.control.answers import OperationResult, PurgeResult
from orchestrator.control.door import Keeps, Tells
from orchestrator.control.export import Line
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.purging import EndedBefore, Exported, Progress, opened, write_export
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import NotAllowed, NotFound
from orchestrator.doors.remote.answers import member_of, model_of, rows_of, whole_number
from orchestrator.doors.remote.connection import LONG_SECONDS, Connection, at, body_of
from orchestrator.doors.remote.errors import error_of
from orchestrator.files.new_file import NewFile
from orchestrator.fleet.freezes import Scope
from orchestrator.ledger.failure_answers import Chunked, Word
from orchestrator.ledger.operations import Operation, Order

_ROOM: Final = {"plan": "plans", "task": "tasks", "tenant": "tenants"}


def ask(
    connection: Connection, target: OperationTarget, word: str, order: Order, *, seconds: float = 60.0, **more: Any
) -> OperationResult:
    """An operation on a plan, task or tenant. A refusal is an answer too."""
    path = at(_ROOM[target.type], target.identifier, word)
    found = connection.send(
        "POST", path, body_of(order, **more), request_id=order.request_id, seconds=seconds, answers=(409,)
    )
    if "result" not in found and "code" in found:
        raise error_of(409, found, connection.url)
    return model_of(OperationResult, found.get("result", found))


class RemoteOperates:
    """By requests."""

    def __init__(self, connection: Connection, tells: Tells) -> None:
        self._to = connection
        self._tells = tells

    def operate(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        return ask(
            self._to,
            target,
            operation.value,
            order,
            fromScratch=order.from_scratch,
            force=order.force,
            overrideFreeze=order.override_freeze,
            acceptFailures=order.accept_failures,
        )

    def retry_some(self, plan_id: str, narrowing: Narrowing, order: Order) -> OperationResult:
        return ask(
            self._to,
            OperationTarget("plan", plan_id),
            "retry",
            order,
            seconds=LONG_SECONDS,
            fromScratch=order.from_scratch,
            force=order.force,
            overrideFreeze=order.override_freeze,
            stage=narrowing.stage,
            cause=narrowing.cause,
            tenants=narrowing.tenants,
            cancelled=narrowing.cancelled or None,
        )

    def answer_gate(self, plan_id: str, wave: str, order: Order, *, approves: bool) -> OperationResult:
        word = "approve" if approves else "reject"
        return ask(self._to, OperationTarget("plan", plan_id), word, order, wave=wave)

    def release_tenant(self, tenant_id: str, order: Order) -> OperationResult:
        return ask(self._to, OperationTarget("tenant", tenant_id), "release", order, force=order.force)

    def task_id_of(self, target: OperationTarget) -> str:
        return target.identifier if target.type == "task" else self._tells.tenant(target.identifier).task_id


class RemoteFailures:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def on_task(self, word: Word, target: OperationTarget, task_id: str, order: Order) -> OperationResult:
        return ask(self._to, target, word, order)

    def on_plan(self, word: Chunked, plan_id: str, pattern: str | None, order: Order) -> OperationResult:
        more = {"cause" if word == "accept" else "tenants": pattern}
        return ask(self._to, OperationTarget("plan", plan_id), word, order, seconds=LONG_SECONDS, **more)


class RemoteFreezes:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def set(
        self,
        scope: Scope,
        order: Order,
        *,
        since: datetime | None,
        until: datetime | None,
        for_seconds: float | None,
        every: str | None,
        rollbacks_too: bool,
    ) -> FreezeStatus:
        times = {"from": since and since.isoformat(), "until": until and until.isoformat()}
        body = body_of(
            order,
            tenants=scope.tenants,
            label=scope.label,
            all=scope == Scope(),
            every=every,
            rollbacksToo=rollbacks_too,
            **times,
        )
        if for_seconds is not None:
            body["forSeconds"] = for_seconds
        return model_of(FreezeStatus, self._to.send("POST", "/freezes", body, request_id=order.request_id))

    def lift(self, freeze_id: str, order: Order) -> OperationResult:
        path = at("freezes", freeze_id)
        found = self._to.send("DELETE", path, body_of(order), request_id=order.request_id)
        return model_of(OperationResult, found)

    def override(self, plan_id: str, order: Order) -> OperationResult:
        return ask(self._to, OperationTarget("plan", plan_id), "override-freeze", order)

    def all(self, tenant_id: str | None) -> list[FreezeStatus]:
        found = self._to.get("/freezes", tenant=tenant_id)
        return rows_of(FreezeStatus, found, "freezes")


class RemotePurges:
    """By requests; what is exported is written here."""

    def __init__(self, connection: Connection, keeps: Keeps) -> None:
        self._to = connection
        self._keeps = keeps

    def plan(
        self, plan_id: str, order: Order, export: Path | None, progress: Progress, *, seen: str = ""
    ) -> PurgeResult:
        if export is None:
            return self._purge(plan_id, order, seen)
        if (first := self.answered(plan_id, order)) is not None:
            return first
        with opened(export) as file:
            assert file is not None
            try:
                return self._purge(plan_id, order, self._write(plan_id, file, damaged=order.force))
            except (NotFound, NotAllowed):
                # Of nothing that went: the corrected call is to find the name free.
                file.drop()
                raise

    def answered(self, plan_id: str, order: Order) -> PurgeResult | None:
        body = {"force": order.force, "dryRun": True}
        found = self._to.send("POST", at("plans", plan_id, "purge"), body, request_id=order.request_id)
        result = model_of(PurgeResult, found)
        return result if result.purged else None

    def ended_before(
        self,
        before: EndedBefore,
        order: Order,
        export: Path | None,
        progress: Progress,
        *,
        seen: Exported = None,
    ) -> PurgeResult:
        if export is not None and (left := self.listed(before, order.request_id)):
            seen = self._write_all(left, export)
        elif export is not None:
            seen = {}
        body = body_of(order, **_time_of(before), lastPlanSequenceIds=seen)
        found = self._to.send("POST", "/plans:purge", body, request_id=order.request_id, seconds=LONG_SECONDS)
        return model_of(PurgeResult, found)

    def listed(self, before: EndedBefore, request_id: str = "") -> list[str]:
        body = {**_time_of(before), "dryRun": True}
        return model_of(PurgeResult, self._to.send("POST", "/plans:purge", body, request_id=request_id or None)).purged

    def _write_all(self, plan_ids: Sequence[str], export: Path) -> dict[str, int]:
        """Writes them down; the last planSequenceId of each that was still there."""
        seen: dict[str, int] = {}
        with opened(export) as file:
            assert file is not None
            for plan_id in plan_ids:
                with suppress(NotFound):
                    seen[plan_id] = int(self._write(plan_id, file))
        return seen

    def _write(self, plan_id: str, file: NewFile, *, damaged: bool = False) -> str:
        lines = self._keeps.export(plan_id, damaged=damaged)
        return write_export(file, (_checked(line, damaged=damaged) for line in lines))

    def _purge(self, plan_id: str, order: Order, seen: str) -> PurgeResult:
        body = body_of(order, force=order.force, lastPlanSequenceId=int(seen) if seen else None)
        path = at("plans", plan_id, "purge")
        found = self._to.send("POST", path, body, request_id=order.request_id, seconds=LONG_SECONDS)
        return model_of(PurgeResult, found)


def _checked(line: Line, *, damaged: bool) -> Line:
    """The line, the number that a purge goes by looked at; a damaged plan may have none. Raises ``ConsoleFailed``."""
    if line.get("kind") == "plan":
        plan = member_of(line, "plan", dict)
        if not damaged or plan.get("lastPlanSequenceId", 0) is not None:
            member_of(plan, "lastPlanSequenceId", whole_number)
    return line


def _time_of(before: EndedBefore) -> dict[str, Any]:
    if isinstance(before, datetime):
        return {"endedBefore": before.isoformat()}
    return {"endedAgoSeconds": round(before.total_seconds())}
