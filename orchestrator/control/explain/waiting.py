"""A task that waits to be admitted: for its plan, its tenant, a slot, or its turn."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.control.answers import Remark
from orchestrator.control.explain.fleet import not_yet, waits_for_wave
from orchestrator.control.explain.offers import of_task
from orchestrator.control.explain.paused_plan import lets_it_go_on, paused_behind, paused_plan
from orchestrator.control.explain.processes import no_coordinator
from orchestrator.control.explain.scene import Scene, TaskScene, by_whom, clock_words, some_of
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.freeze_words import until_words
from orchestrator.control.wait_words import group_words
from orchestrator.control.waiting_circle import circle_from
from orchestrator.domain.status import TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.group_reads import GroupUse
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.records import Record


def not_admitted(task: TaskScene) -> Iterator[Remark]:
    """Why it is not admitted."""
    yield from no_coordinator(task.scene)
    if (stopped := list(_stopped_plan(task))) and not task.status.rollback_requested:
        yield from stopped
        yield from _given_up_late(task)
        return
    if circle := circle_from(task.scene.reader, task.task_id):
        sentence = (
            f"it waits in a circle that does not end by itself: {'; '.join(circle)}; a cancel of one of them ends it"
        )
        commands = task.scene.offers.every(of_task(Operation.CANCEL, task.task_id))
        yield remark(Situation.CIRCLE, sentence, *commands)
        return
    if frozen := task.record.get("frozenBy"):
        yield frozen_remark(task.scene, frozen, "it is")
        if not task.status.rollback_requested:
            yield from _given_up_late(task)
        return
    if group := task.record.get("groupFor"):
        use = task.scene.reader.groups.uses([group])[group]
        if task.task_id in use.holders:
            sentence = f"it has got its place in group {use.name} at this moment"
            yield remark(Situation.NEXT, sentence, typed("status", "--task", task.task_id))
        else:
            yield group_remark(use, "it waits for")
        return
    tenant = task.scene.reader.tenant_records([task.status.tenant_id])[0]
    if (holder := tenant.get("holder")) and holder != task.task_id:
        yield held(task.scene, task.status.tenant_id, holder, tenant.get("since", ""))
    elif (waits := list(waits_for_wave(task))) and not task.status.rollback_requested:
        yield from waits
    elif (early := list(not_yet(task.scene, task.plan_id, task.plan))) and not task.status.rollback_requested:
        yield from early
    else:
        yield from _for_a_slot(task)


def _stopped_plan(task: TaskScene) -> Iterator[Remark]:
    """What keeps its plan from admitting moves; a rollback is admitted all the same."""
    plan = task.plan
    if plan["status"] == PlanState.CREATED:
        yield remark(Situation.DRAFT, "its plan is still being submitted", typed("explain", "--plan", task.plan_id))
    elif plan.get("cancelRequested") == "1":
        sentence = f"its plan is being cancelled{by_whom(plan, 'cancel')}"
        yield remark(Situation.PLAN_CANCELLING, sentence, typed("explain", "--plan", task.plan_id))
    elif plan["status"] == PlanState.ROLLING_BACK:
        sentence = f"its plan rolls back{by_whom(plan, 'rollback')}: it will be cancelled, having touched nothing"
        yield remark(Situation.PLAN_ROLLING_BACK, sentence, typed("explain", "--plan", task.plan_id))
    elif plan.get("pauseRequested") == "1":
        yield from paused_plan(task.scene, task.plan_id, plan, "its plan")
        yield from _frozen_too(task)
    elif plan.get("resuming") == "1":
        sentence = "its plan was resumed: the tasks that it had paused are queued first"
        yield remark(Situation.PLAN_RESUMING, sentence, typed("explain", "--plan", task.plan_id))


def _frozen_too(task: TaskScene) -> Iterator[Remark]:
    """What it would wait for next, once its plan goes on: nobody has looked at it yet."""
    if task.plan.get("freezeOverride") or task.record.get("freezeOverride"):
        return
    freezes, tenant_id = task.scene.reader.freezes, task.status.tenant_id
    now_ms, labels = freezes.told_now_ms(), freezes.labels_of(tenant_id)
    for freeze in freezes.all():
        known = freeze.record
        if known is not None and known.scope.covers(tenant_id, labels) and known.state(now_ms)[0]:
            yield frozen_remark(task.scene, freeze.freeze_id, "it is also")
            return


def _given_up_late(task: TaskScene) -> Iterator[Remark]:
    """Its plan has a time by which it is to have started, whatever keeps it."""
    if "notAfter" in task.plan:
        yield from not_yet(task.scene, task.plan_id, task.plan)


def frozen_remark(scene: Scene, freeze_id: str, who: str) -> Remark:
    """Until when, by whom and why; a person may lift it."""
    record = scene.reader.freezes.of([freeze_id]).get(freeze_id)
    if record is None:
        sentence = f"{who} not frozen by {freeze_id} any more: a coordinator puts back what waited for it"
        return remark(Situation.FROZEN, sentence, typed("freezes"))
    until = until_words(record, scene.reader.freezes.told_now_ms())
    sentence = f"{who} frozen {until}, which {freeze_id} says of {record.scope}"
    return remark(Situation.FROZEN, sentence, typed("unfreeze", freeze_id, "--reason", "it is needed no longer"))


def group_remark(use: GroupUse, who: str) -> Remark:
    """Who holds the group's places; the first of them is what to look at."""
    look = [typed("explain", "--task", use.holders[0])] if use.holders else []
    return remark(Situation.GROUP_FULL, f"{who} {group_words(use)}", *look)


def held(scene: Scene, tenant_id: str, holder: str, since: str) -> Remark:
    """Who has the tenant, what that one does, and what lets go of it."""
    held_by = f"it waits for tenant {tenant_id}, held by task {holder} of plan {plan_of(holder)}"
    held_by += f" since {clock_words(since)}" if since else ""
    record = scene.reader.task_records([holder])[0]
    look = typed("explain", "--task", holder)
    if record.get("status") not in TaskState.__members__:
        return remark(
            Situation.TENANT_HELD_BY_NOBODY,
            f"{held_by}, whose record is gone or damaged",
            *scene.offers.release(tenant_id),
        )
    status = TaskState(record["status"])
    if status in TASK_ACTIVE:
        does = "rolls back" if status is TaskState.ROLLING_BACK else "moves it"
        stage = f": {record.get('stage', 0)} stages are done"
        return remark(Situation.TENANT_HELD, f"{held_by}, which {does}{stage}", look)
    if status is TaskState.PAUSED:
        return _held_by_paused(scene, held_by, holder, record)
    if status is TaskState.PENDING:
        plan_id = plan_of(holder)
        plan = scene.reader.plan_record(plan_id)
        if plan.get("pauseRequested") == "1":
            sentence = f"{held_by}, which waits for its plan, paused{paused_behind(plan)}"
            return remark(Situation.TENANT_HELD_BY_PAUSED, sentence, *lets_it_go_on(scene, plan_id, plan))
        return remark(Situation.TENANT_HELD_BY_WAITING, f"{held_by}, which was resumed and waits to go on", look)
    return remark(Situation.TENANT_HELD_BY_NOBODY, f"{held_by}, which is {status}", *scene.offers.release(tenant_id))


def _held_by_paused(scene: Scene, held_by: str, holder: str, record: Record) -> Remark:
    plan_id = plan_of(holder)
    cancel = of_task(Operation.CANCEL, holder)
    if scene.reader.is_paused_by_plan(holder):
        plan = scene.reader.plan_record(plan_id)
        sentence = f"{held_by}, which is paused with its plan{paused_behind(plan)}"
        commands = [*lets_it_go_on(scene, plan_id, plan), *scene.offers.every(cancel)]
    elif record.get("rollbackRequested") == "1":
        sentence = f"{held_by}, which is paused and waits for its rollback{by_whom(record, 'rollback')}"
        commands = [typed("explain", "--task", holder)]
    else:
        sentence = f"{held_by}, which is paused{by_whom(record, 'pause')}"
        commands = scene.offers.every(of_task(Operation.RESUME, holder), cancel)
    return remark(Situation.TENANT_HELD_BY_PAUSED, sentence, *commands)


def _for_a_slot(task: TaskScene) -> Iterator[Remark]:
    """Its tenant is free, or its own."""
    reader, tenant_id = task.scene.reader, task.status.tenant_id
    rank, slots = reader.tasks_before(task.task_id), int(task.plan["max"])
    holders = reader.slot_holders(task.plan_id)
    if rank is None:
        before = reader.place_in_line(tenant_id, task.task_id)
        behind = f"with {before} before it" if before else "first"
        sentence = (
            f"it stands in line for tenant {tenant_id}, {behind}; the tenant is free, a coordinator wakes the next"
        )
        yield remark(Situation.TENANT_LINE, sentence, typed("explain", "--tenant", tenant_id))
        return
    if len(holders) >= slots:
        sentence = f"it waits for a slot: {len(holders)} of {slots} are in use ({some_of(holders)})"
        look = (
            typed("status", task.plan_id, "--running") if len(holders) > 1 else typed("explain", "--task", holders[0])
        )
        yield remark(Situation.SLOTS_TAKEN, f"{sentence} and {rank} tasks are before it", look)
        return
    head = reader.first_in_queue(task.plan_id)
    if slots == 1 and rank and head and not reader.goes_before_a_head(task.task_id):
        sentence = f"its plan takes one at a time, in order: {rank} tasks are before it, the first is {head}"
        yield remark(Situation.HEAD_BLOCKS, sentence, typed("explain", "--task", head))
        return
    place = "it is next" if rank == 0 else f"{rank} tasks are before it"
    sentence = f"{place}, and {slots - len(holders)} of {slots} slots are free: a coordinator will admit it"
    # With a coordinator that is a matter of moments.
    yield remark(Situation.NEXT, sentence, *([typed("status", "--task", task.task_id)] if rank == 0 else []))
