"""The client's calls on what is kept: ended plans, what a purge leaves, checkpoints, a plan written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from orchestrator.control.answers import CheckpointStatus, PurgedTenant, PurgeResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.export import Line
from orchestrator.control.target import asking, asking_about, order_about
from orchestrator.domain.errors import Problem
from orchestrator.domain.whole_numbers import whole_problems
from orchestrator.ledger.connection import translate_errors

_SLACK: Final = timedelta(minutes=5)
"""By so much the clocks of two machines may differ."""


def _not_past(moment: object) -> list[Problem]:
    """What is neither an age nor a time with its zone, or is to come."""
    if isinstance(moment, timedelta):
        if timedelta() <= moment <= LONGEST_AGE:
            return []
        return [Problem("before", str(moment), "expected an age from 0 s to 100 years, or a time")]
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        return [Problem("before", str(moment), "expected a time with its zone")]
    if moment <= datetime.now(UTC) + _SLACK:
        return []
    message = "expected a time that has passed: it would take out all that has ended (for that, name the time now)"
    return [Problem("before", moment.isoformat(), message)]


LONGEST_AGE: Final = timedelta(days=36525)
"""Nothing of ours is older."""


@judges_kinds()
class RetentionCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def purge(
        self,
        plan_id: str,
        *,
        export: Path | None = None,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
        force: bool = False,
        progress: Callable[[str, int], None] = lambda plan_id, left: None,
        seen: int | None = None,
    ) -> PurgeResult:
        """Takes an ended plan (or a draft) out of the ledger, its log with it; to a new file ``export`` first.

        Tenants keep their last known good config and last mover; ``progress`` is told how many tasks are left.
        ``force`` takes out one that damaged records keep from its end; ``seen``, the ``lastPlanSequenceId`` of an
        export of the caller's own, has one refused that has gone on since. Raises ``NotAllowed`` when it has not ended.
        """
        wrong = [] if seen is None else whole_problems("seen", seen)
        order = order_about({"plan_id": plan_id}, actor, reason, request_id, wrong, force=force)
        with asking(self._door.url, order):
            known = "" if seen is None else str(seen)
            return self._door.purges.plan(plan_id, order, export, progress, seen=known)

    def purge_answer(self, plan_id: str, *, request_id: str | None = None, force: bool = False) -> PurgeResult | None:
        """How the ``purge`` of this request id was answered before, refusals included; None when it was not."""
        order = order_about({"plan_id": plan_id}, None, "", request_id, force=force)
        with translate_errors(self._door.url):
            return self._door.purges.answered(plan_id, order)

    def purge_ended(
        self,
        before: datetime | timedelta,
        *,
        export: Path | None = None,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
        progress: Callable[[str, int], None] = lambda plan_id, left: None,
        seen: Mapping[str, int] | None = None,
    ) -> PurgeResult:
        """The same for every plan that ended before a moment (a ``datetime`` with a time zone), or that long ago (a
        ``timedelta``: a repeat of the request goes by the moment of the first). Raises ``InvalidInput`` for one that is
        to come: a slip of the year would take out all that has ended. ``seen``: only those of them that the caller has
        exported, each with what ``purge`` calls so."""
        wrong = [one for number in (seen or {}).values() for one in whole_problems("seen", number)]
        order = order_about({}, actor, reason, request_id, _not_past(before) + wrong)
        with asking(self._door.url, order):
            return self._door.purges.ended_before(before, order, export, progress, seen=seen)

    def ended_before(self, before: datetime | timedelta, *, request_id: str | None = None) -> list[str]:
        """Ids of the plans that ``purge_ended`` would take out; with the id of a request that was sent before, those
        that it has left."""
        order = order_about({}, None, "", request_id, _not_past(before))
        sent = "" if request_id is None else order.request_id
        with translate_errors(self._door.url):
            return self._door.purges.listed(before, sent)

    def purged_tenant(self, tenant_id: str) -> PurgedTenant | None:
        """What is still known of a tenant whose plans have all been purged; None for any other."""
        with asking_about(self._door.url, tenant_id=tenant_id):
            return self._door.keeps.purged_tenant(tenant_id)

    def checkpoint(self, task_id: str) -> CheckpointStatus:
        """What is kept of a task for going on after its last good stage, or that nothing is."""
        with asking_about(self._door.url, task_id=task_id):
            return self._door.keeps.checkpoint(task_id)

    def checkpoints(self, plan_id: str) -> list[CheckpointStatus]:
        """The same of all tasks of a plan that have one, many in few round trips."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.keeps.checkpoints(plan_id)

    def export(self, plan_id: str, *, damaged: bool = False) -> Iterator[Line]:
        """The plan whole: the plan, its tasks with their configs, its log; see ``control/export.py``. ``damaged``: what
        can be read of one that a hand has damaged, where that is an error else."""
        with asking_about(self._door.url, plan_id=plan_id):
            yield from self._door.keeps.export(plan_id, damaged=damaged)
