"""The answers to operations, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from orchestrator.control.answers import OperationResult
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import quoted_value
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation, Order, Reply, Taken

_WHY: Final = {
    "state": "not possible while it is {status}",
    "bad-move": "{what}",
    "paused": "it is paused already",
    "pausing": "it is pausing already",
    "running": "it is not paused",
    "waiting": "it waits to be admitted already",
    "cancelled": "it is cancelled already",
    "cancelling": "it is being cancelled already",
    "cancel-requested": "it is being cancelled",
    "plan-cancelled": "its plan is being cancelled",
    "cancelled-since": "its plan was cancelled after this was asked",
    "taken-back-since": "its plan was rolled back after this was asked",
    "plan-rolling-back": "its plan is rolling back; wait for that to end",
    "rollback-requested": "its rollback is asked for and not begun; `cancel` withdraws that",
    "rolling-back": "it is rolling back already",
    "rolled-back": "it is rolled back already",
    "passes-freezes": "it passes all freezes already",
    "passes": "it waits to be admitted already, and passes all freezes from now on",
    "not-retried": "it waits to be admitted and was not retried; `changeover submit PLAN_FILE --override-freeze "
    "REASON`, with the file of its plan, lets all of that pass",
    "draft": "its plan is still being submitted; submit the same file again to go on with it, or "
    "`{purge}` takes the draft out",
    "plan-draft": "it is still being submitted; submit the same file again to go on with it, or `{purge}` takes it out",
    "damaged": "its record is damaged (status {status!r}); `{purge} --force` takes its plan "
    "out, with all that its tasks hold",
    "damaged-task": "{what}; `changeover explain --task {task}` names the way out",
    "last-stage": "its last stage runs: when that succeeds the task is COMPLETED, and nothing is left to stop",
    "touched-nothing": "it has touched nothing, so there is nothing to roll back{gives_up}",
    "no-snapshot": "there is no config to go back to: the plan brought no source_tenant_deploy_config, and no last "
    "known good config was known when the task was first admitted",
    "none-failed": "it has no failed task",
    "none-cancelled": "it has no task that was cancelled with it",
    "not-failed": "it has not failed: it is {status}",
    "accepted": "its failure is accepted already",
    "no-stage-failed": "all its stages are done, so there is none to leave out",
    "skips": "stage {what} is left out: it goes on behind it, as soon as it is admitted again",
    "retrying": "its failed tasks are being retried already",
    "retrying-otherwise": "a retry of it with other options is under way; ask again when that is done",
    "retrying-first": "a retry of it is under way, maybe of tenants of this wave; ask again when that is done",
    "scratch-only": "a {status} task can be retried from scratch only (--from-scratch)",
    "expired": "its plan could start nothing before its not_after, and starts nothing any more; to move its "
    "tenants, submit its file under another plan_id, with another not_after or none",
    "max-retry": "it has been retried {what} times, the most that max_retry allows",
    "moved": "task {what} has moved the tenant since; --force {does_it} all the same",
    "free": "nobody holds it",
    "alive": "task {what}, which holds it, is alive; --force takes it all the same",
    "cancel-it": "task {what}, which holds it, is {status}; `{cancel}` ends it",
    "withdrawn": "its rollback is withdrawn; {goes_on}",
    "no-wave": "it has no wave {quoted}",
    "no-gate": "wave {what!r} has no gate",
    "approved": "its gate is approved already",
    "gate-approved": "its gate is approved already; `changeover pause --plan {plan}` stops what follows",
    "gate-rejected": "its gate is rejected already",
    "gate-not-asked": "no gate waits for an answer; `changeover explain --plan {plan}` says what it waits for",
    "gate-overdue": "its gate's time is over; a yes of it counts no more",
    "takes-wave-back": "its breaker still takes the wave back; ask again in a moment",
    "checkpoint-lost": "its store had lost its checkpoint; --from-scratch starts over, --force tries it again once the "
    "store is put back",
    "no-checkpoint": "its checkpoint is gone or no longer fits its stages; --from-scratch starts over",
}


_BY_FORCE: Final = {Operation.RETRY: "moves it again", Operation.ROLLBACK: "goes back"}
"""What --force does where another task has moved the tenant since."""

_ACCEPTED: Final = {
    Operation.PAUSE: "pauses at the end of the stage that runs; if that stage fails, it is FAILED",
    Operation.RESUME: "goes on through admission, ahead of the waiting moves",
    Operation.CANCEL: "stops at the end of the stage that runs; if that stage fails, it is FAILED",
    Operation.RETRY: "waits to be admitted again, behind the waiting moves",
    Operation.ROLLBACK: "goes back as soon as it is admitted, ahead of the waiting moves",
}


_PLAN_ACCEPTED: Final = {
    Operation.PAUSE: "starts nothing new; what runs pauses when its stage ends, or ends if that is its last",
    Operation.RESUME: "goes on; the tasks that it had paused go ahead of the waiting moves",
    Operation.CANCEL: "starts nothing new; what waits is cancelled now, what runs when its stage ends, unless that "
    "ends it",
    Operation.RETRY: "its failed tasks go back to the queue, some at a time; `changeover explain` says how far that is",
    Operation.ROLLBACK: "starts nothing new; everything that it touched and that has a config to go back to goes "
    "back, the newest first",
}


_SETTLED: Final = {Operation.PAUSE: TaskState.PAUSED, Operation.CANCEL: TaskState.CANCELLED}
"""With this status there is nothing left to do. A plan's states are called alike; a paused one is still to cancel."""

_FROM_SCRATCH: Final = (
    "what failed of it, or its policy took back, goes back to the queue, some at a time, from the first stage on; "
    "`changeover explain` says how far that is"
)


def _accepted(operation: Operation, target: OperationTarget, reply: Reply, *, from_scratch: bool) -> str:
    """What happens next, for this target in this state."""
    if target.type == "plan":
        if operation is Operation.RETRY and from_scratch:
            return _FROM_SCRATCH
        return _PLAN_ACCEPTED[operation]
    if operation is Operation.ROLLBACK and reply.status == TaskState.RUNNING:
        return "turns back at the end of the stage that runs, keeping its tenant and slot"
    if operation is Operation.RESUME and reply.status == TaskState.RUNNING:
        return "its pause is withdrawn; it had not stopped"
    return _ACCEPTED[operation]


def operation_result(
    operation: Operation, target: OperationTarget, reply: Reply, *, from_scratch: bool = False
) -> OperationResult:
    """The ledger's reply as an answer; ``from_scratch``: that is what was asked for, of a retry."""
    is_done = reply.status == _SETTLED.get(operation)
    done = "done" if is_done else _accepted(operation, target, reply, from_scratch=from_scratch)
    message = reason_words(reply, operation) if reply.why else done
    return OperationResult(
        target_type=target.type,
        target_id=target.identifier,
        accepted=reply.answer is not Taken.REFUSED,
        status=reply.status,
        message=message,
        task_id=None if target.type == "plan" else reply.target_id,
    )


def reason_words(reply: Reply, operation: Operation | None = None) -> str:
    """Why the operation was answered so; "" when there is nothing to say."""
    if not reply.why:
        return ""
    if reply.why == "breached":
        return breach_words(reply.what)
    if reply.why == "wave-taken-back":
        return sent_back_words(reply)
    if reply.why == "all-accepted":
        accepted, _, back = reply.what.partition(" ")
        return _all_accepted(reply.target_id, accepted) + _taken_back(reply.target_id, back)
    if reply.why == "none-failed" and reply.what not in ("", "0"):
        return _WHY["none-failed"] + _taken_back(reply.target_id, reply.what)
    if reply.why == "none-failed" and reply.status == PlanState.ROLLED_BACK:
        return "it has no failed task; to move again what a person rolled back, submit its file under another plan_id"
    if reply.why == "retried":
        return _retried(read_stored(reply.what))
    goes_on = "it goes on" if reply.status == TaskState.RUNNING else f"it stays {reply.status}"
    plan_id = reply.target_id if reply.of_plan else plan_of(reply.target_id)
    why = _why_not(reply) if reply.why == "state" else reply.why
    commands = {"purge": typed("purge", "--plan", plan_id), "cancel": typed("cancel", "--task", reply.what)}
    commands["gives_up"] = "; `cancel` gives it up" if reply.what else ""
    words = {**commands, "goes_on": goes_on, "plan": plan_id, "task": reply.target_id, "does_it": _by_force(operation)}
    return _WHY[why].format(status=reply.status, what=reply.what, quoted=quoted_value(reply.what), **words)


def _all_accepted(plan_id: str, count: str) -> str:
    listed = typed("status", "--plan", plan_id, "--status", TaskState.FAILED.value)
    which = "its failure is accepted" if count == "1" else f"its {count} failures are accepted"
    again = "`changeover retry --task ID` moves one again"
    return f"{which}, which a retry of the plan leaves: `{listed}` lists them, {again}"


def _taken_back(plan_id: str, count: str) -> str:
    again = typed("retry", "--plan", plan_id, "--from-scratch")
    return f"; its policy took {count} back: `{again}` moves what is back again" if count else ""


def passing_words(order: Order) -> str:
    """What a retry that was to let those pass freezes whom it retries, and has found none, says besides."""
    if not order.override_freeze:
        return ""
    return "; `changeover retry --task ID --override-freeze REASON` lets one pass that was retried before and waits"


def _by_force(operation: Operation | None) -> str:
    return "does it" if operation is None else _BY_FORCE.get(operation, "does it")


def breach_words(what: str) -> str:
    """Of what a script says of a breaker: failed, tolerance, and the wave if it is one's."""
    failed, tolerance, wave = what.split(" ", 2)
    of = f" in wave {wave}" if wave else ""
    return (
        f"its breaker tripped: {failed} failed{of}, tolerance {tolerance}; retry or roll back what failed, "
        "or --accept-failures bears it"
    )


def sent_back_words(reply: Reply) -> str:
    """Of what a script says of a wave that its breaker took back: how many tenants, and its name if it is one's."""
    number, wave = reply.what.split(" ", 1)
    count = f"{number} tenants" if number != "1" else "1 tenant"
    again = typed("retry", "--plan", reply.target_id, "--from-scratch")
    return (
        f"its breaker took {count}{f' of wave {wave}' if wave else ''} back; `{again}` moves them again, "
        "--accept-failures goes on without them"
    )


def gate_result(plan_id: str, reply: Reply, *, approves: bool) -> OperationResult:
    """How the answer to a gate was taken."""
    goes_on = _behind_gate(reply.what)
    if reply.status in PLAN_ENDED:
        goes_on = "approved: that was its last wave"
    elif reply.status == PlanState.PAUSED:
        goes_on = f"approved; it is still paused: `{typed('resume', '--plan', plan_id)}`"
    said = goes_on if approves else "rejected: it starts nothing new before an approval; a resume asks the gate again"
    return OperationResult(
        target_type="plan",
        target_id=plan_id,
        accepted=reply.answer is not Taken.REFUSED,
        status=reply.status,
        message=reason_words(reply) or said,
    )


def _behind_gate(what: str) -> str:
    """What begins with the approval; ``what``: `next` or `last` by what is behind the gate's wave, and the name of
    the wave up to that one which is moved again and comes first, if one is."""
    which, _, before = what.partition(" ")
    if which == "last":
        return "approved: that was its last wave" + (f"; wave {before} is under way again" if before else "")
    return "approved: the next wave begins" + (f" once wave {before} is done with again" if before else "")


def _why_not(reply: Reply) -> str:
    """Of what the table has no row for: a draft, and what a hand has damaged, have a way on that is another one."""
    if reply.of_plan and reply.status == PlanState.CREATED:
        return "plan-draft"
    known = [state.value for state in (PlanState if reply.of_plan else TaskState)]
    return "state" if reply.status in known else "damaged"


def _retried(told: dict[str, Any]) -> str:
    """What became of a plan's failed tasks, retried in the call."""
    refused: list[list[str]] = told.get("refused", [])
    which = "tasks that failed or were taken back" if told.get("scratch") else "failed tasks"
    words = f"{told['retried']} of {told['failed']} {which} will be retried"
    return words + (f"; refused: {refusals(refused)}" if refused else "")


def refusals(refused: Sequence[Sequence[str]]) -> str:
    """Why tasks were not retried, the first ten of them by name: (task, why, what) each."""
    known = {"status": TaskState.FAILED, "does_it": _by_force(Operation.RETRY)}
    words = [(task_id, _WHY.get(why, "{why}"), why, what) for task_id, why, what in refused]
    named = [f"{task}: {text.format(**known, what=what, task=task, why=why)}" for task, text, why, what in words]
    return "; ".join(named[:10]) + ("; ..." if len(named) > 10 else "")
