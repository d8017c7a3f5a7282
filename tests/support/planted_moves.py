"""Planted situations of what moves, and of whole plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.control.explain import Situation as S
from orchestrator.domain.events import FailureInfo
from tests.support.ledger_world import LedgerWorld, config
from tests.support.planted import Planted, aged, beat, coordinator, on, planned, staffed, started, stops
from tests.support.planted_waits import DOCTOR, HELD
from tests.support.table_steps import Do, ask, then

STATUS = ("changeover status --task p.0",)
IN_STAGE = then(started("p", "a b"), on("begin", "p.0"))


def _polling(due_seconds: float) -> Do:
    def make(world: LedgerWorld) -> None:
        cursor = '{"step": 0, "attempt": 4, "note": "gw-1 says version 41"}'
        world.ledger.poll_again(world.turn("p.0"), due_seconds, cursor)

    return make


def stages() -> Iterator[Planted]:
    yield Planted(
        "a stage runs", staffed(IN_STAGE), "p.0", S.STAGE_RUNS, "stage one (1 of 3) runs on worker worker for", STATUS
    )
    again = then(IN_STAGE, _polling(5), on("begin", "p.0"))
    said = "step 1, attempt 5; last answer: gw-1 says version 41"
    yield Planted("a poll runs", staffed(again), "p.0", S.STAGE_RUNS, said, STATUS)
    back = then(started("p", "a"), on("finish", "p.0"), ask("rollback", "p.0"), on("serve", "p"), on("begin", "p.0"))
    said = "rollback of stage three (1 of 3) runs on worker worker"
    yield Planted("a rollback's stage runs", staffed(back), "p.0", S.STAGE_RUNS, said, STATUS)
    lost = then(IN_STAGE, lambda world: world.expire("leases_running", "p.0"), _named("h:7"))
    said = "ran on worker h:7, which gave its last sign 14 s ago; its lease is overdue by"
    yield Planted("its worker is gone", staffed(lost), "p.0", S.WORKER_LOST, said, DOCTOR)
    said = "stage one (1 of 3) is between polls after attempt 4, next in"
    yield Planted("between polls", staffed(IN_STAGE, _polling(60)), "p.0", S.BETWEEN_POLLS, said, STATUS)
    said = "stage one (1 of 3) waits for a worker, "
    yield Planted("on its way", staffed(started("p", "a")), "p.0", S.WAITS_FOR_WORKER, said, STATUS)
    late = then(started("p", "a"), lambda world: world.expire("leases_queued", "p.0"))
    said = "its lease is overdue by"
    yield Planted("on its way for long", staffed(late), "p.0", S.WAITS_FOR_WORKER, said)


def _handed_back(why: str, what: str) -> Do:
    return lambda world: world.ledger.hand_back(world.turn("p.0"), "w:2", why, what, had_begun=False)


def _polled(world: LedgerWorld) -> None:
    world.begin("p.0")
    world.ledger.poll_again(world.turn("p.0"), 0, '{"format":2,"step":0}')


def handed_back() -> Iterator[Planted]:
    start = ("changeover worker",)
    waits = started("p", "a b")
    lacks = then(waits, _handed_back("step", "drain-queue"))
    knows = then(coordinator, lambda world: beat(world, "worker", "w:2", slots=16, knows=["noop"]))
    said = (
        "stage one (1 of 3) was handed back 1 times: worker w:2 has no step of type drain-queue; the next try comes in"
    )
    yield Planted("nobody has its step", then(lacks, knows), "p.0", S.HANDED_BACK, said, start)
    said = "1 were handed back: worker w:2 has no step of type drain-queue; such as a (p.0); no live worker of"
    yield Planted("nobody has a plan's step", then(lacks, knows), "p", S.HANDED_BACK, said, start)
    has = then(lacks, knows, lambda world: beat(world, "worker", "w:3", slots=1, knows=["drain-queue", "noop"]))
    said = "worker w:3 can, and takes it in the end"
    yield Planted("another has its step", has, "p.0", S.HANDED_BACK, said, DOCTOR)
    new = then(waits, _polled, _handed_back("cursor", "2"), knows)
    said = "update the workers; it has begun, so a pause or cancel waits for its end: only a forced release ends it"
    takes = "changeover release --tenant a --force --reason 'say why'"
    yield Planted("its cursor is too new", new, "p.0", S.HANDED_BACK, said, (*start, takes))
    odd = then(waits, _handed_back("stage", "stages[0].steps[0].more: unknown key"), knows)
    said = "worker w:2 cannot build its stages (stages[0].steps[0].more: unknown key)"
    yield Planted("its stages cannot be built", odd, "p.0", S.HANDED_BACK, said, start)


def _named(worker: str) -> Do:
    """The stage's worker has a name, and went without a word."""

    def make(world: LedgerWorld) -> None:
        world.client.hset(world.keys.of("task", "p.0"), "worker", f"{worker}/delivery")
        beat(world, "worker", worker)
        aged(world, f"worker:{worker}", 14)

    return make


def asked() -> Iterator[Planted]:
    for operation, situation, said in (
        ("pause", S.TASK_PAUSING, "it is pausing by ada (because): it pauses when stage one has ended well"),
        ("cancel", S.TASK_CANCELLING, "it is being cancelled by ada (because): it stops when stage one has ended well"),
        ("rollback", S.TASK_TURNING_BACK, "it turns back by ada (because) when stage one ends"),
    ):
        yield Planted(f"{operation} asked for", staffed(IN_STAGE, ask(operation)), "p.0", situation, said)
    last = then(started("p", "a", stages=["one"]), on("begin", "p.0"), ask("pause"))
    said = "stage one is its last, so it ends with that instead"
    yield Planted("pause in the last stage", staffed(last), "p.0", S.TASK_PAUSING, said)
    for operation, situation, said in (
        ("pause", S.PLAN_PAUSING, "its plan is pausing by ada (because): it pauses when"),
        ("cancel", S.PLAN_CANCELLING, "its plan is being cancelled by ada (because): it stops when"),
        ("rollback", S.PLAN_ROLLING_BACK, "its plan rolls back by ada (because): it turns back when stage one ends"),
    ):
        yield Planted(
            f"{operation} of the plan, in a stage", staffed(IN_STAGE, ask(operation, "p")), "p.0", situation, said
        )


def whole_plans() -> Iterator[Planted]:
    resume = ("changeover resume --plan p",)
    paused = then(planned("p", "a b"), ask("pause", "p"))
    yield Planted("a paused plan", staffed(paused), "p", S.PLAN_PAUSED, "it is paused by ada (because)", resume)
    said = "its plan is paused by ada (because)"
    yield Planted("a task of a paused plan", staffed(paused), "p.0", S.PLAN_PAUSED, said, resume)
    pausing = staffed(IN_STAGE, ask("pause", "p"))
    said = "it is pausing by ada (because): 2 stages still run"
    yield Planted("a pausing plan", pausing, "p", S.PLAN_PAUSING, said, resume)
    many = " ".join(["a", *(f"t{n}" for n in range(100))])
    resumed = staffed(started("p", many, max_concurrency=101), ask("pause", "p"), _all_begin, ask("resume", "p"))
    yield Planted("a plan resumed in chunks", resumed, "p", S.PLAN_RESUMING, "it was resumed by ada (because)")
    said = "a coordinator is about to put it back into the queue"
    yield Planted("a task resumed in chunks", resumed, "p.0", S.PLAN_RESUMING, said)
    failed = then(started("p", many, max_concurrency=101), _all_fail)
    said = "the retry by ada (because) is under way: 0 of 101 tasks looked at, 0 put back, 0 refused"
    yield Planted("a plan retried in chunks", staffed(failed, ask("retry", "p")), "p", S.PLAN_RETRYING, said)
    refused = then(started("p", "a b"), fails("p.0"), fails("p.1"), _is_spent, ask("retry", "p"))
    said = "the retry by ada (because) put 1 back and was refused 1: p.0: it has been retried 3 times"
    look = ("changeover status p --failed",)
    yield Planted("a retry that was refused", staffed(refused), "p", S.PLAN_RETRY_REFUSED, said, look)
    one = started("p", "a b", max_concurrency=1)
    look = ("changeover explain --plan p",)
    for operation, situation, said in (
        ("cancel", S.PLAN_CANCELLING, "it is being cancelled by ada (because); 1 stages still run"),
        ("rollback", S.PLAN_ROLLING_BACK, "it rolls back by ada (because)"),
    ):
        yield Planted(f"{operation} of a plan", staffed(one, ask(operation, "p")), "p", situation, said)
    said = "its plan is being cancelled by ada (because)"
    yield Planted("waits, cancelled", staffed(one, ask("cancel", "p")), "p.1", S.PLAN_CANCELLING, said, look)
    said = "its plan rolls back by ada (because): it will be cancelled"
    yield Planted("waits, rolls back", staffed(one, ask("rollback", "p")), "p.1", S.PLAN_ROLLING_BACK, said, look)
    ended = then(started("p", "a"), on("finish", "p.0"))
    yield Planted("an ended plan", staffed(ended), "p", S.PLAN_ENDED, "the plan has ended: 1 COMPLETED")
    said = "4 of 4 slots are in use, 1 tasks wait (1 in the plan's queue); 1 PENDING, 4 RUNNING"
    yield Planted("a plan that moves", staffed(started("p", "a b c d e")), "p", S.PLAN_MOVES, said)
    both = staffed(planned("p", "a"), planned("q", "a"), ask("pause", "p"), ask("pause", "q"))
    said = "this is task q.0 of plan q; tenant a has more open tasks: p.0 of plan p (PENDING)"
    look_at = ("changeover explain --task p.0",)
    yield Planted("two plans are to move it", both, "tenant a", S.OTHER_TASKS, said, look_at)
    draft = _draft(0)
    yield Planted("a draft", staffed(draft), "p", S.DRAFT, "it is being submitted: 1 of 3 tenants are written")
    yield Planted("a task of a draft", staffed(draft), "p.0", S.DRAFT, "its plan is still being submitted", look)
    said = "its submit was cut off after 1 of 3 tenants, 20 min ago: submit the same plan again"
    purge = ("changeover purge --plan p",)
    yield Planted("an abandoned draft", staffed(_draft(1200)), "p", S.DRAFT_ABANDONED, said, purge)


def _draft(age_seconds: float) -> Do:
    def make(world: LedgerWorld) -> None:
        world.open("p", 3)
        world.ledger.write_chunk("p", "d", 0, [("a", config("a", "p"))])
        world.client.zincrby(world.keys.of("drafts"), -1000 * age_seconds, "p")

    return make


def _all_begin(world: LedgerWorld) -> None:
    for task_id in sorted(world.slots("p")):
        world.begin(task_id)


def _all_fail(world: LedgerWorld) -> None:
    for task_id in sorted(world.slots("p")):
        world.break_stage(task_id)


def _is_spent(world: LedgerWorld) -> None:
    world.use_up_retries("p.0")


def fails(task_id: str, kind: str = "Broken", **more: Any) -> Do:
    """Begins the due stage, which fails so."""

    def make(world: LedgerWorld) -> None:
        world.begin(task_id)
        world.ledger.fail(world.turn(task_id), FailureInfo(type=kind, message="it broke", **more))

    return make


def groups() -> Iterator[Planted]:
    four = started("p", "a b c d")
    three = (fails("p.0", stage_name="one"), fails("p.1", stage_name="one"), fails("p.2", "Other", stage_name="one"))
    said = "2 failed in stage one: Broken: it broke; such as a (p.0), b (p.1)"
    retry = "changeover retry --plan p --stage one --cause"
    yield Planted("failures of a cause", staffed(four, *three), "p", S.FAILURES, said, (f"{retry} Broken",))
    said = "1 failed in stage one: Other: it broke; such as c (p.2)"
    yield Planted("failures of another cause", staffed(four, *three), "p", S.FAILURES, said, (f"{retry} Other",))
    spent = then(four, fails("p.0"), lambda world: world.use_up_retries("p.0"))
    look = ("changeover explain --task p.0",)
    yield Planted("failures retried too often", staffed(spent), "p", S.FAILURES, "1 failed: Broken", look)
    back = then(started("p", "a"), on("finish", "p.0"), ask("rollback", "p"), on("serve", "p"), fails("p.0"))
    rollback = ("changeover rollback --task p.0",)
    yield Planted("failures of rollbacks", staffed(back), "p", S.FAILURES, "1 could not go back: Broken", rollback)
    cancelled = then(
        four, *(fails(f"p.{n}") for n in range(3)), on("begin", "p.3"), ask("cancel", "p"), on("succeed", "p.3")
    )
    said = "1 were cancelled by ada (because); such as d (p.3)"
    yield Planted(
        "cancelled, and why", staffed(cancelled), "p", S.CANCELLATIONS, said, ("changeover retry --plan p --cancelled",)
    )
    look = ("changeover explain --task p.0",)
    said = "1 wait for tenants that tasks of plan q hold, RUNNING; such as a (p.0)"
    yield Planted("waits for a plan", staffed(HELD), "p", S.TENANT_HELD, said, look)
    held = staffed(HELD, stops("q.0", "q"))
    said = "1 wait for tenants that tasks of plan q hold, PAUSED"
    resume = ("changeover resume --plan q", *look)
    yield Planted("waits for a paused plan", held, "p", S.TENANT_HELD_BY_PAUSED, said, resume)
    alone = staffed(four, stops("p.1", "p.1"))
    said, one = "1 are paused one by one; such as b (p.1)", ("changeover resume --task p.1",)
    yield Planted("paused one by one", alone, "p", S.TASK_PAUSED, said, one)
    moves = staffed(four, on("begin", "p.0"), on("begin", "p.1"), on("poll", "p.1", 60.0))
    said = "1 run on workers, 1 are between polls, 2 wait for a worker"
    yield Planted("what moves", moves, "p", S.STAGE_RUNS, said, ("changeover status p --running",))
    gone = staffed(
        started("q", "a"), started("p", "a"), lambda world: world.client.delete(world.keys.of("task", "q.0"))
    )
    said = "1 wait for tenants that tasks of plan q hold, which are gone"
    yield Planted("waits for what is gone", gone, "p", S.TENANT_HELD_BY_NOBODY, said, look)
