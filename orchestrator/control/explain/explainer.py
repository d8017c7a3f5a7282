"""Why is it not moving? One plain sentence for each thing that a task or plan waits for, and what to type next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from redis.exceptions import ResponseError

from orchestrator.control.absent import lost_with
from orchestrator.control.answers import DamagedTask, Explanation, PlanSummary, Remark, TaskStatus
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.elsewhere import Elsewhere
from orchestrator.control.explain import damaged, moving, stopped, waiting, whole_plan
from orchestrator.control.explain.offers import Offers
from orchestrator.control.explain.processes import clocks, servers
from orchestrator.control.explain.scene import PlanScene, Scene, TaskScene
from orchestrator.control.explain.situations import Situation, reasons_of, remark
from orchestrator.control.explain.steps import USUAL_LOOKS, Looks, steps_of
from orchestrator.control.status import StatusReader, plan_summary
from orchestrator.control.target import OperationTarget
from orchestrator.control.tenants import purged_tenant
from orchestrator.control.writing import look_at_writes
from orchestrator.domain.errors import cut_text
from orchestrator.domain.status import DAMAGED, PLAN_ENDED, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import position_of, tasks_in
from orchestrator.domain.typed import typed
from orchestrator.ledger.damage import DamagedRecord
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record
from orchestrator.ledger.refusals import is_damage
from orchestrator.ledger.survey import TaskGroup
from orchestrator.settings.model import Settings

_BY_STATUS: dict[TaskState, Callable[[TaskScene], Iterator[Remark]]] = {
    TaskState.PENDING: waiting.not_admitted,
    TaskState.RUNNING: moving.moving,
    TaskState.ROLLING_BACK: moving.moving,
    TaskState.PAUSED: stopped.paused,
    TaskState.FAILED: stopped.failed,
    TaskState.ROLLBACK_FAILED: stopped.rollback_failed,
    TaskState.CANCELLED: stopped.cancelled,
    TaskState.COMPLETED: stopped.ended_well,
    TaskState.ROLLED_BACK: stopped.ended_well,
}


class Explainer:
    """Reads the ledger and the processes' presence; raises ``NotFound`` for what does not exist."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        settings: Settings,
        url: str = "",
        wall: Callable[[], float] = time.time,
        looks: Looks = USUAL_LOOKS,
    ) -> None:
        """``url``: of the ledger's Redis, for an answer that names it; ``wall``: this machine's clock; ``looks``: how
        much of a large plan is looked at for damage."""
        self._operations = Operations(ledger)
        self._reader = reader
        self._status = StatusReader(reader)
        self._settings = settings
        self._url = url
        self._wall = wall
        self._looks = looks

    def target(self, target: OperationTarget, *, whole: bool = False) -> Explanation:
        """A plan (``whole``: however large), a task, or a tenant: the task that speaks for it, or what a purge left of
        it."""
        if target.type == "plan":
            return self.plan(target.identifier, whole=whole)
        return (self.task if target.type == "task" else self.tenant)(target.identifier)

    def tenant(self, tenant_id: str) -> Explanation:
        """The task that speaks for the tenant, beside its other open ones; or what a purge left of it."""
        if (left := purged_tenant(self._reader, tenant_id)) is not None:
            return self._answer(
                "tenant", tenant_id, left.status, [stopped.purged(left, lost_with(self._reader, left.last_mover or ""))]
            )
        status = self._status.tenant(tenant_id)
        found = self.task(status.task_id)
        remarks = [*stopped.moved_by_others_too(status), *found.remarks]
        return self._answer("task", status.task_id, found.status, remarks)

    def task(self, task_id: str) -> Explanation:
        """One task."""
        status = self._status.task(task_id)
        with _reading() as remarks:
            remarks += self._of_task(status)
        return self._answer("task", task_id, status.status, remarks)

    def _of_task(self, status: TaskStatus) -> Iterator[Remark]:
        position = position_of(status.task_id)
        yield from damaged.plan_keys(self._reader.plan_keys.damaged(status.plan_id))
        alone = (position, position + 1)
        yield from self._places(status.plan_id, alone)
        for found in self._damaged(status.plan_id, alone):
            yield damaged.task_damage(found, damaged.way_out(self._offers(), status.plan_id))
            return
        if status.status == DAMAGED:
            yield self._damaged_plan(status.plan_id, "its record, or its plan's, cannot be read")
            return
        record, plan = self._reader.task_records([status.task_id])[0], self._reader.plan_record(status.plan_id)
        of_plan = list(self._damage_of_its_plan(status, plan))
        yield from of_plan
        if of_plan and status.status == TaskState.PENDING:
            # Whatever else it would wait for: nobody admits anything of such a plan.
            return
        task = TaskScene(self._look(), status, record, plan)
        known = TaskState(status.status)
        if known not in TASK_ENDED:
            yield from servers(task.scene)
        if known in TASK_ENDED and status.rollback_requested:
            yield stopped.rollback_asked(task)
        yield from _BY_STATUS[known](task)
        if known in TASK_ENDED or known is TaskState.PAUSED:
            yield from stopped.given_up(task)
            if status.rollback_requested:
                yield from waiting.not_admitted(task)
        yield from clocks(task.scene)

    def _damage_of_its_plan(self, status: TaskStatus, plan: Record) -> Iterator[Remark]:
        if plan_summary(status.plan_id, plan, self._reader.freezes.told_now_ms).status == DAMAGED:
            yield self._damaged_plan(status.plan_id, "the record of its plan cannot be read")
        elif status.status == TaskState.PENDING and (wrong := self._reader.wrong_with_plan(status.plan_id)):
            yield damaged.plan_record(status.plan_id, wrong, self._offers())

    def plan(self, plan_id: str, *, whole: bool = False) -> Explanation:
        """A plan: what stops it as a whole, then its failures and waits by cause. ``whole``: looks at every task for
        damage, however many there are."""
        summary = self._status.summary(plan_id)
        with _reading() as remarks:
            remarks += self._of_plan(summary, whole=whole)
        return self._answer("plan", plan_id, summary.status, remarks)

    def _of_plan(self, summary: PlanSummary, *, whole: bool) -> Iterator[Remark]:
        if summary.status == DAMAGED:
            yield self._damaged_plan(summary.plan_id, "its record cannot be read")
            return
        plan_id, record, scene = summary.plan_id, self._reader.plan_record(summary.plan_id), self._look()
        state = PlanState(summary.status)
        if wrong := self._reader.wrong_with_plan(plan_id):
            yield damaged.plan_record(plan_id, wrong, self._offers())
        yield from damaged.plan_keys(self._reader.plan_keys.damaged(plan_id))
        groups = [] if state is PlanState.CREATED else self._reader.survey(plan_id, tasks_in(record))
        if state not in PLAN_ENDED:
            yield from servers(scene)
        yield from self._damage_in(summary, scene, groups, whole=whole)
        yield from whole_plan.plan_remarks(PlanScene(scene, self._status, summary, record, groups))
        yield from clocks(scene)

    def damaged_tasks(self, plan_id: str) -> list[DamagedTask]:
        """Those with whose record nobody can work; looks at all the plan's tasks, some 500 in a script."""
        if not _is_written(self._status.summary(plan_id)):
            return []
        found = self._damaged(plan_id, (0, self._status.task_count(plan_id)))
        out = str(damaged.way_out(self._offers(), plan_id)) if found else ""
        return [
            DamagedTask(task_id=one.task_id, tenant_id=one.tenant_id, wrong=one.wrong, way_out=out) for one in found
        ]

    def _damage_in(
        self, summary: PlanSummary, scene: Scene, groups: Sequence[TaskGroup], *, whole: bool
    ) -> Iterator[Remark]:
        plan_id = summary.plan_id
        if not _is_written(summary):
            return
        count = self._status.task_count(plan_id)
        steps = steps_of(count, groups, Looks(whole=count) if whole else self._looks)
        if found := self._damaged(plan_id, *steps.ranges):
            out, unnamed = damaged.way_out(scene.offers, plan_id), steps.left_out(groups)
            has_ended = summary.status in PLAN_ENDED
            yield from damaged.plan_damage(plan_id, found, out, has_ended=has_ended, unnamed=unnamed)
        yield from self._places(plan_id, *steps.ranges, unnamed=steps.left_out(groups, "tenant"))
        if not steps.is_all:
            yield damaged.not_all(plan_id, steps)

    def _damaged_plan(self, plan_id: str, otherwise: str) -> Remark:
        if not (wrong := self._reader.wrong_with_plan(plan_id)):
            return _damaged(otherwise)
        return damaged.plan_record(plan_id, wrong, self._offers())

    def _places(self, plan_id: str, *ranges: tuple[int, int], unnamed: int = 0) -> Iterator[Remark]:
        looks = [self._reader.plan_keys.places(plan_id, first, end, ended_too=True) for first, end in ranges]
        yield from damaged.places([one for look in looks for step in look for one in step], plan_id, unnamed)

    def _damaged(self, plan_id: str, *ranges: tuple[int, int]) -> list[DamagedRecord]:
        looks = [self._reader.damaged_tasks(plan_id, first, end) for first, end in ranges]
        return [one for look in looks for step in look for one in step]

    def _offers(self) -> Offers:
        return Offers(self._operations, is_open=not look_at_writes(self._operations, self._url).refusal)

    def _answer(self, kind: str, target_id: str, status: str, remarks: list[Remark]) -> Explanation:
        return Explanation(
            target_type=kind, target_id=target_id, status=status, reasons=reasons_of(remarks), remarks=remarks
        )

    def _look(self) -> Scene:
        before = self._wall()
        ahead_seconds = (before + self._wall()) / 2 - self._reader.now().timestamp()
        refused = look_at_writes(self._operations, self._url).refusal
        return Scene(
            reader=self._reader,
            offers=Offers(self._operations, is_open=not refused),
            now_ms=self._reader.now_ms(),
            processes=self._reader.processes(),
            elsewhere=Elsewhere(self._reader),
            refusal=refused,
            ahead_seconds=ahead_seconds,
            shown=self._reader.shown_time(),
            lanes=self._settings.lanes,
            silence_seconds=self._settings.deaf_seconds,
        )


@contextmanager
def _reading() -> Iterator[list[Remark]]:
    """Takes remarks up to a record that a hand has damaged, and says so of that."""
    remarks: list[Remark] = []
    try:
        yield remarks
    except UNREADABLE as error:
        remarks.append(_damaged(f"a record cannot be read ({type(error).__name__}: {cut_text(str(error), 100)})"))
    except ResponseError as error:
        # A key that is told above, if it is the plan's or the task's.
        if not is_damage(error):
            raise
        remarks.append(_damaged("what is behind a damaged key cannot be read"))


def _is_written(plan: PlanSummary) -> bool:
    """Whether all its tasks are."""
    return plan.status not in (DAMAGED, PlanState.CREATED)


def _damaged(what: str) -> Remark:
    sentence = f"{what}: a hand in the data? It is passed by until it is mended"
    return remark(Situation.DAMAGED, sentence, typed("doctor"))
