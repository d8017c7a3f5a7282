"""Every state of a task and of a plan, with its variants, made on the ledger and on the model at once; and by hand what
each operation is answered there."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.domain.status import PlanState, TaskState
from tests.support.pair import Pair

Make = Callable[[Pair], None]


# How a situation of the task p.0 (tenant a; p.1 moves b, so that the plan stays open) comes about.
def waiting(pair: Pair) -> None:
    pair.submit("p", ["a", "b"])


def admitted(pair: Pair) -> None:
    waiting(pair)
    pair.serve("p")


def in_stage(pair: Pair) -> None:
    admitted(pair)
    pair.stage("p.0")
    pair.worker("begin", "p.0")


def between_polls(pair: Pair) -> None:
    in_stage(pair)
    pair.worker("poll", "p.0")


def between_stages(pair: Pair) -> None:
    admitted(pair)
    pair.stage("p.0")


def in_line(pair: Pair) -> None:
    pair.submit("q", ["a"])
    pair.serve("q")
    admitted(pair)


def then(make: Make, *asked: str) -> Make:
    """The situation, and then operations on p.0 (``pause``) or its plan (``pause plan``), the first boundary
    (``stop``), a failing stage (``fail``), all stages (``finish``) or a round of the coordinator (``serve``)."""

    def made(pair: Pair) -> None:
        make(pair)
        for word in asked:
            operation, _, target = word.partition(" ")
            match operation:
                case "stop":
                    pair.worker("begin" if pair.model.tasks["p.0"].lease == "queued" else "succeed", "p.0")
                case "fail":
                    pair.break_stage("p.0")
                case "finish":
                    pair.finish("p.0")
                case "serve":
                    pair.serve("p")
                case "scratch":
                    pair.ask("retry", "p.0", from_scratch=True)
                case _:
                    assert pair.ask(operation, "p" if target else "p.0").answer == "ACCEPTED", word

    return made


# answer of: pause, resume, cancel, retry, retry from scratch, rollback. A: accepted; N, R: no-op, refused, and why.
TASKS: dict[str, tuple[Make, TaskState, str]] = {
    "PENDING": (waiting, TaskState.PENDING, "A N:waiting A R:state R:state R:touched-nothing"),
    "PENDING in its tenant's line": (in_line, TaskState.PENDING, "A N:waiting A R:state R:state R:touched-nothing"),
    "PENDING resumed": (
        then(in_stage, "pause", "stop", "resume"),
        TaskState.PENDING,
        "A N:waiting A R:state R:state A",
    ),
    "PENDING in a paused plan": (
        then(waiting, "pause plan"),
        TaskState.PENDING,
        "A N:waiting A R:state R:state R:touched-nothing",
    ),
    "PENDING retry": (
        then(between_stages, "fail", "retry"),
        TaskState.PENDING,
        "A N:waiting A N:waiting N:waiting A",
    ),
    "PENDING in a cancelled plan": (
        then(waiting, "cancel plan"),
        TaskState.PENDING,
        "R:plan-cancelled R:plan-cancelled A R:state R:state R:touched-nothing",
    ),
    "PENDING in a plan going back": (
        then(waiting, "rollback plan"),
        TaskState.PENDING,
        "R:plan-rolling-back R:plan-rolling-back A R:state R:state R:touched-nothing",
    ),
    "RUNNING, nothing touched": (admitted, TaskState.RUNNING, "A N:running A R:state R:state R:touched-nothing"),
    "RUNNING, nothing touched, cancelling": (
        then(admitted, "cancel"),
        TaskState.RUNNING,
        "R:cancel-requested N:running N:cancelling R:state R:state R:touched-nothing",
    ),
    "RUNNING in a stage": (in_stage, TaskState.RUNNING, "A N:running A R:state R:state A"),
    "RUNNING between polls": (between_polls, TaskState.RUNNING, "A N:running A R:state R:state A"),
    "RUNNING between stages": (between_stages, TaskState.RUNNING, "A N:running A R:state R:state A"),
    "RUNNING, pausing": (then(in_stage, "pause"), TaskState.RUNNING, "N:pausing A A R:state R:state A"),
    "RUNNING in a pausing plan": (then(in_stage, "pause plan"), TaskState.RUNNING, "A N:running A R:state R:state A"),
    "RUNNING, cancelling": (
        then(in_stage, "cancel"),
        TaskState.RUNNING,
        "R:cancel-requested N:running N:cancelling R:state R:state A",
    ),
    "RUNNING in a cancelled plan": (
        then(in_stage, "cancel plan"),
        TaskState.RUNNING,
        "R:plan-cancelled R:plan-cancelled A R:state R:state A",
    ),
    "RUNNING, rollback asked for": (
        then(in_stage, "rollback"),
        TaskState.RUNNING,
        "R:rollback-requested R:rollback-requested A:withdrawn R:state R:state N:rollback-requested",
    ),
    "RUNNING in a plan going back": (
        then(in_stage, "rollback plan"),
        TaskState.RUNNING,
        "R:plan-rolling-back R:plan-rolling-back R:plan-rolling-back R:state R:state A",
    ),
    "PAUSED before admission": (
        then(waiting, "pause"),
        TaskState.PAUSED,
        "N:paused A A R:state R:state R:touched-nothing",
    ),
    "PAUSED": (then(in_stage, "pause", "stop"), TaskState.PAUSED, "N:paused A A R:state R:state A"),
    "PAUSED by its plan": (then(in_stage, "pause plan", "stop"), TaskState.PAUSED, "A A A R:state R:state A"),
    "PAUSED, rollback asked for": (
        then(in_stage, "pause", "stop", "rollback"),
        TaskState.PAUSED,
        "R:rollback-requested R:rollback-requested A:withdrawn R:state R:state N:rollback-requested",
    ),
    "PAUSED in a cancelled plan": (
        then(in_stage, "pause", "stop", "cancel plan"),
        TaskState.PAUSED,
        "R:plan-cancelled R:plan-cancelled A R:state R:state A",
    ),
    "COMPLETED": (then(admitted, "finish"), TaskState.COMPLETED, "R:state R:state R:state R:state R:state A"),
    "COMPLETED, rollback asked for": (
        then(admitted, "finish", "rollback"),
        TaskState.COMPLETED,
        "R:rollback-requested R:rollback-requested A:withdrawn R:state R:state N:rollback-requested",
    ),
    "FAILED": (then(between_stages, "fail"), TaskState.FAILED, "R:state R:state R:state A A A"),
    "FAILED, rollback asked for": (
        then(between_stages, "fail", "rollback"),
        TaskState.FAILED,
        "R:rollback-requested R:rollback-requested A:withdrawn "
        "R:rollback-requested R:rollback-requested N:rollback-requested",
    ),
    "CANCELLED, nothing touched": (
        then(waiting, "cancel"),
        TaskState.CANCELLED,
        "R:state R:state N:cancelled R:scratch-only A R:touched-nothing",
    ),
    "CANCELLED between stages": (
        then(in_stage, "cancel", "stop"),
        TaskState.CANCELLED,
        "R:state R:state N:cancelled R:scratch-only A A",
    ),
    "ROLLING_BACK": (
        then(in_stage, "rollback", "stop"),
        TaskState.ROLLING_BACK,
        "R:state R:state R:state R:state R:state N:rolling-back",
    ),
    "ROLLED_BACK": (
        then(in_stage, "rollback", "stop", "finish"),
        TaskState.ROLLED_BACK,
        "R:state R:state R:state R:scratch-only A N:rolled-back",
    ),
    "ROLLBACK_FAILED": (
        then(in_stage, "rollback", "stop", "fail"),
        TaskState.ROLLBACK_FAILED,
        "R:state R:state R:state R:state R:state A",
    ),
}
# answer of: pause, resume, cancel, rollback.
PLANS: dict[str, tuple[Make, PlanState, str]] = {
    "READY": (waiting, PlanState.READY, "A N:running A A"),
    "RUNNING": (in_stage, PlanState.RUNNING, "A N:running A A"),
    "RUNNING, pausing": (then(in_stage, "pause plan"), PlanState.RUNNING, "N:pausing A A A"),
    "RUNNING, cancelling": (
        then(in_stage, "cancel plan"),
        PlanState.RUNNING,
        "R:cancel-requested N:running N:cancelling A",
    ),
    "PAUSED from READY": (then(waiting, "pause plan"), PlanState.PAUSED, "N:paused A A A"),
    "PAUSED, cancelling": (
        then(waiting, "pause plan", "cancel plan"),
        PlanState.PAUSED,
        "N:paused R:cancel-requested N:cancelling A",
    ),
    "CANCELLED": (then(waiting, "cancel plan", "serve"), PlanState.CANCELLED, "R:state R:state N:cancelled A"),
    "ROLLING_BACK": (then(in_stage, "rollback plan"), PlanState.ROLLING_BACK, "R:state R:state R:state N:rolling-back"),
}


def one_task(*words: str) -> Make:
    """A plan of one task, which ends with it."""

    def made(pair: Pair) -> None:
        pair.submit("p", ["a"])
        pair.serve("p")
        then(lambda _: None, *words)(pair)

    return made


PLANS |= {
    "PAUSED": (one_task("pause plan", "stop"), PlanState.PAUSED, "N:paused A A A"),
    "COMPLETED": (one_task("finish"), PlanState.COMPLETED, "R:state R:state R:state A"),
    "FAILED": (one_task("fail"), PlanState.FAILED, "R:state R:state R:state A"),
    "ROLLED_BACK": (
        one_task("finish", "rollback plan", "serve", "finish"),
        PlanState.ROLLED_BACK,
        "R:state R:state R:state N:rolled-back",
    ),
    "ROLLBACK_FAILED": (
        one_task("finish", "rollback plan", "serve", "fail"),
        PlanState.ROLLBACK_FAILED,
        "R:state R:state R:state A",
    ),
}
