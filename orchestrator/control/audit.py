"""Who asked for what, when, why, and what came of it: pages of the audit; the ends are looked up in the plans' logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from orchestrator.control.audit_answers import AuditEntry, AuditFilter, AuditPage
from orchestrator.control.cursors import audit_place
from orchestrator.domain.events import Event
from orchestrator.domain.pattern import is_like
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.audit_reads import AuditReads, Happened
from orchestrator.ledger.log_entries import moment

MOST_ROWS: Final = 500
LOOKED_AT: Final = 20_000
"""Entries that one page looks through at most, to find those that were asked for."""

LOOKED_UP: Final = 200_000
"""Events of plans' logs that one page reads at most, for what came of its requests."""

DONE, REFUSED, UNKNOWN, SUPERSEDED = "done", "refused", "unknown", "superseded"

_PLAN_ENDS: Final = frozenset(
    {"PlanCompleted", "PlanFailed", "PlanCancelled", "PlanRolledBack", "PlanRollbackFailed", "PlanPurged"}
)
_TASK_ENDS: Final = frozenset(
    {"TaskCompleted", "TaskFailed", "TaskCancelled", "TaskRolledBack", "TaskRollbackFailed", "TaskSoakFailed"}
)
_ANOTHER: Final = "OperationRequested"
"""Something else was asked of the same before it came to that."""

_ENDS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("submit", "plan"): frozenset({"PlanReady", "PlanValidationFailed"}),
    ("pause", "plan"): _PLAN_ENDS | {"PlanPaused", _ANOTHER},
    ("cancel", "plan"): _PLAN_ENDS,
    ("rollback", "plan"): _PLAN_ENDS,
    ("retry", "plan"): _PLAN_ENDS,
    ("pause", "task"): _TASK_ENDS | {"TaskPaused", _ANOTHER},
    ("resume", "task"): _TASK_ENDS | {"TaskResumed", _ANOTHER},
    ("cancel", "task"): _TASK_ENDS,
    ("rollback", "task"): _TASK_ENDS,
    ("retry", "task"): _TASK_ENDS | {"TaskRetryCompleted"},
}
"""Which events tell the end of what was asked; what is not here is done in the call."""

_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "PlanCreated": ("submit", "plan", "planId"),
    "PlanGateApproved": ("approve", "plan", "planId"),
    "PlanGateRejected": ("reject", "plan", "planId"),
    "PlanPurged": ("purge", "plan", "planId"),
    "FreezeSet": ("freeze", "freeze", "freezeId"),
    "FreezeLifted": ("unfreeze", "freeze", "freezeId"),
    "TokenCreated": ("create-token", "token", "name"),
    "TokenRevoked": ("revoke-token", "token", "name"),
    "SignInFailed": ("sign-in", "console", "address"),
    "SignInLinkMade": ("sign-in-link", "token", "name"),
    "WebhookRequested": ("", "webhook", "webhook"),
}
"""Of each event that is no OperationRequested: operation, what it is about, and the field that names it."""

_SHOWN: Final = frozenset(
    {"wave", "scope", "from", "until", "every", "role", "expiresAt", "forced", "shown", "failures", "count"}
)
"""Of what an event tells besides, what says how much was asked."""


class AuditReader:
    """Of one namespace."""

    def __init__(self, reads: AuditReads) -> None:
        self._reads = reads

    def page(self, wanted: AuditFilter, limit: int, cursor: str | None, *, newest_first: bool = False) -> AuditPage:
        """Those from the cursor on that were asked for. Raises ``InvalidInput`` for a cursor that no page gave."""
        since, found, looked_at = audit_place(cursor), list[AuditEntry](), 0
        events = self._reads.asked_before(since or None) if newest_first else self._reads.asked(since)
        for entry, last in _requests(events):
            if newest_first and _is_before(entry, wanted.since):
                # The ledger's clock does not go back: what follows is older still.
                return AuditPage(entries=self._with_outcomes(found))
            if _fits(entry, wanted):
                if len(found) == min(limit, MOST_ROWS):
                    break
                found.append(entry)
            since = last
            looked_at += entry.targets
            if looked_at >= LOOKED_AT:
                break
        else:
            return AuditPage(entries=self._with_outcomes(found))
        return AuditPage(entries=self._with_outcomes(found), next_cursor=str(since))

    def _with_outcomes(self, entries: list[AuditEntry]) -> list[AuditEntry]:
        waiting: defaultdict[str, list[AuditEntry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: one.sequence_id):
            if not _is_done_at_once(entry) and (entry.operation, entry.target_type) in _ENDS and entry.plan_id:
                waiting[entry.plan_id].append(entry)
        ends: dict[int, tuple[str, str | None]] = {}
        left = LOOKED_UP
        for plan_id, open_entries in waiting.items():
            left = self._look_up(plan_id, open_entries, ends, left)
        return [_ended(entry, ends) for entry in entries]

    def _look_up(
        self, plan_id: str, entries: list[AuditEntry], ends: dict[int, tuple[str, str | None]], left: int
    ) -> int:
        """What came of these of one plan; answers how many events may still be read."""
        unknown = dict.fromkeys((entry.sequence_id for entry in entries), (UNKNOWN, None))
        if left <= 0 or not self._reads.has_log(plan_id):
            ends |= unknown
            return left
        for event in self._reads.happened(plan_id, entries[0].sequence_id):
            for entry in entries:
                if entry.sequence_id < event.sequence_id and entry.sequence_id not in ends and _ends(entry, event):
                    at = moment(event.at_ms) if counted_number(event.at_ms) is not None else None
                    outcome = SUPERSEDED if event.type == _ANOTHER else event.type
                    ends[entry.sequence_id] = (outcome, at.isoformat() if at else None)
            left -= 1
            if left <= 0:
                ends |= {number: end for number, end in unknown.items() if number not in ends}
                break
            if all(entry.sequence_id in ends for entry in entries):
                break
        return left


def _entry(event: Event) -> AuditEntry:
    told = event.model_dump(mode="json", by_alias=True)
    operation, target_type, name = _WORDS.get(event.type, ("", "", ""))
    options = dict(told.get("options") or {}) | {
        key: value for key, value in told.items() if key in _SHOWN and value is not None
    }
    return AuditEntry(
        sequence_id=event.sequence_id,
        at=str(told["occurredAt"]),
        actor=str(told.get("actor") or ""),
        operation=operation or str(told.get("operation") or event.type),
        target_type=target_type or str(told.get("targetType") or ""),
        target_id=str(told.get(name) if name else told.get("targetId") or ""),
        plan_id=told.get("planId") or None,
        tenant_id=told.get("tenantId"),
        reason=str(told.get("reason") or ""),
        request_id=told.get("requestId"),
        options=options,
    )


def _requests(events: Iterable[Event]) -> Iterator[tuple[AuditEntry, int]]:
    """Each request, and the number of its last event: one about many tasks was written down for each of them. The
    events may come in order, or the newest first."""
    first = last = None
    targets = 0
    for entry in map(_entry, events):
        if last is None or not _is_one(last, entry):
            if first is not None and last is not None:
                yield _joined(first, last, targets), last.sequence_id
            first, targets = entry, 0
        last, targets = entry, targets + 1
    if first is not None and last is not None:
        yield _joined(first, last, targets), last.sequence_id


def _is_one(one: AuditEntry, other: AuditEntry) -> bool:
    """Whether two that were written down side by side are one request: the later is about a task then."""
    same = one.request_id is not None and one.request_id == other.request_id
    later = max(one, other, key=lambda entry: entry.sequence_id)
    return same and (one.operation, one.plan_id) == (other.operation, other.plan_id) and later.target_type == "task"


def _joined(one: AuditEntry, other: AuditEntry, targets: int) -> AuditEntry:
    """What was written down first of a request, from its ends; of many tasks it is about their plan."""
    first = min(one, other, key=lambda entry: entry.sequence_id)
    if targets == 1:
        return first
    of_plan = {"target_type": "plan", "target_id": first.plan_id, "tenant_id": None}
    return first.model_copy(update={**of_plan, "targets": targets})


def _fits(entry: AuditEntry, wanted: AuditFilter) -> bool:
    if _is_before(entry, wanted.since):
        return False
    if wanted.actor is not None and not is_like(entry.actor, wanted.actor):
        return False
    if wanted.plan is not None and not is_like(entry.plan_id or "", wanted.plan):
        return False
    return wanted.tenant is None or _is_about(entry, wanted.tenant)


def _is_before(entry: AuditEntry, since: datetime | None) -> bool:
    return since is not None and datetime.fromisoformat(entry.at) < since


def _is_about(entry: AuditEntry, tenant: str) -> bool:
    scope = entry.options.get("scope")
    frozen = scope.get("tenants") if isinstance(scope, dict) else None
    # A pattern of tenants by itself, or as one that covers the tenant.
    return is_like(entry.tenant_id or "", tenant) or (isinstance(frozen, str) and is_like(tenant, frozen))


def _ends(entry: AuditEntry, event: Happened) -> bool:
    asked = entry.operation, entry.target_type
    if event.type not in _ENDS[asked] and not (asked == ("rollback", "task") and event.withdraws):
        return False
    return event.task_id == (entry.target_id if entry.target_type == "task" else "")


def _is_done_at_once(entry: AuditEntry) -> bool:
    """Of what otherwise takes its time: stopped already, or what was asked before is taken back."""
    return bool(entry.options.get("atOnce") or entry.options.get("withdraws"))


def _ended(entry: AuditEntry, ends: Mapping[int, tuple[str, str | None]]) -> AuditEntry:
    if not _is_done_at_once(entry) and (entry.operation, entry.target_type) in _ENDS:
        outcome, at = ends.get(entry.sequence_id, (None, None))
    else:
        outcome, at = (REFUSED if entry.operation == "sign-in" else DONE), entry.at
    return entry.model_copy(update={"outcome": outcome, "outcome_at": at})
