"""A way to take each row of the table of waves on the real ledger.

Cases as those of ``table_cases.py``, of the first wave of the plan ``p``, which is the task ``p.0``. The second one,
``p.1``, keeps the plan open where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.waves import WaveState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld
from tests.support.table_cases import Case, answer, cases, plan, task
from tests.support.table_steps import (
    SCRATCH,
    TIMED,
    Do,
    ask,
    chunk,
    finish,
    hand_out,
    last_stage,
    look,
    serve,
    start,
    succeed,
    then,
)
from tests.support.whole_table import Row

T, P, W = TaskState, PlanState, WaveState
LONG = 600.0


def every_case() -> Iterator[Case]:
    """Of tasks, plans and waves."""
    yield from cases()
    yield from wave_cases()


def wave(source: WaveState, trigger: str) -> Row:
    return ("wave", source.value, trigger)


def waves(*, alone: bool = False, tolerance: Tolerance | None = None, policy: bool = False, **first: Any) -> Do:
    """A plan of two waves of one task each; of the first alone."""
    tenants = ["a"] if alone else ["a", "b"]

    def make(world: LedgerWorld) -> None:
        of_first = Wave("first", 1, tolerance=tolerance, **first)
        rules = FleetRules(2, None, "pause", (of_first, Wave("rest", 1))[: len(tenants)], auto_rollback=policy)
        world.plan("p", tenants, stages=TIMED, rules=rules, wave_of=[0, 1][: len(tenants)])

    return make


def done(*, alone: bool = False, **first: Any) -> Do:
    return then(waves(alone=alone, **first), serve, finish)


def answers(yes: bool) -> Do:
    return lambda world: world.operations.answer_gate("p", "", Order("ada", "because"), approves=yes)


def is_over(world: LedgerWorld) -> None:
    """The soak's time is, and its last look is handed out."""
    world.client.hset(world.keys.of("plan", "p"), mapping={"soakEnds": 1, "soakUntil": 1})
    hand_out(world)


def seen(world: LedgerWorld) -> object:
    """The look that is handed out finds p.0 there."""
    return world.awaited.record_look("p.0", int(world.reader.plan_record("p")["soakLook"]), None)


def sweep_soaks(world: LedgerWorld) -> object:
    return world.awaited.hand_out()


def all_taken_back(world: LedgerWorld) -> None:
    """Nobody is left to be looked at in a soak whose time is over, as a process of before may have left it."""
    world.client.hset(world.keys.of("plan", "p"), mapping={"soakEnds": 1, "soakUntil": 1, "wave:0:n:COMPLETED": 0})
    world.client.zadd(world.keys.of("awaited"), {"p": 1})


def breached(world: LedgerWorld) -> None:
    """p.1 has failed, and p.0 is to be taken back for it."""
    rules = FleetRules(2, Tolerance(0, strict=False), "rollback_wave")
    world.started("p", ["a", "b"], stages=TIMED, max_concurrency=2, rules=rules)
    world.finish("p.0")
    world.break_stage("p.1")


def _case(
    name: str, rows: Iterable[Row], make: Do, act: Do, *, asked: Iterable[Row] = (), several: bool = False
) -> Case:
    return Case(name, frozenset(rows), make, act, frozenset(asked), several)


def wave_cases() -> Iterator[Case]:
    yield from _ends()
    yield from _gates()
    yield from _stops()


def _ends() -> Iterator[Case]:
    begins = [plan(P.READY, "start"), wave(W.PENDING, "begin")]
    yield _case("a wave begins", begins, waves(), start)
    done_with = [task(T.RUNNING, "complete")]
    on_to: dict[str, dict[str, Any]] = {"soak": {"soak_seconds": LONG}, "ask": {"gate": "manual"}}
    for trigger, first in on_to.items():
        rows = [*done_with, wave(W.OPEN, trigger)]
        yield _case(
            f"the last task of a wave ends, on to {trigger}", rows, then(waves(**first), serve, last_stage), succeed
        )
    rows = [*done_with, plan(P.RUNNING, "complete"), wave(W.OPEN, "finish")]
    yield _case("the last wave ends", rows, then(waves(alone=True), serve, last_stage), succeed)
    rows = [task(T.PENDING, "cancel"), plan(P.RUNNING, "cancel"), wave(W.OPEN, "finish")]
    yield _case("nobody of the last wave has begun", rows, then(waves(alone=True), start), ask("cancel"))
    failed = then(
        waves(alone=True, tolerance=Tolerance(0, strict=False)), serve, lambda world: world.break_stage("p.0")
    )
    rows, asked = [wave(W.OPEN, "finish"), plan(P.FAILED, "accept")], [plan(P.FAILED, "reopen")]
    yield _case("the breach of the last wave is accepted", rows, failed, answer("accept"), asked=asked)
    over = [wave(W.SOAKING, "ask")]
    yield _case("a soak is over, on to a gate", over, then(done(soak_seconds=LONG, gate="manual"), is_over), seen)
    over = [wave(W.SOAKING, "finish"), plan(P.RUNNING, "complete")]
    yield _case("the last soak is over", over, then(done(alone=True, soak_seconds=LONG), is_over), seen)
    nobody = then(done(soak_seconds=LONG, gate="manual"), all_taken_back)
    yield _case("a soak with nobody left", [wave(W.SOAKING, "ask")], nobody, sweep_soaks)


def _gates() -> Iterator[Case]:
    gated, pauses = done(gate="manual"), plan(P.RUNNING, "pause")
    yield _case("a gate is rejected", [wave(W.GATED, "reject"), pauses], gated, answers(False))
    alone, ends = done(alone=True, gate="manual"), plan(P.RUNNING, "complete")
    yield _case("the last gate is approved", [wave(W.GATED, "finish"), ends], alone, answers(True), asked=[pauses])
    rejected, resumed = then(alone, answers(False)), plan(P.PAUSED, "resume")
    rows = [wave(W.REJECTED, "finish"), plan(P.PAUSED, "complete")]
    yield _case("a gate is approved after all", rows, rejected, answers(True), asked=[resumed])
    rows = [wave(W.REJECTED, "ask"), resumed]
    yield _case("a gate is asked again", rows, then(gated, answers(False)), ask("resume", "p"))


def _stops() -> Iterator[Case]:
    waiting = {
        W.SOAKING: done(soak_seconds=LONG),
        W.GATED: done(gate="manual"),
        W.REJECTED: then(done(gate="manual"), answers(False)),
    }
    back = [task(T.COMPLETED, "roll_back")]
    for state, make in waiting.items():
        stops = [wave(state, "stop")]
        yield _case(f"rollback in a wave that is {state}", stops, make, ask("rollback"), asked=back)
        given_up = then(make, ask("cancel", "p"), chunk("cancel_chunk"))
        rows = [*stops, plan(P.CANCELLED, "reopen")]
        yield _case(f"rollback reopens one that is {state}", rows, given_up, ask("rollback"), asked=back)
    passed_by = then(waves(), start, ask("cancel"), ask("cancel", "p"), chunk("cancel_chunk"))
    rows = [task(T.CANCELLED, "retry"), plan(P.CANCELLED, "reopen"), wave(W.PASSED, "undo")]
    yield _case("retry in a wave that was passed by", rows, passed_by, ask("retry", order=SCRATCH))
    fails = [task(T.COMPLETED, "soak_fail"), wave(W.SOAKING, "stop")]
    trips: dict[str, Any] = {"tolerance": Tolerance(0, strict=False)}
    goes_back: dict[str, Any] = {"policy": True}
    for name, first in {"trips": trips, "goes back by policy": goes_back}.items():
        doubted = then(waves(soak_seconds=LONG, **first), serve, finish, hand_out, look, hand_out)
        pauses = [plan(P.RUNNING, "pause")] if name == "trips" else []
        yield _case(f"failure of a soak that {name}", [*fails, *pauses], doubted, look)
    takes_back = chunk("wave_rollback_chunk")
    yield _case("chunk takes a wave back", (), breached, takes_back, asked=back, several=True)
