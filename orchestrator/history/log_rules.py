"""The rules that the log alone can break. Each looks at one event and the world just before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.domain import events as e
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, PlanState, TaskState
from orchestrator.history.fold import ADMISSIONS, ToldTask, World
from orchestrator.history.report import Report

MOVE_ADMISSIONS = ADMISSIONS - {"TaskRollingBack"}
Rule = Callable[[World, e.Event, Report], None]


def exclusion(world: World, event: e.Event, report: Report) -> None:
    """I1: an admission takes a tenant that nobody else holds."""
    if isinstance(event, e.TaskEvent) and event.type in ADMISSIONS:
        holder = world.holders.get(event.tenant_id)
        if holder is not None and holder != event.task_id:
            taken = world.tasks[holder].last
            report.add("I1", f"{event.task_id} takes {event.tenant_id}, which {holder} holds", taken, event)


def cap(world: World, event: e.Event, report: Report) -> None:
    """I2: an admission finds a free slot."""
    if isinstance(event, e.TaskEvent) and event.type in ADMISSIONS:
        plan, task = world.plans.get(event.plan_id), world.tasks.get(event.task_id)
        if plan is None or task is None or task.state in TASK_ACTIVE:
            return
        if plan.active() >= plan.created.max_concurrency:
            report.add(
                "I2", f"{event.task_id} is admitted while all {plan.created.max_concurrency} slots are taken", event
            )


def _rank(task: ToldTask) -> tuple[int, int]:
    if task.resume_asked:
        return (1, task.position)
    # Retries stand in the order in which they were asked for, which is not looked at here.
    return (3, 0) if task.retry_asked else (2, task.position)


def order(world: World, event: e.Event, report: Report) -> None:
    """I3: whoever is admitted stands first among those that do not wait for a tenant (one slot: among all)."""
    if not isinstance(event, e.TaskEvent) or event.type not in MOVE_ADMISSIONS:
        return
    plan, task = world.plans.get(event.plan_id), world.tasks.get(event.task_id)
    if plan is None or task is None:
        return
    strict = plan.created.max_concurrency == 1
    for other in plan.tasks.values():
        if other is task or (other.waiting and not strict):
            continue
        before = other.state is TaskState.PENDING and _rank(other) < _rank(task)
        goes_back_first = other.rollback_asked and other.state not in TASK_ACTIVE
        if before or goes_back_first:
            report.add("I3", f"{task.task_id} is admitted before {other.task_id}, which stands before it", event)
            return


def stages(world: World, event: e.Event, report: Report) -> None:
    """I4: stages start in order, each after the one before is recorded; a recorded one is not run again."""
    plan, task = world.plans.get(event.plan_id), world.tasks.get(getattr(event, "task_id", None) or "")
    if plan is None or task is None or not isinstance(event, e.StageEvent):
        return
    name = event.stage_name
    match event:
        case e.TaskStageStarted():
            if name in task.recorded:
                report.add("I4", f"{task.task_id} runs the recorded stage {name} again", event)
            elif plan.stages and list(plan.stages[: len(task.recorded) + 1]) != [*task.recorded, name]:
                report.add("I4", f"{task.task_id} starts {name} with {task.recorded or 'nothing'} recorded", event)
            elif name in task.started:
                report.add("I4", f"{task.task_id}: {name} is started twice in one attempt", task.started[name], event)
        case e.TaskStageSucceeded() | e.TaskStageFailed():
            if name not in task.started:
                report.add("I4", f"{task.task_id}: {name} ends without having started", event)
            if task.state is not TaskState.RUNNING:
                report.add("I4", f"{task.task_id}: {name} ends while the task is {task.state}", event)
        case e.TaskStageRollingBack() | e.TaskStageRolledBack():
            if name in task.rolled_back:
                report.add("I4", f"{task.task_id}: {name} is rolled back twice", event)
            if task.state is not TaskState.ROLLING_BACK:
                report.add("I4", f"{task.task_id}: {name} is rolled back while the task is {task.state}", event)
        case _:
            pass


def completion(world: World, event: e.Event, report: Report) -> None:
    """I4: a task completes with every stage recorded, once and in order."""
    if isinstance(event, e.TaskCompleted):
        plan, task = world.plans.get(event.plan_id), world.tasks.get(event.task_id)
        if plan and task and plan.stages and task.recorded != list(plan.stages):
            report.add("I4", f"{task.task_id} completes with {task.recorded} recorded of {list(plan.stages)}", event)


def boundary(world: World, event: e.Event, report: Report) -> None:
    """I5: after a pause or cancel was asked for no stage starts; after it acted nothing happens until a resume."""
    plan, task = world.plans.get(event.plan_id), world.tasks.get(getattr(event, "task_id", None) or "")
    if plan is None or task is None or isinstance(event, e.OperationRequested):
        return
    asked = task.cancel_asked or plan.cancel_asked or task.pause_asked or plan.pause_asked
    if asked is not None and event.type in {"TaskStageStarted", *MOVE_ADMISSIONS}:
        report.add("I5", f"{event.type} of {task.task_id} after it was asked to stop", asked, event)
    if isinstance(event, e.TaskStageStarted | e.TaskStageSucceeded) and task.state is TaskState.PAUSED:
        report.add("I5", f"{event.type} of {task.task_id} while it is paused", task.last, event)
    if plan.state is PlanState.PAUSED and event.type in MOVE_ADMISSIONS:
        report.add("I5", f"{task.task_id} is admitted while its plan is paused", event)


def plan_pause(world: World, event: e.Event, report: Report) -> None:
    """I5: PlanPaused comes with the end of the last running stage."""
    plan = world.plans.get(event.plan_id)
    if isinstance(event, e.PlanPaused) and plan is not None:
        running = [task for task in plan.tasks.values() if task.state is TaskState.RUNNING]
        if running:
            report.add("I5", f"{plan.plan_id} is paused while {running[0].task_id} runs", running[0].last, event)


def sequence(world: World, event: e.Event, report: Report) -> None:
    """I6: ids rise by one, over the namespace and over each plan."""
    if event.sequence_id != world.sequence + 1:
        report.add("I6", f"sequenceId goes from {world.sequence} to {event.sequence_id}", event)
    plan = world.plans.get(event.plan_id)
    before = 0 if plan is None else plan.plan_sequence
    if event.plan_sequence_id != before + 1:
        report.add("I6", f"planSequenceId of {event.plan_id} goes from {before} to {event.plan_sequence_id}", event)


def epochs(world: World, event: e.Event, report: Report) -> None:
    """I8: each recovery draws a higher epoch than any before it, and only of a task that is active."""
    if isinstance(event, e.TaskRecovered):
        task = world.tasks.get(event.task_id)
        if task is None:
            return
        last = task.recoveries[-1] if task.recoveries else None
        if isinstance(last, e.TaskRecovered) and event.epoch <= last.epoch:
            report.add(
                "I8", f"{event.task_id} is recovered under epoch {event.epoch}, not above {last.epoch}", last, event
            )
        if task.state not in TASK_ACTIVE:
            report.add("I8", f"{event.task_id} is recovered while {task.state}", event)


def fence(world: World, event: e.Event, report: Report) -> None:
    """I8: what does not hold its tenant records nothing."""
    if isinstance(event, e.StageEvent | e.TaskProgress | e.TaskCompleted):
        task = world.tasks.get(event.task_id)
        if task is not None and world.holders.get(event.tenant_id) != event.task_id:
            report.add("I8", f"{event.type} of {event.task_id}, which does not hold {event.tenant_id}", event)


def submission(world: World, event: e.Event, report: Report) -> None:
    """I11: a plan is created once, written whole before it is ready, and runs nothing before that."""
    plan = world.plans.get(event.plan_id)
    match event:
        case e.PlanCreated():
            if plan is not None:
                report.add("I11", f"plan {event.plan_id} is created twice", plan.created, event)
            return
        case e.PlanReady() if plan is not None:
            if plan.state is not PlanState.CREATED:
                report.add("I11", f"plan {event.plan_id} becomes ready while {plan.state}", event)
            if len(plan.tasks) != plan.created.total_tasks:
                report.add("I11", f"{event.plan_id} is ready with {len(plan.tasks)} of its tasks", plan.created, event)
        case e.TaskCreated():
            if event.task_id in world.tasks:
                report.add("I11", f"task {event.task_id} is created twice", event)
        case _:
            if (
                plan is not None
                and plan.state is PlanState.CREATED
                and event.type not in ("PlanValidationFailed", "PlanPurged")
            ):
                report.add("I11", f"{event.type} in {event.plan_id}, which is not ready", event)
    if plan is None:
        report.add("I11", f"{event.type} of plan {event.plan_id}, which was never created", event)


def plan_end(world: World, event: e.Event, report: Report) -> None:
    """I12: a plan ends with all its tasks ended, and COMPLETED only if all are."""
    plan = world.plans.get(event.plan_id)
    if plan is None or event.type not in {"PlanCompleted", "PlanFailed", "PlanCancelled", "PlanRolledBack"}:
        return
    for task in plan.tasks.values():
        if task.state not in TASK_ENDED:
            report.add("I12", f"{event.type} with {task.task_id} {task.state}", task.last, event)
        elif event.type == "PlanCompleted" and task.state is not TaskState.COMPLETED:
            report.add("I12", f"PlanCompleted with {task.task_id} {task.state}", task.last, event)
    if plan.state in PLAN_ENDED:
        report.add("I12", f"{plan.plan_id} ends twice", plan.last, event)


LOG_RULES: tuple[Rule, ...] = (
    exclusion,
    cap,
    order,
    stages,
    completion,
    boundary,
    plan_pause,
    sequence,
    epochs,
    fence,
    submission,
    plan_end,
)


def replay(history: Iterable[e.Event], stage_names: Callable[[str], tuple[str, ...]], report: Report) -> World:
    """The world at the end of the log, every rule asked at every event."""
    world = World()
    for event in history:
        for rule in LOG_RULES:
            rule(world, event, report)
        world.apply(event)
        if isinstance(event, e.PlanCreated):
            world.plans[event.plan_id].stages = stage_names(event.plan_id)
    return world
