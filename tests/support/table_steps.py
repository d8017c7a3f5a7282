"""Steps on the real ledger as plain functions, and the situations of the task ``p.0`` (tenant a) and its plan ``p``
that they make. The cases of the transition tables are put together from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.operations import Operation, Operations, Order
from orchestrator.ledger.records import StageRow
from tests.support.ledger_world import FAILURE, ME, LedgerWorld

T, P = TaskState, PlanState
Do = Callable[[LedgerWorld], Any]
FORCE = Order("ada", "because", force=True)
SCRATCH = Order("ada", "because", from_scratch=True)
TIMED = [StageRow("one", 60.0), StageRow("two", 60.0)]


def shown_ahead(world: LedgerWorld) -> None:
    """Redis' clock was an hour ahead, and is put right."""
    world.client.hset(world.keys.of("clock"), "wall", world.reader.shown_time().redis_ms + 3_600_000)


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


def leave_to_chunks(world: LedgerWorld) -> Any:
    """The retry of the plan with nothing done in the call."""
    return Operations(world.ledger, retried_at_once=0).on_plan(Operation.RETRY, "p", Order("ada", "because"))


def begin(world: LedgerWorld) -> Any:
    return world.begin("p.0")


def succeed(world: LedgerWorld) -> Any:
    return world.succeed("p.0")


def advance(world: LedgerWorld) -> Any:
    return world.advance("p.0")


def hand_over(world: LedgerWorld) -> Any:
    """p.1 ends, and p.0 is begun in its place."""
    return world.advance("p.1")


def fail(world: LedgerWorld) -> Any:
    return world.fail("p.0")


def finish(world: LedgerWorld) -> Any:
    return world.finish("p.0")


def break_stage(world: LedgerWorld) -> Any:
    return world.break_stage("p.0")


def last_stage(world: LedgerWorld) -> Any:
    """All stages but the last are done, and that one runs."""
    begin(world)
    while int(world.task("p.0").get("stage", 0)) + 1 < legs(world):
        succeed(world)
        begin(world)


def last_stages_beside(world: LedgerWorld) -> None:
    """The same of p.1 and p.2, beside p.0."""
    for task in ("p.1", "p.2"):
        world.begin(task)
        world.advance(task)


def legs(world: LedgerWorld) -> int:
    return int(world.task("p.0").get("legs") or world.reader.plan_record("p")["stages"])


def overdue(kind: str, verb: str) -> tuple[Do, Do]:
    return lambda world: world.expire(kind, "p.0"), lambda world: world.ledger.call(verb, 100, 2, 100)


def exhausted(world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("task", "p.0"), "recoveries", 5)


def release(world: LedgerWorld) -> Any:
    return world.operations.release_tenant("a", FORCE)


def waiting(world: LedgerWorld) -> None:
    """Nobody has looked at the plan yet; p.1 keeps it open."""
    world.plan("p", ["a", "b"], stages=TIMED)


def three(world: LedgerWorld) -> None:
    """A plan of three, of which two may run."""
    world.plan("p", ["a", "b", "c"], stages=TIMED, max_concurrency=2)


def alone(world: LedgerWorld) -> None:
    """The plan ends with its one task."""
    world.plan("p", ["a"], stages=TIMED)


def look(world: LedgerWorld) -> Any:
    """The look that is handed out finds p.0 not there."""
    return world.awaited.record_look("p.0", int(world.reader.plan_record("p")["soakLook"]), FAILURE)


def hand_out(world: LedgerWorld) -> None:
    """The next look at p.0."""
    assert len(world.looks("p")) == 1


def soaking(world: LedgerWorld) -> None:
    """The first wave, of one task, soaks for long."""
    rules = FleetRules(2, waves=(Wave("first", 1, soak_seconds=600.0), Wave("rest", 1)))
    world.plan("p", ["a", "b"], stages=TIMED, rules=rules, wave_of=[0, 1])


def start(world: LedgerWorld) -> Any:
    """The coordinator's first look, before it admits any."""
    return world.ledger.admit("p", 0)


def draft(world: LedgerWorld) -> None:
    world.open("p", 0)


def moved_since(world: LedgerWorld) -> None:
    world.started("q", ["a"], stages=TIMED)
    world.finish("q.0")


READY_TO_RUN: Final = then(waiting, start)
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

DOUBTED: Final = then(soaking, serve, finish, hand_out, look, hand_out)
"""p.0 is COMPLETED, its wave soaks, and it was not there in the last look; the next is handed out."""
