"""A whole plan: what stops it as a whole, then its failures and its waits, each by cause, however many tasks it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from orchestrator.control.answers import PlanSummary, Remark
from orchestrator.control.explain.draft import draft
from orchestrator.control.explain.failures import accepted_failures, failures
from orchestrator.control.explain.fleet import fleet_remarks, narrows, not_yet
from orchestrator.control.explain.gone_back import CAUSES_TOLD, gone_back, went_back
from orchestrator.control.explain.groups import more, samples
from orchestrator.control.explain.left import left_as_they_were, some_go_back
from orchestrator.control.explain.offers import of_plan, of_task
from orchestrator.control.explain.paused_plan import (
    lets_it_go_on,
    paused_behind,
    paused_plan,
    tripped,
    tripped_at_the_end,
)
from orchestrator.control.explain.plan_retry import plan_retry
from orchestrator.control.explain.processes import (
    broker_away,
    handed_back,
    last_sign,
    no_coordinator,
    no_worker_takes_it,
)
from orchestrator.control.explain.scene import PlanScene, bracketed, by_whom, why_cancelled
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.explain.waiting import frozen_remark, group_remark
from orchestrator.control.failure_causes import accepted_words
from orchestrator.control.hand_backs import hand_back_of
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.move_room import open_wave
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.survey import TaskGroup


def plan_remarks(plan: PlanScene) -> Iterator[Remark]:
    """All that is to be said."""
    if plan.summary.status == PlanState.CREATED:
        yield draft(plan.scene, plan.plan_id, plan.record)
        yield from no_coordinator(plan.scene)
        return
    if plan.summary.status in PLAN_ENDED:
        ended = f"the plan has ended: {_counts(plan.summary)}{_accepted_too(plan)}"
        yield remark(Situation.PLAN_ENDED, *went_back(plan, ended))
        yield from tripped_at_the_end(plan.scene, plan.summary, goes_back=some_go_back(plan))
    else:
        yield from no_coordinator(plan.scene)
        yield from broker_away(plan.scene)
        yield from _asked(plan)
        yield from fleet_remarks(plan.scene, plan.summary)
        yield from not_yet(plan.scene, plan.plan_id, plan.record)
        # Who waits in a line, for a group or a freeze is not kept by it.
        if plan.of_kind("queue"):
            yield from narrows(plan.scene, plan.plan_id, plan.record, open_wave(plan.record))
        yield _progress(plan)
    yield from plan_retry(plan.plan_id, plan.record)
    yield from failures(plan)
    yield from left_as_they_were(plan)
    yield from accepted_failures(plan)
    yield from _waits(plan)
    yield from _moves(plan)
    yield from _cancelled(plan)
    yield from gone_back(plan.status, plan.plan_id, plan.of_kind("back"))


def _asked(plan: PlanScene) -> Iterator[Remark]:
    record, running = plan.record, plan.summary.counts.get(TaskState.RUNNING, 0)
    if record.get("cancelRequested") == "1":
        sentence = f"it is being cancelled{by_whom(record, 'cancel')}; {running} stages still run to their end"
        yield remark(Situation.PLAN_CANCELLING, sentence)
    elif plan.summary.status == PlanState.ROLLING_BACK:
        yield remark(Situation.PLAN_ROLLING_BACK, f"it rolls back{by_whom(record, 'rollback')}, the newest first")
    elif plan.summary.pausing or plan.summary.status == PlanState.PAUSED:
        if plan.summary.pausing:
            yield from tripped(plan.scene, plan.summary)
            commands = plan.scene.offers.every(of_plan(Operation.RESUME, plan.plan_id))
            sentence = f"it is pausing{paused_behind(record)}: {running} stages still run to their end"
            yield remark(Situation.PLAN_PAUSING, sentence, *commands)
        else:
            yield from paused_plan(plan.scene, plan.plan_id, record, "it")
    elif record.get("resuming") == "1":
        yield remark(
            Situation.PLAN_RESUMING, f"it was resumed{by_whom(record, 'resume')}: what it had paused is queued"
        )


def _progress(plan: PlanScene) -> Remark:
    held = plan.scene.reader.slots_used(plan.plan_id)
    waits = {where: sum(group.count for group in plan.of_kind(kind)) for kind, where in _WAITS.items()}
    parts = ", ".join(f"{count} {where}" for where, count in waits.items() if count)
    sentence = f"{held} of {plan.summary.max_concurrency} slots are in use, {sum(waits.values())} tasks wait"
    sentence += f" ({parts})" if parts else ""
    return remark(Situation.PLAN_MOVES, f"{sentence}; {_counts(plan.summary)}{_accepted_too(plan)}")


_WAITS: Final = {
    "queue": "in the plan's queue",
    "line": "in their tenants' lines",
    "group": "for a place of a group",
    "frozen": "for the end of a freeze",
}
"""Kinds of groups that wait, and where."""


def _accepted_too(plan: PlanScene) -> str:
    return f"; {words}" if (words := accepted_words(plan.summary.accepted_failures)) else ""


def _waits(plan: PlanScene) -> Iterator[Remark]:
    for group in plan.of_kind("group"):
        yield from _for_a_group(plan, group)
    for group in plan.of_kind("frozen"):
        yield frozen_remark(plan.scene, group.words[0], f"{_who_waits(plan, group)} are")
    lines = plan.of_kind("line")
    for group in lines[:CAUSES_TOLD]:
        _, holder_plan, holder_status = group.words
        what = f"{group.count} wait for tenants"
        look = typed("explain", "--task", task_id_of(plan.plan_id, group.positions[0]))
        if not holder_plan:
            yield remark(
                Situation.TENANT_LINE, f"{what} that are free: a coordinator wakes them; {samples(plan, group)}"
            )
            continue
        does = f", {holder_status}" if holder_status else ", which are gone"
        sentence = f"{what} that tasks of plan {holder_plan} hold{does}; {samples(plan, group)}"
        situation = {
            TaskState.PAUSED.value: Situation.TENANT_HELD_BY_PAUSED,
            TaskState.PENDING.value: Situation.TENANT_HELD_BY_WAITING,
            "": Situation.TENANT_HELD_BY_NOBODY,
        }.get(holder_status, Situation.TENANT_HELD)
        lets_go = []
        if holder_status == TaskState.PAUSED:
            lets_go = lets_it_go_on(plan.scene, holder_plan, plan.scene.reader.plan_record(holder_plan))
        yield remark(situation, sentence, *lets_go, look)
    yield from more(plan, lines, Situation.TENANT_HELD, "groups that wait for tenants", "--waiting")
    yield from _go_back(plan)
    for group in plan.of_kind("paused"):
        if group.words[0] and plan.summary.status == PlanState.PAUSED:
            continue
        by = "with the plan" if group.words[0] else "one by one"
        task_id = task_id_of(plan.plan_id, group.positions[0])
        commands = plan.scene.offers.every(of_task(Operation.RESUME, task_id))
        sentence = f"{group.count} are paused {by}; {samples(plan, group)}"
        yield remark(Situation.TASK_PAUSED, sentence, *commands)


def _for_a_group(plan: PlanScene, group: TaskGroup) -> Iterator[Remark]:
    """Who has got a place since the tasks were counted waits for none: nobody is told to wait for himself."""
    use = plan.scene.reader.groups.uses([group.words[0]])[group.words[0]]
    waiting = [place for place in group.positions if task_id_of(plan.plan_id, place) not in use.holders]
    if waiting:
        still = replace(group, positions=waiting, count=group.count - len(group.positions) + len(waiting))
        yield group_remark(use, f"{_who_waits(plan, still)} wait for")


def _who_waits(plan: PlanScene, group: TaskGroup) -> str:
    what = "tasks that are to go back" if group.words[1] else "tasks"
    return f"{group.count} {what} ({samples(plan, group)})"


def _go_back(plan: PlanScene) -> Iterator[Remark]:
    """Whose status tells nothing of it: they failed, or are paused or done, until their rollback is admitted."""
    for group in plan.of_kind("queue"):
        if group.words[0]:
            held, slots = plan.scene.reader.slots_used(plan.plan_id), plan.summary.max_concurrency
            situation = Situation.SLOTS_TAKEN if held >= slots else Situation.NEXT
            sentence = f"{group.count} wait for their rollback, {held} of {slots} slots are in use"
            look = typed("explain", "--task", task_id_of(plan.plan_id, group.positions[0]))
            yield remark(situation, f"{sentence}; {samples(plan, group)}", look)


def _moves(plan: PlanScene) -> Iterator[Remark]:
    groups = {what: [one for one in plan.of_kind("moves") if one.words[1] == what] for what in _MOVES}
    groups["lost"] = [one for one in groups["running"] if plan.scene.is_gone(one.words[2])]
    groups["running"] = [one for one in groups["running"] if one not in groups["lost"]]
    counts = {what: sum(one.count for one in groups[what]) for what in _MOVES}
    words = _MOVES | ({"waits": "wait for the ledger to take writes"} if plan.scene.refusal else {})
    parts = [f"{count} {words[what]}" for what, count in counts.items() if count]
    if parts:
        yield remark(Situation.STAGE_RUNS, ", ".join(parts), typed("status", plan.plan_id, "--running"))
    yield from _lost(plan, groups["lost"])
    if awaiting := groups["waits"] or groups["lost"] or groups["polls"]:
        task = plan.status.task(task_id_of(plan.plan_id, awaiting[0].positions[0]))
        found = no_worker_takes_it(plan.scene, task.tenant_id, is_due=awaiting is not groups["polls"])
        yield from (one for one in found if one.situation != Situation.BROKER_AWAY)
    yield from _handed_back(plan)


_MOVES: Final = {
    "running": "run on workers",
    "lost": "ran on workers that are gone or have signed off",
    "polls": "are between polls",
    "waits": "wait for a worker",
    "handed": "were handed back",
}


def _lost(plan: PlanScene, groups: Sequence[TaskGroup]) -> Iterator[Remark]:
    """What ran on workers that give no sign of life, by worker."""
    for group in groups[:CAUSES_TOLD]:
        worker = group.words[2]
        silent = last_sign(plan.scene, worker, "its stages")
        sentence = f"{group.count} ran on worker {worker}{silent}; a coordinator takes them over"
        sentence += f" once their leases have run out, and they go on elsewhere; {samples(plan, group)}"
        yield remark(Situation.WORKER_LOST, sentence, typed("doctor"))
    yield from more(plan, groups, Situation.WORKER_LOST, "workers that are gone or have signed off", "--running")


def _handed_back(plan: PlanScene) -> Iterator[Remark]:
    """What workers cannot run, by what they lack."""
    groups = [group for group in plan.of_kind("moves") if group.words[1] == "handed"]
    for group in groups[:CAUSES_TOLD]:
        (record,) = plan.scene.reader.task_records([task_id_of(plan.plan_id, group.positions[0])])
        if found := hand_back_of(record):
            sentence = f"{group.count} were handed back: worker {found.worker} {found.words}; {samples(plan, group)}"
            yield handed_back(plan.scene, found, record.get("tenant", ""), sentence)
    yield from more(plan, groups, Situation.HANDED_BACK, "kinds of turns that were handed back", "--running")


def _cancelled(plan: PlanScene) -> Iterator[Remark]:
    groups = plan.of_kind("cancelled")
    for group in groups[:CAUSES_TOLD]:
        by, why, _ = group.words
        reason = bracketed(why) or why_cancelled(by, plan.record)
        why_none, commands = _move_again(plan, group)
        sentence = f"{group.count} were cancelled{f' by {by}' if by else ''}{reason}{why_none}; {samples(plan, group)}"
        yield remark(Situation.CANCELLATIONS, sentence, *commands)


def _move_again(plan: PlanScene, group: TaskGroup) -> tuple[str, list[str]]:
    """The one line for all that were cancelled with the plan, if it would do something for one that was looked at;
    while a retry of the plan is under way no other one is taken. Before it, why none ever is: its time is over."""
    if plan.summary.retrying:
        return "", []
    task_ids = [task_id_of(plan.plan_id, position) for position in group.positions]
    for task_id, record in zip(task_ids, plan.scene.reader.task_records(task_ids), strict=True):
        again = of_task(Operation.RETRY, task_id, from_scratch=True)
        offer = plan.scene.offers.first(again)
        if offer.why == "expired":
            return f"; {offer.words}", []
        if "cancelledFor" not in record and offer.commands:
            return "", [typed("retry", "--plan", plan.plan_id, "--cancelled")]
    return "", []


def _counts(summary: PlanSummary) -> str:
    return ", ".join(f"{count} {state}" for state, count in summary.counts.items()) or "no tasks"
