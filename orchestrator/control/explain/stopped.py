"""A task that is paused or has ended: why, and what lets it go on or back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.control.answers import PurgedTenant, Remark, TaskStatus
from orchestrator.control.explain.offers import Offer, of_task
from orchestrator.control.explain.paused_plan import lets_it_go_on, paused_behind
from orchestrator.control.explain.processes import no_coordinator
from orchestrator.control.explain.scene import TaskScene, bracketed, by_whom, why_back, why_cancelled
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.tenant_target import also_words
from orchestrator.control.tenants import unit_words
from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation

MOST_LOOKS: Final = 5
"""Commands that are named to look at a tenant's other tasks."""

MOVED: Final = "the tenant has been moved since by "
"""How admission says why it gave a retry or rollback up (see ``scripts/admit.lua``)."""

NOWHERE: Final = "there is no config to go back to"
"""How a plan's rollback says why it left a task as it is (see ``scripts/rollback_chunk.lua``)."""

DAMAGED_THEN: Final = " is damaged"
"""How it says so of a task with which it could not work (see ``scripts/includes/passed_by.lua``)."""

CHECKPOINT_LOST: Final = "CheckpointLost"
"""How a worker says that the store has a task's checkpoint no more (see ``workers/checkpoints.py``)."""

_REFUSED: Final = {
    "max-retry": Situation.RETRY_LIMIT,
    "checkpoint-lost": Situation.CHECKPOINT_GONE,
    "no-checkpoint": Situation.CHECKPOINT_GONE,
    "no-snapshot": Situation.NO_SNAPSHOT,
}


def paused(task: TaskScene) -> Iterator[Remark]:
    """By whom, and who goes on."""
    offers, plan = task.scene.offers, task.plan
    resume = of_task(Operation.RESUME, task.task_id)
    if task.status.rollback_requested:
        yield remark(
            Situation.TASK_PAUSED, f"it is stopped for its rollback, asked for{by_whom(task.record, 'rollback')}"
        )
    elif not task.scene.reader.is_paused_by_plan(task.task_id):
        also = "; its plan is paused too" if plan.get("pauseRequested") == "1" else ""
        sentence = f"it is paused{by_whom(task.record, 'pause')}{also}"
        commands = offers.every(resume) + (lets_it_go_on(task.scene, task.plan_id, plan) if also else [])
        yield remark(Situation.TASK_PAUSED, sentence, *commands)
    elif plan.get("resuming") == "1":
        sentence = "its plan goes on: a coordinator is about to put it back into the queue"
        yield remark(Situation.PLAN_RESUMING, sentence)
        yield from no_coordinator(task.scene)
    else:
        sentence = f"it is paused with its plan{paused_behind(plan)}"
        yield remark(Situation.TASK_PAUSED_WITH_PLAN, sentence, *lets_it_go_on(task.scene, task.plan_id, plan))


def failed(task: TaskScene) -> Iterator[Remark]:
    """A move that failed: where, the last answer, and what would be taken now."""
    failure = task.status.failure_info
    where = f" in stage {failure.stage_name}" if failure and failure.stage_name else ""
    where += f", step {failure.step_name}" if failure and failure.step_name else ""
    message = f": {failure.message}" if failure else ""
    offer = _again(task)
    more = list(_refused(task, offer, Operation.RETRY))
    if task.status.accepted:
        yield _accepted(task, message, [] if more else offer.commands)
        yield from more
        return
    answers = task.scene.offers.answers(task.task_id)
    yield remark(
        Situation.TASK_FAILED,
        f"it failed{where}{message}{_last_answer(task)}",
        *([] if more else offer.commands),
        *answers,
        *([] if more else task.scene.offers.every(of_task(Operation.ROLLBACK, task.task_id))),
    )
    yield from more


def _accepted(task: TaskScene, message: str, commands: Sequence[str]) -> Remark:
    """A failure that nobody waits for any more."""
    sentence = f"its failure is accepted{by_whom(task.record, 'accept')} and does not count any more{message}"
    return remark(Situation.FAILURE_ACCEPTED, sentence, *commands)


def rollback_failed(task: TaskScene) -> Iterator[Remark]:
    """A rollback that failed: how far it came."""
    failure = task.status.failure_info
    kind, message = (failure.type, failure.message) if failure else ("", "")
    stage = failure.stage_name if failure else None
    of = f"of stage {stage} " if stage else ""
    done = f"{task.status.completed_stages} of {task.status.total_stages} stages are back"
    sentence = f"its rollback failed: that {of}({done}): {message}{_last_answer(task)}"
    if why := why_back(task.status):
        asked = by_whom(task.record, "rollback")
        sentence += f"; it {why}{f', asked for{asked}' if asked else ''}"
    rollback = of_task(Operation.ROLLBACK, task.task_id)
    by_force = of_task(Operation.ROLLBACK, task.task_id, force=True)
    if kind == "IrreversibleStage":
        # Without force it would be taken, and stop at this stage again.
        yield remark(Situation.IRREVERSIBLE, sentence, *task.scene.offers.every(by_force))
        return
    offer = task.scene.offers.first(rollback, by_force)
    more = list(_refused(task, offer, Operation.ROLLBACK))
    if task.status.accepted:
        yield _accepted(task, f": its rollback failed: {message}", [] if more else offer.commands)
        yield from more
        return
    answers = task.scene.offers.answers(task.task_id)
    yield remark(Situation.ROLLBACK_FAILED, sentence, *([] if more else offer.commands), *answers)
    yield from more


def cancelled(task: TaskScene) -> Iterator[Remark]:
    """By whom and why; it can only begin anew."""
    by = task.record.get("cancelledBy", "")
    reason = why_cancelled(by, task.plan, task.record)
    offer = _again(task)
    if by.startswith(f"system: {MOVED}"):
        yield _moved(by.removeprefix(f"system: {MOVED}"), "it was given up", offer.commands)
        return
    more = list(_refused(task, offer, Operation.RETRY))
    sentence = f"it has ended as {task.status.status}{f' by {by}' if by else ''}{reason}"
    yield remark(Situation.TASK_CANCELLED, sentence, *([] if more else offer.commands))
    yield from more


def ended_well(task: TaskScene) -> Iterator[Remark]:
    """Nothing holds it up."""
    if task.status.status == TaskState.COMPLETED:
        skipped = ", ".join(task.status.skipped_stages)
        done = f"every stage is done but {skipped}, which failed and was skipped" if skipped else "every stage is done"
        yield remark(Situation.TASK_COMPLETED, f"it has ended as {task.status.status}: {done}")
    else:
        by = by_whom(task.record, "rollback") or by_whom(task.plan, "rollback")
        why = why_back(task.status)
        sentence = f"it has ended as {task.status.status}, rolled back{by}{f'; it {why}' if why else ''}"
        yield remark(Situation.TASK_ROLLED_BACK, sentence, *_again(task).commands)


def rollback_asked(task: TaskScene) -> Remark:
    """It has ended, and is to go back: why it does not yet is told behind that."""
    by = by_whom(task.record, "rollback") or by_whom(task.plan, "rollback")
    commands = task.scene.offers.every(of_task(Operation.CANCEL, task.task_id))
    sentence = f"its rollback is asked for{by}, and waits to be admitted" + (
        "; a cancel withdraws it" if commands else ""
    )
    return remark(Situation.ROLLBACK_ASKED, sentence, *commands)


def purged(tenant: PurgedTenant, lost: str) -> Remark:
    """Its tasks are gone, so nothing holds it up; what stays of it. ``lost``: what became of the plan that changed it
    last, if nobody purged that."""
    sentence = f"no plan names it: {lost or 'those that did have been purged'}"
    if tenant.last_mover:
        sentence += f"; task {tenant.last_mover} of plan {plan_of(tenant.last_mover)} changed it last"
    if tenant.current:
        sentence += f"; it is at {unit_words(tenant.current)} since its last whole move or rollback"
    if tenant.last_known_good:
        sentence += f"; a health check last confirmed {unit_words(tenant.last_known_good)}"
    look = typed("doctor") if lost else typed("status", "--tenant", tenant.tenant_id)
    return remark(Situation.TENANT_PURGED, sentence, look)


def moved_by_others_too(task: TaskStatus) -> Iterator[Remark]:
    """Of a task that speaks for its tenant: it is not the only one that is to move it."""
    if others := task.other_tasks:
        sentence = f"this is task {task.task_id} of plan {task.plan_id}; tenant {task.tenant_id} has more open tasks: "
        looks = [typed("explain", "--task", one.task_id) for one in others]
        yield remark(Situation.OTHER_TASKS, sentence + also_words(others), *looks[:MOST_LOOKS])


def given_up(task: TaskScene) -> Iterator[Remark]:
    """A rollback that was given up, as another task has moved the tenant or there is nowhere to go back to, or of its
    plan, as a person withdrew it: the status alone does not tell."""
    last = read_stored(task.record.get("lastOperation") or "{}")
    reason = str(last.get("reason", ""))
    if last.get("actor") == "system" and reason.startswith(MOVED) and not task.status.rollback_requested:
        by_force = of_task(Operation.ROLLBACK, task.task_id, force=True)
        found = _moved(reason.removeprefix(MOVED), "its rollback was given up", task.scene.offers.every(by_force))
        yield found.model_copy(update={"situation": Situation.ROLLBACK_GIVEN_UP})
    elif last.get("actor") == "system" and reason == NOWHERE:
        yield remark(Situation.NO_SNAPSHOT, f"its plan's rollback left it as it is: {reason}")
    elif last.get("actor") == "system" and last.get("operation") == "cancel" and reason.endswith(DAMAGED_THEN):
        commands = task.scene.offers.every(of_task(Operation.ROLLBACK, task.task_id))
        sentence = f"its plan's rollback left it as it is: {reason.replace('is damaged', 'was damaged')}"
        yield remark(Situation.ROLLBACK_GIVEN_UP, sentence, *commands)
    elif (
        last.get("actor") != "system" and last.get("operation") == "cancel" and task.plan.get("rollbackGivenUp") == "1"
    ):
        commands = task.scene.offers.every(of_task(Operation.ROLLBACK, task.task_id))
        sentence = f"its rollback was withdrawn by {last.get('actor')}{bracketed(reason)}"
        yield remark(Situation.ROLLBACK_GIVEN_UP, sentence, *commands)


def _again(task: TaskScene) -> Offer:
    """A retry of the least kind that would be taken."""
    kinds = [(False, False), (True, False), (False, True), (True, True)]
    failure = task.status.failure_info
    if failure and failure.type == CHECKPOINT_LOST:
        # By force alone it would fail the same way, unless somebody has put the store back.
        kinds.remove((False, True))
    return task.scene.offers.first(
        *(of_task(Operation.RETRY, task.task_id, from_scratch=scratch, force=force) for scratch, force in kinds)
    )


def _refused(task: TaskScene, offer: Offer, operation: Operation) -> Iterator[Remark]:
    """Why the plain command would be refused, if so, and what would not be."""
    reply = offer.reply
    if reply is None or offer.why == "scratch-only":
        return
    if offer.why == "moved":
        yield _moved(reply.what, f"a {operation} would undo that", offer.commands)
        return
    commands: Sequence[str] = offer.commands
    sentence = offer.words
    if offer.why == "max-retry":
        commands = task.scene.offers.every(of_task(Operation.ROLLBACK, task.task_id))
        sentence += "; a higher max_retry of the coordinators (CHANGEOVER_MAX_RETRY, and a restart) allows another"
    elif offer.why == "no-snapshot":
        sentence += "; a new plan that moves the tenant to what it is to be is the way on"
    elif not commands:
        commands = [typed("explain", "--plan", task.plan_id)]
    yield remark(_REFUSED.get(offer.why, Situation.NOT_NOW), f"{operation} is refused now: {sentence}", *commands)


def _moved(other: str, so: str, commands: Sequence[str]) -> Remark:
    sentence = (
        f"task {other} of plan {plan_of(other)} has moved the tenant since, so {so}; --force does it all the same"
    )
    return remark(Situation.MOVED_SINCE, sentence, *commands)


def _last_answer(task: TaskScene) -> str:
    """What the stage had heard when its time was over, often the only word about why. A step that fails says it."""
    failure = task.status.failure_info
    note = read_stored(task.record.get("lastCursor") or "{}").get("note")
    return f"; last answer: {note}" if note and not (failure and failure.step_name) else ""
