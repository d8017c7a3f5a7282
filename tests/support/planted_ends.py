"""Planted situations of what is paused or has ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.control.explain import Situation as S
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order, draw_request_id
from orchestrator.ledger.purges import Purges
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.planted import Planted, on, planned, staffed, started, stops
from tests.support.planted_moves import fails
from tests.support.table_steps import Do, ask, then

RETRY = "changeover retry --task p.0"
ROLLBACK = "changeover rollback --task p.0"
SKIP = "changeover skip-stage --task p.0 --reason 'say why'"
ACCEPT = "changeover accept --task p.0 --reason 'say why'"
MOVES = started("p", "a b")
FAILED = then(MOVES, fails("p.0", stage_name="one", step_name="noop"))
Q_MOVES_A = then(started("q", "a"), on("finish", "q.0"))


def paused() -> Iterator[Planted]:
    resume, resume_plan = "changeover resume --task p.0", "changeover resume --plan p"
    yield Planted(
        "paused", staffed(MOVES, stops("p.0", "p.0")), "p.0", S.TASK_PAUSED, "it is paused by ada (because)", (resume,)
    )
    both = staffed(MOVES, stops("p.0", "p.0"), ask("pause", "p"))
    said = "it is paused by ada (because); its plan is paused too"
    yield Planted("paused in a pausing plan", both, "p.0", S.TASK_PAUSED, said, (resume, resume_plan))
    said = "it is paused with its plan by ada (because)"
    yield Planted(
        "paused with its plan", staffed(MOVES, stops("p.0", "p")), "p.0", S.TASK_PAUSED_WITH_PLAN, said, (resume_plan,)
    )
    goes = staffed(
        started("p", "a b", max_concurrency=1), stops("p.0", "p.0"), on("serve", "p"), ask("rollback", "p.0")
    )
    said = "it is stopped for its rollback, asked for by ada (because)"
    yield Planted("paused, to go back", goes, "p.0", S.TASK_PAUSED, said)


def failed() -> Iterator[Planted]:
    said = "it failed in stage one, step noop: it broke"
    yield Planted("failed", staffed(FAILED), "p.0", S.TASK_FAILED, said, (RETRY, SKIP, ACCEPT, ROLLBACK))
    accepted = staffed(
        FAILED, lambda world: FailureAnswers(world.ledger).on_task("accept", "p.0", Order("ada", "known"))
    )
    said = "its failure is accepted by ada (known) and does not count any more: it broke"
    yield Planted("failure accepted", accepted, "p.0", S.FAILURE_ACCEPTED, said, (RETRY,))
    said = "1 failed in stage one, which is accepted and does not count: "
    yield Planted("failure accepted, plan", accepted, "p", S.FAILURE_ACCEPTED, said)
    said = "stage one took longer than 60 s; last answer: gw-1 says version 41"
    yield Planted(
        "failed by its time", staffed(_timed_out), "p.0", S.TASK_FAILED, said, (RETRY, SKIP, ACCEPT, ROLLBACK)
    )
    spent = staffed(FAILED, lambda world: world.use_up_retries("p.0"))
    said = "it has been retried 3 times, the most that max_retry allows; a higher max_retry of the coordinators"
    yield Planted("retry limit", spent, "p.0", S.RETRY_LIMIT, said, (ROLLBACK,))
    said = "task q.0 of plan q has moved the tenant since, so a retry would undo that; --force does it all the same"
    yield Planted("moved since", staffed(FAILED, Q_MOVES_A), "p.0", S.MOVED_SINCE, said, (f"{RETRY} --force",))
    later = then(MOVES, on("stage", "p.0"), fails("p.0"))
    gone = then(later, lambda world: world.client.delete(world.keys.of("checkpoint", "p.0")))
    said = "its checkpoint is gone or no longer fits its stages"
    yield Planted("checkpoint gone", staffed(gone), "p.0", S.CHECKPOINT_GONE, said, (f"{RETRY} --from-scratch",))
    yield Planted(
        "moved since, checkpoint gone",
        staffed(gone, Q_MOVES_A),
        "p.0",
        S.MOVED_SINCE,
        "task q.0 of plan q has moved the tenant since",
        (f"{RETRY} --from-scratch --force",),
    )
    lost = then(MOVES, on("stage", "p.0"), fails("p.0", "CheckpointLost"))
    said, again = "retry is refused now: its store had lost its checkpoint", f"{RETRY} --from-scratch"
    yield Planted("checkpoint lost", staffed(lost), "p.0", S.CHECKPOINT_GONE, said, (again,))
    moved = staffed(lost, Q_MOVES_A)
    said = "task q.0 of plan q has moved the tenant since"
    yield Planted("moved since, checkpoint lost", moved, "p.0", S.MOVED_SINCE, said, (f"{again} --force",))
    look = ("changeover explain --plan p",)
    said = "retry is refused now: its plan is rolling back; wait for that to end"
    yield Planted(
        "failed in a plan that goes back", staffed(FAILED, ask("rollback", "p")), "p.0", S.NOT_NOW, said, look
    )
    said = "retry is refused now: its plan is being cancelled"
    yield Planted("failed in a cancelled plan", staffed(FAILED, ask("cancel", "p")), "p.0", S.NOT_NOW, said, look)
    full = staffed(started("p", "a b", max_concurrency=1), fails("p.0"), on("serve", "p"), ask("rollback", "p.0"))
    said = "it waits for a slot: 1 of 1 are in use (p.1) and 0 tasks are before it"
    look = ("changeover explain --task p.1",)
    yield Planted("failed, to go back", full, "p.0", S.SLOTS_TAKEN, said, look)
    said = "1 wait for their rollback, 1 of 1 slots are in use; such as a (p.0)"
    look = ("changeover explain --task p.0",)
    yield Planted("failed, to go back, plan", full, "p", S.SLOTS_TAKEN, said, look)


def _timed_out(world: LedgerWorld) -> None:
    MOVES(world)
    world.begin("p.0")
    world.ledger.poll_again(world.turn("p.0"), 60, '{"step": 0, "attempt": 4, "note": "gw-1 says version 41"}')
    world.client.hset(world.keys.of("plan", "p"), mapping={"timed": 1, "stageTimeout:0": 60_000})
    world.client.zadd(world.keys.of("deadlines"), {"p.0": 1})
    world.ledger.call("sweep_deadlines", 100, world.reader.now_ms() + 60_000)


def rollbacks() -> Iterator[Planted]:
    done = then(started("p", "a"), on("finish", "p.0"))
    goes = then(done, ask("rollback", "p.0"), on("serve", "p"))
    broken = then(goes, on("stage", "p.0"), fails("p.0", stage_name="two"))
    said = "its rollback failed: that of stage two (1 of 3 stages are back): it broke"
    yield Planted("rollback failed", staffed(broken), "p.0", S.ROLLBACK_FAILED, said, (ROLLBACK, ACCEPT))
    several = then(
        started("p", "a b"), *(on("finish", one) for one in ("p.0", "p.1")), ask("rollback", "p"), on("serve", "p"),
        fails("p.0", "Broken"), fails("p.1", "Other"),
    )  # fmt: skip
    said, whole = "1 could not go back: Other: it broke; such as b (p.1)", ("changeover rollback --plan p",)
    yield Planted("several rollbacks failed", staffed(several), "p", S.FAILURES, said, whole)
    marked = then(goes, on("stage", "p.0"), fails("p.0", "IrreversibleStage", stage_name="two"))
    yield Planted("irreversible", staffed(marked), "p.0", S.IRREVERSIBLE, "that of stage two", (f"{ROLLBACK} --force",))
    moved = staffed(broken, Q_MOVES_A)
    said = "task q.0 of plan q has moved the tenant since, so a rollback would undo that"
    yield Planted("rollback failed, moved since", moved, "p.0", S.MOVED_SINCE, said, (f"{ROLLBACK} --force",))
    bare = then(started("p", "a", snapshot=False), on("finish", "p.0"), ask("rollback", "p"), on("serve", "p"))
    none = staffed(bare)
    said = "its plan's rollback left it as it is: there is no config to go back to"
    yield Planted("nothing to go back to", none, "p.0", S.NO_SNAPSHOT, said)
    said = (
        "1 stays as it was moved: there is no config to go back to; a new plan that moves them to what they are to be"
    )
    look = ("changeover explain --task p.0",)
    yield Planted("nothing to go back to, plan", none, "p", S.NO_SNAPSHOT, said, look)
    over = staffed(done, Q_MOVES_A, ask("rollback", "p"), on("serve", "p"))
    said = "1 stays as it was moved: plan q has moved its tenant since, so going back would undo that; --force does it"
    forced = ("changeover rollback --plan p --force",)
    yield Planted("moved since, plan", over, "p", S.ROLLBACK_GIVEN_UP, said, forced)
    marked_both = then(
        started("p", "a b"), *(on("finish", one) for one in ("p.0", "p.1")), ask("rollback", "p"), on("serve", "p"),
        fails("p.0", "IrreversibleStage"), fails("p.1", "IrreversibleStage"),
    )  # fmt: skip
    said = "2 could not go back: IrreversibleStage: it broke"
    yield Planted("irreversible, plan", staffed(marked_both), "p", S.FAILURES, said, forced)
    yield from withdrawn()
    all_back = staffed(done, ask("rollback", "p"), on("serve", "p"), on("finish", "p.0"))
    said = "rolled back by ada (because); to move its tenants again, submit its file under another plan_id"
    yield Planted("rolled back as a whole", all_back, "p", S.PLAN_ENDED, said)
    given = staffed(
        done, started("q", "a"), ask("rollback", "p.0"), on("serve", "p"), on("finish", "q.0"), on("serve", "p")
    )
    said = "task q.0 of plan q has moved the tenant since, so its rollback was given up"
    yield Planted("rollback given up", given, "p.0", S.ROLLBACK_GIVEN_UP, said, (f"{ROLLBACK} --force",))
    back = staffed(goes, on("finish", "p.0"))
    said = "it has ended as ROLLED_BACK, rolled back by ada (because)"
    yield Planted("rolled back", back, "p.0", S.TASK_ROLLED_BACK, said, (f"{RETRY} --from-scratch",))
    yield Planted("completed", staffed(done), "p.0", S.TASK_COMPLETED, "every stage is done")
    said = "no plan names it: those that did have been purged; task p.0 of plan p changed it last; it is at version"
    look = ("changeover status --tenant a",)
    yield Planted("purged", staffed(done, _purge_p), "tenant a", S.TENANT_PURGED, said, look)


def withdrawn() -> Iterator[Planted]:
    """A person withdraws the rollback of one while it waits for its plan's slot: of one that is done, and of one that
    had stopped between two stages, which ends with that."""
    alone, whole = ("changeover rollback --task p.0",), ("changeover rollback --plan p",)
    why = "its rollback was withdrawn by bob (leave it)"
    withdraws = (
        ask("rollback", "p"), on("serve", "p"), ask("cancel", "p.0", Order("bob", "leave it")), on("finish", "p.1")
    )  # fmt: skip
    both = then(started("p", "a b", max_concurrency=1), on("finish", "p.0"), on("serve", "p"), on("finish", "p.1"))
    left = staffed(both, *withdraws)
    yield Planted("rollback withdrawn", left, "p.0", S.ROLLBACK_GIVEN_UP, why, alone)
    said = f"1 stays as it was moved: {why}; such as a (p.0)"
    yield Planted("rollback withdrawn, plan", left, "p", S.ROLLBACK_GIVEN_UP, said, whole)
    stopped = then(
        started("p", "a b", max_concurrency=1),
        *(step for one in ("p.0", "p.1") for step in (stops(one, one), on("serve", "p"))),
        *withdraws,
    )
    yield Planted("rollback withdrawn of a stopped one", staffed(stopped), "p", S.ROLLBACK_GIVEN_UP, said, whole)


def _purge_p(world: LedgerWorld) -> None:
    purges = Purges(world.ledger)
    purges.purge("p", replace(ME, request_id=draw_request_id()))
    for _ in purges.chunks():
        pass


def cancelled() -> Iterator[Planted]:
    scratch = (f"{RETRY} --from-scratch",)
    said = "it has ended as CANCELLED by ada (because)"
    yield Planted("cancelled", staffed(MOVES, _stops_cancelled("p.0")), "p.0", S.TASK_CANCELLED, said, scratch)
    yield Planted(
        "cancelled with its plan",
        staffed(started("p", "a"), _stops_cancelled("p")),
        "p.0",
        S.TASK_CANCELLED,
        said,
        scratch,
    )
    other = staffed(
        started("p", "a b"),
        on("begin", "p.0"),
        ask("cancel", "p.0", Order("ad")),
        on("succeed", "p.0"),
        ask("cancel", "p"),
    )
    said = "1 were cancelled by ad; such as a (p.0)"
    yield Planted("cancelled by another than its plan", other, "p", S.CANCELLATIONS, said)
    alone = staffed(started("p", "a b c", max_concurrency=1), ask("cancel", "p.1", Order("bob", "no longer ours")), out)
    said = "it has ended as CANCELLED by bob (no longer ours)"
    yield Planted("cancelled alone", alone, "p.1", S.TASK_CANCELLED, said, (f"{scratch[0].replace('p.0', 'p.1')}",))
    said = "1 were cancelled by bob (no longer ours); such as b (p.1)"
    yield Planted("cancelled alone, plan", alone, "p", S.CANCELLATIONS, said)
    went_back = (ask("rollback", "p", Order("bob", "latency is up")), lambda world: world.coordinate())
    goes_back = staffed(planned("p", "a b"), *went_back)
    said = "CANCELLED by bob (with the rollback of its plan: latency is up)"
    yield Planted(
        "cancelled by its plan's rollback",
        goes_back,
        "p.1",
        S.TASK_CANCELLED,
        said,
        (f"{scratch[0].replace('p.0', 'p.1')}",),
    )
    said = "2 were cancelled by bob (with the rollback of its plan: latency is up); such as a (p.0), b (p.1)"
    again = ("changeover retry --plan p --cancelled",)
    yield Planted("cancelled by its rollback, plan", goes_back, "p", S.CANCELLATIONS, said, again)
    said = "it has ended as CANCELLED by eve (not today)"
    yield Planted("left out", alone, "p.2", S.TASK_CANCELLED, said, (f"{scratch[0].replace('p.0', 'p.2')}",))
    said = "1 were cancelled by eve (not today); such as c (p.2)"
    yield Planted("left out, plan", alone, "p", S.CANCELLATIONS, said)
    waits = then(
        FAILED, started("q", "a"), ask("retry", "p.0"), on("serve", "p"), on("finish", "q.0"), on("serve", "p")
    )
    said = "task q.0 of plan q has moved the tenant since, so it was given up"
    force = (f"{RETRY} --from-scratch --force",)
    yield Planted("given up, moved since", staffed(waits), "p.0", S.MOVED_SINCE, said, force)


def out(world: LedgerWorld) -> None:
    """Tenant c leaves the plan."""
    FailureAnswers(world.ledger).on_plan("exclude", "p", "c", Order("eve", "not today"))


def _stops_cancelled(target: str) -> Do:
    def make(world: LedgerWorld) -> None:
        world.begin("p.0")
        world.ask("cancel", target)
        world.succeed("p.0")

    return make
