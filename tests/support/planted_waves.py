"""Planted situations of waves, gates and breakers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.control.explain import Situation as S
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import Planted, coordinator, on, staffed, started
from tests.support.planted_moves import fails
from tests.support.table_steps import Do, ask, leave_to_chunks, then

ME = Order("ada", "looks bad")
RESUME = ("changeover resume --plan p",)
HTTP_GATE = '{"url":"http://gate.example/","interval":30000,"timeout":3600000}'
APPROVE, REJECT = (f"changeover {word} --plan p --wave canary --reason 'say why'" for word in ("approve", "reject"))


SOAKS = FleetRules(3, None, "pause", (Wave("canary", 1, soak_seconds=600.0), Wave("rest", 2)))


def fleet(**canary: Any) -> Do:
    """A plan of a canary and two others; the canary runs."""
    rules = FleetRules(3, None, "pause", (Wave("canary", 1, **canary), Wave("rest", 2)))
    return staffed(started("p", "a b c", rules=rules, wave_of=[0, 1, 1]))


def canary_done(**canary: Any) -> Do:
    return then(fleet(**canary), on("finish", "p.0"), on("serve", "p"))


def no(world: LedgerWorld) -> None:
    world.operations.answer_gate("p", "", ME, approves=False)


def served(world: LedgerWorld) -> None:
    world.coordinate()


def hangs(world: LedgerWorld) -> None:
    question = world.awaited.hand_out().question
    assert question is not None
    world.awaited.not_yet(question, "timed out after 10 s")


def waves() -> Iterator[Planted]:
    look = ("changeover status p --wave canary",)
    yield Planted("a wave is open", fleet(), "p", S.WAVE_OPEN, "wave canary: 0 of 1 ended, 0 failed", look)
    said = "it waits for wave canary (0 of 1 ended)"
    yield Planted("a later wave waits", fleet(), "p.1", S.WAVE_OPEN, said, ("changeover explain --plan p",))
    soaks = canary_done(soak_seconds=600.0)
    yield Planted("a wave soaks", soaks, "p", S.WAVE_SOAKS, "wave canary soaks until ")
    yield Planted("waits for a soak", soaks, "p.1", S.WAVE_SOAKS, "soaks until ", ("changeover explain --plan p",))
    alone = then(coordinator, started("p", "a b c", rules=SOAKS, wave_of=[0, 1, 1]), on("finish", "p.0"))
    alone = then(alone, on("serve", "p"))
    said = "no worker is alive: without a worker the soak of wave canary waits"
    yield Planted("a soak without a worker", alone, "p", S.NO_WORKER, said, ("changeover worker",))
    yield Planted("waits for a soak without a worker", alone, "p.1", S.NO_WORKER, said, ("changeover worker",))
    gated = canary_done(gate="manual")
    both = (APPROVE, REJECT)
    yield Planted("a gate waits", gated, "p", S.GATE_WAITS, "waits for approval of wave canary", both)
    yield Planted("waits for a gate", gated, "p.1", S.GATE_WAITS, "it waits for approval of wave canary", both)
    asks = then(canary_done(gate=HTTP_GATE), hangs)
    said = "waits for approval of wave canary by its HTTP gate http://gate.example/, asked once since "
    yield Planted("an HTTP gate hangs", asks, "p", S.GATE_WAITS, said, both)
    yield Planted("waits for an HTTP gate", asks, "p.1", S.GATE_WAITS, f"it {said}", both)
    yield from rejections()
    yield from taken_back()
    yield from narrowed()
    tripped = then(fleet(tolerance=Tolerance(0, strict=False)), on("break_stage", "p.0"))
    said = "breaker tripped in wave canary: 1 failed, tolerance 0"
    answers = (
        "changeover retry --plan p",
        "changeover resume --plan p --accept-failures",
        "changeover rollback --plan p",
    )
    yield Planted("a breaker tripped", tripped, "p", S.BREAKER_TRIPPED, said, answers)
    yield Planted("waits for an answer to a breaker", tripped, "p.1", S.BREAKER_TRIPPED, said, answers)
    mends = then(tripped, leave_to_chunks)
    under_way = f"{said}; a retry of the plan is under way, and may mend that"
    yield Planted("a breaker tripped, a retry under way", mends, "p", S.BREAKER_TRIPPED, under_way)
    answered = then(tripped, ask("retry", "p", Order("bob", "mended")))
    said = "is paused by policy (the breaker tripped: 1 failed, tolerance 0)"
    yield Planted("a breaker tripped, then retried", answered, "p", S.PLAN_PAUSED, f"it {said}", RESUME)
    yield Planted("waits, the breaker answered", answered, "p.1", S.PLAN_PAUSED, f"its plan {said}", RESUME)
    last = then(started("p", "a", rules=FleetRules(1, Tolerance(0, strict=False), "pause")), fails("p.0"))
    said = "its breaker tripped: 1 failed, tolerance 0; it has ended, so nothing is left to resume"
    back = ("changeover retry --plan p", "changeover rollback --plan p")
    yield Planted("a breaker tripped at the end", staffed(last), "p", S.BREAKER_TRIPPED, said, back)
    stuck = staffed(way_back_failed)
    scratch = (back[1], "changeover retry --plan p --from-scratch")
    yield Planted("tripped at the end, one could not go back", stuck, "p", S.BREAKER_TRIPPED, said, scratch)
    said = (
        "its policy took 2 back: --from-scratch moves them again, which does not start before its breaker is answered:"
        " 1 could not go back, and no retry moves that; roll back or accept it first, or bear it after the retry"
        " (`changeover resume --plan p --accept-failures`)"
    )
    yield Planted("taken back by its policy, but for one", stuck, "p", S.PLAN_ENDED, said, scratch)


def narrowed() -> Iterator[Planted]:
    strict = FleetRules(6, Tolerance(2, strict=True), "pause", (Wave("all", 6),))
    slow = started("p", "a b c d e f", rules=strict, wave_of=[0] * 6, max_concurrency=4)
    slow = staffed(slow, on("break_stage", "p.0"), on("break_stage", "p.1"), served)
    said = "strict breaker: 2 failed of 2 borne, so 1 tenant moves at a time"
    ends = ("changeover retry --plan p", "changeover accept --plan p --reason 'say why'")
    yield Planted("a strict breaker lets few move", slow, "p", S.BREAKER_NARROWS, said, ends)
    said, waits = f"it waits for those that run: {said}", (*ends, "changeover status p --running")
    yield Planted("waits behind a strict breaker", slow, "p.4", S.BREAKER_NARROWS, said, waits)


def way_back_failed(world: LedgerWorld) -> None:
    """The policy takes the whole plan back for one failure, and the way back of that one fails too."""
    then(
        started("p", "a b c", max_concurrency=3, rules=FleetRules(3, Tolerance(0, strict=False), "rollback_plan")),
        on("finish", "p.0"), on("finish", "p.1"), on("stage", "p.2"), on("break_stage", "p.2"), served,
        on("break_stage", "p.2"), on("finish", "p.0"), on("finish", "p.1"),
    )(world)  # fmt: skip


def wave_taken_back(world: LedgerWorld) -> None:
    """Its breaker took the canary back and a person let the plan go on; retried alone it fails again, at the end; what
    is retried of the rest then waits, in a plan that runs."""
    rules = FleetRules(
        2, None, "rollback_wave", (Wave("canary", 1, tolerance=Tolerance(0, strict=False)), Wave("rest", 1))
    )
    again = Order("ada", "again", from_scratch=True)
    then(
        started("p", "a b", rules=rules, wave_of=[0, 1]), on("break_stage", "p.0"), served, on("finish", "p.0"),
        ask("resume", "p", Order("ada", "go on", accept_failures=True)), served, on("break_stage", "p.1"),
        ask("retry", "p.0", again), served, on("break_stage", "p.0"), served, on("finish", "p.0"),
        ask("retry", "p.1"), served,
    )(world)  # fmt: skip


def taken_back() -> Iterator[Planted]:
    waits = staffed(wave_taken_back)
    said = "wave canary: 1 of 1 ended, 0 failed, 1 taken back by its breaker"
    answers = ("changeover resume --plan p --accept-failures", "changeover retry --plan p --from-scratch")
    yield Planted("a wave taken back, unanswered", waits, "p", S.WAVE_TAKEN_BACK, said, answers)
    yield Planted("waits for that answer", waits, "p.1", S.WAVE_TAKEN_BACK, f"it waits for an answer: {said}", answers)


def rejections() -> Iterator[Planted]:
    """Whoever asks is told what lets the plan go on first, and then what asks again, or gives it up."""
    more = (*RESUME, "changeover rollback --plan p", "changeover cancel --plan p")
    by = "is paused: the gate of wave canary is rejected by ada (looks bad); an approval lets it go on"
    rejected = then(canary_done(gate="manual"), no)
    yield Planted("a gate is rejected", rejected, "p", S.GATE_REJECTED, f"it {by}", (APPROVE, *more))
    yield Planted("waits, the gate rejected", rejected, "p.1", S.GATE_REJECTED, f"its plan {by}", (APPROVE, *more))
    tenant = then(canary_done(gate=HTTP_GATE), no)
    yield Planted("its gate answered no", tenant, "tenant b", S.GATE_REJECTED, f"its plan {by}", (APPROVE, *more))
    held = then(rejected, ask("pause", "p", Order("bob", "hold")))
    said = "the gate of wave canary is rejected by ada (looks bad); approved, it still waits for a resume"
    yield Planted("rejected, and paused by a person", held, "p", S.GATE_REJECTED, said, (APPROVE, *more[1:]))
    yield Planted("paused by a person, rejected before", held, "p", S.PLAN_PAUSED, "it is paused by bob (hold)", RESUME)
