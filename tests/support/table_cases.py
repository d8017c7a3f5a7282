"""A way to take each row of the transition tables on the real ledger, through every verb that takes it.

A case makes a situation of the task ``p.0`` (tenant a) and its plan ``p``, then does one thing that takes its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.operations import Order
from orchestrator.ledger.records import StageRow
from tests.support.ledger_world import ME, LedgerWorld

T, P = TaskState, PlanState
Row = tuple[str, str, str]
"""Kind (task or plan), source and trigger."""
Do = Callable[[LedgerWorld], Any]
FORCE = Order("ada", "because", force=True)
SCRATCH = Order("ada", "because", from_scratch=True)
TIMED = [StageRow("one", 60.0), StageRow("two", 60.0)]


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


def then(*steps: Do) -> Do:
    def all_of(world: LedgerWorld) -> Any:
        answer = None
        for step in steps:
            answer = step(world)
        return answer

    return all_of


def ask(operation: str, target: str = "p.0", order: Order = ME) -> Do:
    return lambda world: world.ask(operation, target, order)


def serve(world: LedgerWorld) -> Any:
    return world.serve("p")


def chunk(verb: str) -> Do:
    return lambda world: world.ledger.call(verb, "p", 100)


def begin(world: LedgerWorld) -> Any:
    return world.begin("p.0")


def succeed(world: LedgerWorld) -> Any:
    return world.succeed("p.0")


def fail(world: LedgerWorld) -> Any:
    return world.fail("p.0")


def finish(world: LedgerWorld) -> Any:
    return world.finish("p.0")


def break_stage(world: LedgerWorld) -> Any:
    return world.break_stage("p.0")


def last_stage(world: LedgerWorld) -> Any:
    """All stages but the last are done, and that one runs."""
    begin(world)
    while int(world.task("p.0")["stage"] if "stage" in world.task("p.0") else 0) + 1 < legs(world):
        succeed(world)
        begin(world)


def legs(world: LedgerWorld) -> int:
    return int(world.task("p.0").get("legs") or world.reader.plan_record("p")["stages"])


def overdue(kind: str, verb: str) -> tuple[Do, Do]:
    return lambda world: world.expire(kind, "p.0"), lambda world: world.ledger.call(verb, 100)


def exhausted(world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("task", "p.0"), "recoveries", 5)


def release(world: LedgerWorld) -> Any:
    return world.operations.release_tenant("a", FORCE)


def waiting(world: LedgerWorld) -> None:
    """Nobody has looked at the plan yet; p.1 keeps it open."""
    world.plan("p", ["a", "b"], stages=TIMED)


def alone(world: LedgerWorld) -> None:
    """The plan ends with its one task."""
    world.plan("p", ["a"], stages=TIMED)


def draft(world: LedgerWorld) -> None:
    world.open("p", 0)


def moved_since(world: LedgerWorld) -> None:
    world.started("q", ["a"], stages=TIMED)
    world.finish("q.0")


READY_TO_RUN: Final = then(waiting, ask("pause", "p"), ask("resume", "p"))
"""The plan is RUNNING, p.0 is PENDING."""
RUNS: Final = then(waiting, serve)
RUNS_ALONE: Final = then(alone, serve)
IN_STAGE: Final = then(RUNS, begin)
IN_STAGE_ALONE: Final = then(RUNS_ALONE, begin)
PAUSED: Final = then(IN_STAGE, ask("pause"), succeed)
COMPLETED: Final = then(RUNS, finish)
FAILED: Final = then(RUNS, break_stage)
CANCELLED: Final = then(IN_STAGE, ask("cancel"), succeed)
GOES_BACK: Final = then(IN_STAGE, ask("rollback"), succeed)
GOES_BACK_ALONE: Final = then(IN_STAGE_ALONE, ask("rollback"), succeed)
PLAN_GOES_BACK_ALONE: Final = then(RUNS_ALONE, finish, ask("rollback", "p"), serve)
ROLLED_BACK: Final = then(GOES_BACK, finish)
ROLLBACK_FAILED: Final = then(GOES_BACK, break_stage)

ENDED_PLANS: Final[dict[PlanState, Do]] = {
    P.COMPLETED: then(RUNS_ALONE, finish),
    P.FAILED: then(RUNS_ALONE, break_stage),
    P.CANCELLED: then(IN_STAGE_ALONE, ask("cancel"), succeed),
    P.ROLLED_BACK: then(PLAN_GOES_BACK_ALONE, finish),
    P.ROLLBACK_FAILED: then(PLAN_GOES_BACK_ALONE, break_stage),
}


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
    verbs: dict[str, tuple[Do, Do, bool]] = {
        "begin": (RUNS_ALONE, begin, False),
        "succeed": (IN_STAGE_ALONE, succeed, False),
        "sweep_queued": (RUNS_ALONE, then(*overdue("leases_queued", "sweep_queued")), True),
        "sweep_running": (IN_STAGE_ALONE, then(*overdue("leases_running", "sweep_running")), True),
    }
    for verb, (make, act, several) in verbs.items():
        expire, act = (act, act) if not several else _split(verb)
        make = make if not several else then(make, expire)
        paused = [task(T.RUNNING, "pause"), plan(P.RUNNING, "pause")]
        yield _case(f"pause at {verb}", paused[:1], then(make, ask("pause")), act, several=several)
        yield _case(f"plan's pause at {verb}", paused, then(make, ask("pause", "p")), act, several=several)
        cancelled = [task(T.RUNNING, "cancel"), plan(P.RUNNING, "cancel")]
        yield _case(f"cancel at {verb}", cancelled, then(make, ask("cancel")), act, several=several)
        if verb in ("succeed", "sweep_running"):
            back = [task(T.RUNNING, "roll_back")]
            yield _case(f"rollback at {verb}", back, then(make, ask("rollback")), act, several=several)
            yield _case(f"plan's rollback at {verb}", back, then(make, ask("rollback", "p")), act, several=several)
        else:
            undone = [task(T.RUNNING, "cancel")]
            asked = then(make, ask("rollback", "p"))
            yield _case(f"plan's rollback at {verb}", undone, asked, act, several=several)
    # The last task that runs in a pausing plan turns: its plan is paused.
    pausing = then(IN_STAGE_ALONE, ask("pause", "p"), ask("rollback"))
    rows = [task(T.RUNNING, "roll_back"), plan(P.RUNNING, "pause")]
    yield _case("rollback in a pausing plan", rows, pausing, succeed)


def _split(verb: str) -> tuple[Do, Do]:
    return overdue("leases_queued" if verb == "sweep_queued" else "leases_running", verb)


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
    yield _case("rolled back", done, then(GOES_BACK, begin), succeed)
    yield _case(
        "plan rolled back", [*done, plan(P.ROLLING_BACK, "rollback_done")], then(PLAN_GOES_BACK_ALONE, last_stage), succeed
    )


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
    yield _case("start", [plan(P.READY, "start")], waiting, lambda world: world.ledger.admit("p", 0))
    yield _case("pause of a ready plan", [plan(P.READY, "pause")], waiting, ask("pause", "p"))
    yield _case("pause of an idle plan", [plan(P.RUNNING, "pause")], READY_TO_RUN, ask("pause", "p"))
    yield _case("pause of a busy plan", (), RUNS, ask("pause", "p"), asked=[plan(P.RUNNING, "pause")])
    paused = then(IN_STAGE_ALONE, ask("pause", "p"), succeed)
    rows = [plan(P.PAUSED, "resume"), task(T.PAUSED, "resume")]
    yield _case("resume of a plan", rows, paused, ask("resume", "p"), several=True)
    for state, make in {P.READY: alone, P.RUNNING: then(alone, ask("pause", "p"), ask("resume", "p"))}.items():
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
    for state, make in {P.READY: waiting, P.RUNNING: RUNS, P.PAUSED: paused, **ENDED_PLANS}.items():
        if state is not P.ROLLED_BACK:
            yield _case(f"rollback of {state} plan", [plan(state, "roll_back")], make, ask("rollback", "p"))
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
