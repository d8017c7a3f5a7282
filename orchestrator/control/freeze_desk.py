"""Setting, lifting and listing freezes: what people give is checked here, and answered in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.control.absent import absent
from orchestrator.control.answers import Answer, OperationResult
from orchestrator.control.freeze_checks import check_moments
from orchestrator.control.freeze_words import moment_words, until_words, whom_it_stops
from orchestrator.control.replies import reason_words
from orchestrator.domain.errors import InvalidInput, NotAllowed, NotFound, Problem, quoted_value
from orchestrator.fleet.freezes import FreezeRecord, Scope, read_freeze
from orchestrator.ledger.freeze_reads import StoredFreeze
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.operations import Order, Reply, Taken
from orchestrator.ledger.reader import Reader


class FreezeStatus(Answer):
    """One freeze. ``tenants`` is a pattern, ``label`` ``key=value``, neither is all; ``until`` null: till it is lifted.

    ``in_force`` now, and ``changes_at``: when it ends or begins next; null: it does not by itself. ``waiting``: tasks
    that wait for its end.
    """

    freeze_id: str
    tenants: str | None = None
    label: str | None = None
    since: str | None = None
    until: str | None = None
    every: str | None = None
    rollbacks_too: bool = False
    actor: str = ""
    reason: str = ""
    in_force: bool = True
    changes_at: str | None = None
    waiting: int = 0
    sentence: str = ""
    """All of it in words."""


class FreezeDesk:
    """Of one namespace."""

    def __init__(self, freezes: Freezes, reader: Reader) -> None:
        self._freezes = freezes
        self._reader = reader

    def set(
        self,
        scope: Scope,
        order: Order,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        for_seconds: float | None = None,
        every: str | None = None,
        rollbacks_too: bool = False,
    ) -> FreezeStatus:
        """Sets a freeze whose scope and times are checked. Raises ``InvalidInput`` for what only the ledger's clock
        shows to be wrong, ``NotAllowed`` when there are too many."""
        asked = _asked(scope, since, until, for_seconds, every, rollbacks_too=rollbacks_too)
        reply = self._freezes.first_answer(asked, order)
        if reply is None:
            now_ms = self._freezes.reads.told_now_ms()
            ends = check_moments(_moment(now_ms), since, until, for_seconds)
            record = FreezeRecord(
                scope, order.actor, order.reason, now_ms, _ms(since), _ms(ends), every, rollbacks_too
            ).planned(now_ms)
            if not record.windows:
                raise InvalidInput([Problem("every", every, "none of these times comes before its end")])
            reply = self._freezes.set(record, _told(record), asked, order)
        if reply.answer is Taken.REFUSED:
            raise NotAllowed(f"there are {reply.what} freezes, the most that may be set; `changeover unfreeze` some")
        # What the ledger has taken, at the moment it did: a repeat is answered as the first time, whoever sends it.
        taken = read_freeze(reply.status)
        return self._status(StoredFreeze(reply.what, "", taken), taken.set_at_ms)

    def lift(self, freeze_id: str, order: Order) -> OperationResult:
        """Lifts a freeze. Raises ``NotFound`` for one that is not set, or is over."""
        reply = self._freezes.lift(freeze_id, order)
        if reply.answer is Taken.MISSING:
            raise NotFound(f"freeze {quoted_value(freeze_id)} is not set, or is over; `changeover freezes` lists them")
        message = "lifted; what waited for it goes back to its plans' queues"
        return _result("freeze", freeze_id, reply, message, order)

    def override(self, plan_id: str, order: Order) -> OperationResult:
        """Lets a plan pass all freezes from now on. Raises ``NotFound`` for one that does not exist."""
        reply = self._freezes.override(plan_id, order)
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id)
        message = reason_words(reply) or "it passes all freezes from now on"
        return _result("plan", plan_id, reply, message, order)

    def all(self, tenant_id: str | None = None) -> list[FreezeStatus]:
        """Every freeze that is set and not over; with ``tenant_id`` those that cover this tenant."""
        reads = self._freezes.reads
        now_ms = reads.told_now_ms()
        labels = {} if tenant_id is None else reads.labels_of(tenant_id)
        return [
            self._status(freeze, now_ms)
            for freeze in reads.all()
            # Nobody knows whom a damaged one covers: it may be anybody.
            if tenant_id is None or freeze.record is None or freeze.record.scope.covers(tenant_id, labels)
        ]

    @staticmethod
    def _status(freeze: StoredFreeze, now_ms: int) -> FreezeStatus:
        record = freeze.record
        if record is None:
            sentence = f"its record is damaged: {whom_it_stops(freeze)}, until it is lifted"
            return FreezeStatus(freeze_id=freeze.freeze_id, waiting=freeze.waiting, sentence=sentence)
        in_force, changes_ms = record.state(now_ms)
        return FreezeStatus(
            freeze_id=freeze.freeze_id,
            tenants=record.scope.tenants,
            label=record.scope.label,
            since=_iso(record.from_ms if record.from_ms is not None else record.set_at_ms),
            until=_iso(record.until_ms),
            every=record.every,
            rollbacks_too=record.rollbacks,
            actor=record.actor,
            reason=record.reason,
            in_force=in_force,
            changes_at=_iso(changes_ms),
            waiting=freeze.waiting,
            sentence=_sentence(record, now_ms),
        )


def _asked(
    scope: Scope,
    since: datetime | None,
    until: datetime | None,
    for_seconds: float | None,
    every: str | None,
    *,
    rollbacks_too: bool,
) -> str:
    """The request in words: a repeat must say the same, as its caller gave it."""
    lasts = None if for_seconds is None else float(for_seconds)
    given = {"every": every, "from": since, "until": until, "for": lasts}
    told = [f"{name} {value}" for name, value in given.items() if value is not None]
    return " ".join([str(scope), *told, *(["rollbacks too"] if rollbacks_too else [])])


def _sentence(record: FreezeRecord, now_ms: int) -> str:
    in_force, changes_ms = record.state(now_ms)
    if in_force:
        return f"{record.scope}: frozen {until_words(record, now_ms)}"
    begins = "is over" if changes_ms is None else f"begins {moment_words(record, changes_ms)}"
    return f"{record.scope}: {begins}, by {record.actor} ({record.reason})"


def _result(kind: str, identifier: str, reply: Reply, message: str, order: Order) -> OperationResult:
    return OperationResult(
        target_type=kind,
        target_id=identifier,
        accepted=reply.answer is not Taken.REFUSED,
        status=reply.status,
        message=message,
        request_id=order.request_id,
    )


def _told(record: FreezeRecord) -> dict[str, Any]:
    scope = record.scope
    told: Mapping[str, Any] = {
        "scope": {"tenants": scope.tenants, "label": scope.label, "all": scope == Scope()},
        "from": _iso(record.from_ms),
        "until": _iso(record.until_ms),
        "every": record.every,
        "rollbacksToo": record.rollbacks,
    }
    return dict(told)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _iso(ms: int | None) -> str | None:
    return None if ms is None else _moment(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
