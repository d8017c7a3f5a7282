"""A way to take each row of the transition tables on the real ledger, through every verb that takes it.

A case makes a situation of the task ``p.0`` (tenant a) and its plan ``p``, then does one thing that takes its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from tests.support.table_steps import (
    CANCELLED,
    COMPLETED,
    DOUBTED,
    ENDED_PLANS,
    FAILED,
    GOES_BACK,
    GOES_BACK_ALONE,
    IN_STAGE,
    IN_STAGE_ALONE,
    PAUSED,
    PLAN_GOES_BACK_ALONE,
    READY_TO_RUN,
    ROLLBACK_FAILED,
    ROLLED_BACK,
    RUNS,
    RUNS_ALONE,
    SCRATCH,
    Do,
    advance,
    alone,
    ask,
    begin,
    break_stage,
    chunk,
    draft,
    exhausted,
    fail,
    finish,
    hand_over,
    last_stage,
    last_stages_beside,
    leave_to_chunks,
    look,
    moved_since,
    overdue,
    release,
    serve,
    start,
    succeed,
    then,
    three,
    waiting,
)
from tests.support.whole_table import Row

T, P = TaskState, PlanState


@dataclass(frozen=True)
class Case:
    """``rows`` are taken by ``act``; ``asked`` are those that an operation asks for before it leaves a flag.

    ``several``: the verb works on several tasks; what is refused to one is logged, not raised.
    """

    name: str
    rows: frozenset[Row]
    make: Do
    act: Do
    asked: frozenset[Row] = frozenset()
    several: bool = False

    def __str__(self) -> str:
        return self.name


def task(source: TaskState, trigger: str) -> Row:
    return ("task", source.value, trigger)


def plan(source: PlanState, trigger: str) -> Row:
    return ("plan", source.value, trigger)


def answer(word: Literal["accept", "skip-stage"]) -> Do:
    return lambda world: FailureAnswers(world.ledger).on_task(word, "p.0", Order("ada", "because"))


def cases() -> Iterator[Case]:
    yield from _admissions()
    yield from _boundaries()
    yield from _ends()
    yield from _operations()
    yield from _plans()


def _case(
    name: str, rows: Iterable[Row], make: Do, act: Do, *, asked: Iterable[Row] = (), several: bool = False
) -> Case:
    return Case(name, frozenset(rows), make, act, frozenset(asked), several)


def _admissions() -> Iterator[Case]:
    admit = [task(T.PENDING, "admit")]
    ready = {
        "first": READY_TO_RUN,
        "after a pause": then(PAUSED, ask("resume")),
        "of a retry": then(FAILED, ask("retry")),
        "of a retry from scratch": then(FAILED, ask("retry", order=SCRATCH)),
    }
    for name, make in ready.items():
        yield _case(f"admission {name}", admit, make, serve, several=True)
    # p.1 and p.2 have the slots while p.0 is paused; then p.1 ends.
    beside, ends = then(three, ask("pause"), serve, last_stages_beside), [task(T.RUNNING, "complete")]
    for name, make in {
        "first": beside,
        "of a rollback": then(beside, lambda world: world.client.hset(world.keys.of("task", "p.0"), "touched", 1)),
    }.items():
        asks = ask("rollback") if "rollback" in name else ask("resume")
        rows = [task(T.PAUSED, "roll_back")] if "rollback" in name else admit
        yield _case(f"handed over, {name}", rows, then(make, asks), hand_over, asked=ends, several=True)
    moved = then(FAILED, ask("retry"), moved_since)
    yield _case("admission given up", [task(T.PENDING, "cancel")], moved, serve, several=True)
    moved = then(PAUSED, lambda world: world.client.hset(world.keys.of("task", "p.0"), "touched", 1))
    for state, make in {
        T.COMPLETED: COMPLETED,
        T.FAILED: FAILED,
        T.PAUSED: moved,
        T.CANCELLED: CANCELLED,
        T.ROLLBACK_FAILED: ROLLBACK_FAILED,
    }.items():
        rows = [task(state, "roll_back")]
        yield _case(f"rollback of {state} asked for", (), make, ask("rollback"), asked=rows)
        yield _case(f"rollback of {state} admitted", rows, then(make, ask("rollback")), serve, several=True)
    resumed = then(PAUSED, ask("resume"))
    stops, back = [task(T.PENDING, "pause")], [task(T.PAUSED, "roll_back")]
    yield _case("rollback of a resumed task", stops, resumed, ask("rollback"), asked=back)


def _boundaries() -> Iterator[Case]:
    late, sweep_queued = overdue("leases_queued", "sweep_queued")
    lost, sweep_running = overdue("leases_running", "sweep_running")
    paused = [task(T.RUNNING, "pause"), plan(P.RUNNING, "pause")]
    cancelled = [task(T.RUNNING, "cancel"), plan(P.RUNNING, "cancel")]
    back = [task(T.RUNNING, "roll_back")]
    for verb, make, act, several in (
        ("begin", RUNS_ALONE, begin, False),
        ("succeed", IN_STAGE_ALONE, succeed, False),
        ("advance", IN_STAGE_ALONE, advance, False),
        ("sweep_queued", then(RUNS_ALONE, late), sweep_queued, True),
        ("sweep_running", then(IN_STAGE_ALONE, lost), sweep_running, True),
    ):
        yield _case(f"pause at {verb}", paused[:1], then(make, ask("pause")), act, several=several)
        yield _case(f"plan's pause at {verb}", paused, then(make, ask("pause", "p")), act, several=several)
        yield _case(f"cancel at {verb}", cancelled, then(make, ask("cancel")), act, several=several)
        touched = verb in ("succeed", "advance", "sweep_running")
        turned = then(make, ask("rollback", "p"))
        yield _case(f"plan's rollback at {verb}", back if touched else cancelled[:1], turned, act, several=several)
        if touched:
            yield _case(f"rollback at {verb}", back, then(make, ask("rollback")), act, several=several)
    # The last task that runs in a pausing plan turns: its plan is paused.
    pausing = then(IN_STAGE_ALONE, ask("pause", "p"), ask("rollback"))
    yield _case("rollback in a pausing plan", [*back, paused[1]], pausing, succeed)


def _ends() -> Iterator[Case]:
    yield _case(
        "completion", [task(T.RUNNING, "complete"), plan(P.RUNNING, "complete")], then(RUNS_ALONE, last_stage), succeed
    )
    retried = then(FAILED, ask("retry", order=SCRATCH), serve, last_stage)
    yield _case("completion of a retry", [task(T.RUNNING, "complete")], retried, succeed)
    retried = then(FAILED, ask("retry"), serve, begin)
    yield _case("cancel of a retry", [task(T.RUNNING, "cancel")], then(retried, ask("cancel")), succeed)
    paused = then(retried, ask("pause"), succeed)
    yield _case("cancel of a paused retry", [task(T.PAUSED, "cancel")], paused, ask("cancel"))
    yield _case("cancel of a resumed retry", [task(T.PENDING, "cancel")], then(paused, ask("resume")), ask("cancel"))
    back = then(paused, ask("rollback"))
    yield _case("rollback of a paused retry", [task(T.PAUSED, "roll_back")], back, serve, several=True)
    yield _case("rollback of a retry", [task(T.RUNNING, "roll_back")], then(retried, ask("rollback")), succeed)
    yield _case("failure of a retry", [task(T.RUNNING, "fail")], retried, fail)
    yield _case("failure of a soak", [task(T.COMPLETED, "soak_fail")], DOUBTED, look)
    both = [task(T.RUNNING, "fail"), plan(P.RUNNING, "fail")]
    for name, makes, rows in (
        ("failure", (IN_STAGE_ALONE, IN_STAGE), both),
        ("failed rollback", (then(GOES_BACK_ALONE, begin),), [task(T.ROLLING_BACK, "rollback_fail"), both[1]]),
        (
            "failed plan's rollback",
            (then(PLAN_GOES_BACK_ALONE, begin),),
            [task(T.ROLLING_BACK, "rollback_fail"), plan(P.ROLLING_BACK, "rollback_fail")],
        ),
    ):
        for number, make in enumerate(makes):
            of = rows[: 2 - number]
            where = f"{name} {'of the last task' if number == 0 else 'of one of two tasks'}"
            yield _case(f"{where}, by its worker", of, make, fail)
            yield _case(f"{where}, by release", of, make, release)
            expire, sweep = overdue("deadlines", "sweep_deadlines")
            yield _case(f"{where}, by its deadline", of, then(make, expire), sweep, several=True)
            expire, sweep = overdue("leases_running", "sweep_running")
            yield _case(f"{where}, by recoveries", of, then(make, exhausted, expire), sweep, several=True)
    done = [task(T.ROLLING_BACK, "rollback_done")]
    yield _case("rolled back", done[:1], then(GOES_BACK, begin), succeed)
    done.append(plan(P.ROLLING_BACK, "rollback_done"))
    yield _case("plan rolled back", done, then(PLAN_GOES_BACK_ALONE, last_stage), succeed)


def _operations() -> Iterator[Case]:
    waits = READY_TO_RUN
    # p.1 runs, so that the plan stays open whatever becomes of p.0.
    waits_beside = then(waiting, ask("pause"), serve, ask("resume"))
    yield _case("pause of a waiting task", [task(T.PENDING, "pause")], waits, ask("pause"))
    yield _case("pause of a running task", (), RUNS, ask("pause"), asked=[task(T.RUNNING, "pause")])
    yield _case("cancel of a waiting task", [task(T.PENDING, "cancel")], waits, ask("cancel"))
    yield _case("cancel of a running task", (), RUNS, ask("cancel"), asked=[task(T.RUNNING, "cancel")])
    yield _case("cancel of a paused task", [task(T.PAUSED, "cancel")], PAUSED, ask("cancel"))
    yield _case("resume of a task", [task(T.PAUSED, "resume")], PAUSED, ask("resume"))
    stops_for = then(PAUSED, ask("rollback"), ask("cancel", "p"))
    yield _case("withdrawal in a cancelled plan", [task(T.PAUSED, "cancel")], stops_for, ask("cancel"))
    for state, make in {T.FAILED: FAILED, T.CANCELLED: CANCELLED, T.ROLLED_BACK: ROLLED_BACK}.items():
        yield _case(f"retry of {state}", [task(state, "retry")], make, ask("retry", order=SCRATCH))
    yield _case("retry from the checkpoint", [task(T.FAILED, "retry")], FAILED, ask("retry"))
    last, reopened = ENDED_PLANS[P.FAILED], plan(P.FAILED, "reopen")
    yield _case("retry of a plan", [task(T.FAILED, "retry"), reopened], last, ask("retry", "p"), several=True)
    yield _case("skip of a failed stage", [task(T.FAILED, "skip_stage"), reopened], last, answer("skip-stage"))
    accepted = [plan(P.FAILED, "accept")]
    yield _case("acceptance of the last failure", accepted, last, answer("accept"), asked=[reopened])
    left = then(FAILED, leave_to_chunks)
    yield _case("chunk retries", [task(T.FAILED, "retry")], left, chunk("retry_chunk"), several=True)
    for state, make in {T.PENDING: waits_beside, T.PAUSED: PAUSED}.items():
        cancelled = then(make, ask("cancel", "p"))
        yield _case(f"chunk cancels {state}", [task(state, "cancel")], cancelled, chunk("cancel_chunk"), several=True)
    back = then(waits_beside, ask("rollback", "p"))
    yield _case("chunk cancels untouched", [task(T.PENDING, "cancel")], back, chunk("rollback_chunk"), several=True)
    back = then(PAUSED, ask("resume"), ask("rollback", "p"))
    rows, asked = [task(T.PENDING, "pause")], [task(T.PAUSED, "roll_back")]
    yield _case("chunk stops", rows, back, chunk("rollback_chunk"), asked=asked, several=True)


def _plans() -> Iterator[Case]:
    yield _case("commit", [plan(P.CREATED, "commit")], draft, lambda world: world.ledger.commit_plan("p", "d"))
    yield _case("start", [plan(P.READY, "start")], waiting, start)
    yield _case("pause of a ready plan", [plan(P.READY, "pause")], waiting, ask("pause", "p"))
    yield _case("pause of an idle plan", [plan(P.RUNNING, "pause")], READY_TO_RUN, ask("pause", "p"))
    yield _case("pause of a busy plan", (), RUNS, ask("pause", "p"), asked=[plan(P.RUNNING, "pause")])
    paused = then(IN_STAGE_ALONE, ask("pause", "p"), succeed)
    rows = [plan(P.PAUSED, "resume"), task(T.PAUSED, "resume")]
    yield _case("resume of a plan", rows, paused, ask("resume", "p"), several=True)
    for state, make in {P.READY: alone, P.RUNNING: then(alone, start)}.items():
        yield _case(f"cancel of {state}", (), make, ask("cancel", "p"), asked=[plan(state, "cancel")])
        rows = [task(T.PENDING, "cancel"), plan(state, "cancel")]
        yield _case(f"last task of {state}", rows, make, ask("cancel"))
        cancelled = then(make, ask("cancel", "p"))
        yield _case(f"last chunk of {state}", rows, cancelled, chunk("cancel_chunk"), several=True)
    yield _case("last task of PAUSED", [task(T.PAUSED, "cancel"), plan(P.PAUSED, "cancel")], paused, ask("cancel"))
    for name, end, trigger in (("completed", finish, "complete"), ("failed", break_stage, "fail")):
        for state, make in {
            P.RUNNING: then(RUNS_ALONE, end, ask("rollback")),
            P.PAUSED: then(RUNS_ALONE, end, ask("rollback"), ask("pause", "p")),
        }.items():
            yield _case(f"withdrawal in {state}, {name}", [plan(state, trigger)], make, ask("cancel"))
    untouched = then(alone, ask("pause"), ask("rollback", "p"))
    rows = [task(T.PAUSED, "cancel"), plan(P.ROLLING_BACK, "rollback_done")]
    yield _case("nothing to roll back", rows, untouched, chunk("rollback_chunk"), several=True)
    given_up = then(PLAN_GOES_BACK_ALONE, break_stage, ask("rollback"), ask("rollback", "p"), chunk("rollback_chunk"))
    yield _case("withdrawal in ROLLING_BACK", [plan(P.ROLLING_BACK, "rollback_fail")], given_up, ask("cancel"))
    one_of_two = then(COMPLETED, lambda world: world.finish("p.1"), ask("rollback"), serve)
    for state, make in {
        P.READY: waiting,
        P.RUNNING: RUNS,
        P.PAUSED: paused,
        **ENDED_PLANS,
        P.ROLLED_BACK: then(one_of_two, finish),
    }.items():
        yield _case(f"rollback of {state} plan", [plan(state, "roll_back")], make, ask("rollback", "p"))
    rows = [task(T.ROLLING_BACK, "rollback_done"), plan(P.RUNNING, "rollback_done")]
    yield _case("last of those rolled back one by one", rows, then(one_of_two, last_stage), succeed)
    rows = [plan(P.PAUSED, "rollback_done")]
    withdrawn = then(one_of_two, finish, ask("rollback", "p.1"), ask("pause", "p"))
    yield _case("withdrawal in PAUSED, one rolled back", rows, withdrawn, ask("cancel", "p.1"))
    # What the plan's one task is when its plan has ended so.
    for state, was in {
        P.COMPLETED: T.COMPLETED,
        P.FAILED: T.FAILED,
        P.CANCELLED: T.CANCELLED,
        P.ROLLED_BACK: T.ROLLED_BACK,
        P.ROLLBACK_FAILED: T.ROLLBACK_FAILED,
    }.items():
        rows = [plan(state, "reopen")]
        if was in (T.FAILED, T.CANCELLED, T.ROLLED_BACK):
            again = [task(was, "retry"), *rows]
            yield _case(f"retry reopens {state}", again, ENDED_PLANS[state], ask("retry", order=SCRATCH))
        if was is not T.ROLLED_BACK:
            back = [task(was, "roll_back")]
            yield _case(f"rollback reopens {state}", rows, ENDED_PLANS[state], ask("rollback"), asked=back)
