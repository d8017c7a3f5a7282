"""Planted situations of what waits, and of servers and processes that keep it waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.control.explain import Situation as S
from orchestrator.control.explain.steps import Looks
from tests.support.hands import as_text
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import (
    LANE,
    Planted,
    aged,
    beat,
    coordinated,
    coordinator,
    elsewhere,
    full,
    on,
    planned,
    roomy,
    staffed,
    started,
    stops,
)
from tests.support.table_steps import Do, ask, shown_ahead, then

HELD = then(started("q", "a"), started("p", "a b"))
"""q.0 holds tenant a, p.0 waits for it, p.1 moves."""
START_WORKER = ("changeover worker",)
DOCTOR = ("changeover doctor",)
P_1 = ("changeover status --task p.1",)


def servers() -> Iterator[Planted]:
    moves = started("p", "a")
    yield Planted(
        "Redis is full", then(staffed(moves), full), "p.0", S.LEDGER_REFUSES, "MB used; raise its maxmemory", undo=roomy
    )
    yield Planted(
        "Redis is full, plan", then(staffed(moves), full), "p", S.LEDGER_REFUSES, "nothing can be recorded", undo=roomy
    )
    both = then(staffed(moves), full)
    said, look = "waits for the ledger to take writes, ", ("changeover status --task p.0",)
    yield Planted("on its way while Redis is full", both, "p.0", S.WAITS_FOR_WORKER, said, look, undo=roomy)
    said, look = "1 wait for the ledger to take writes", ("changeover status p --running",)
    yield Planted("on its way while Redis is full, plan", both, "p", S.STAGE_RUNS, said, look, undo=roomy)
    start = ("changeover coordinator",)
    yield Planted("no coordinator", planned("p", "a"), "p.0", S.NO_COORDINATOR, "no coordinator is alive", start)
    yield Planted("no coordinator, plan", planned("p", "a"), "p", S.NO_COORDINATOR, "no coordinator is alive", start)
    gone = then(planned("p", "a"), coordinator, lambda world: aged(world, "coordinator:c:1", 14))
    said = "no coordinator is alive (coordinator c:1 gave its last sign 14 s ago)"
    yield Planted("a coordinator that is gone", gone, "p.0", S.NO_COORDINATOR, said, start)
    lost = then(staffed(moves), lambda world: aged(world, "worker:w:2", 14))
    said = f"no worker consumes queue {LANE} (worker w:2 gave its last sign 14 s ago)"
    yield Planted("a worker that is gone", lost, "p.0", S.NO_WORKER, said, START_WORKER)
    yield Planted(
        "coordinator of another namespace",
        then(planned("p", "a"), elsewhere("coordinator")),
        "p.0",
        S.OTHER_NAMESPACE,
        "coordinator w:9 is alive in namespace ",
    )
    yield Planted(
        "worker of another namespace",
        coordinated(moves, elsewhere("worker")),
        "p.0",
        S.OTHER_NAMESPACE,
        "give plans and processes one CHANGEOVER_NAMESPACE",
    )
    away = then(moves, lambda world: beat(world, "coordinator", "c:1", brokerAway=12.0))
    sentence = "the coordinators' broker at broker:6379/1 has not answered for 12 s"
    yield Planted("the broker is away", away, "p.0", S.BROKER_AWAY, sentence, DOCTOR)
    yield Planted("the broker is away, plan", away, "p", S.BROKER_AWAY, sentence, DOCTOR)
    yield Planted(
        "a clock that is ahead", staffed(moves), "p.0", S.CLOCK_SKEW, "clock is 5 min ahead of Redis'", ahead=300
    )
    said = "the time that is shown stands at "
    yield Planted("a clock put back", then(staffed(moves), shown_ahead), "p", S.SHOWN_TIME, said, DOCTOR)
    yield Planted("a clock behind", staffed(moves), "p", S.CLOCK_SKEW, "clock is 60 s behind Redis'", ahead=-60)


def damage() -> Iterator[Planted]:
    moves = started("p", "a")
    purge = ("changeover purge --plan p --force",)
    for name, field, value, wrong, out in (
        ("a plan's number", "max", "many", "'many', not a number", DOCTOR),
        ("a plan's last operation", "lastOperation", "{bad", "'{bad', not a JSON object", DOCTOR),
        ("a plan's status", "status", "DANCING", "'DANCING'", purge),
    ):
        hurt = staffed(moves, _write("plan:p", field, value))
        said = f"the record of plan p: its {field} is {wrong}: a hand in the data? It is passed by; put it right"
        yield Planted(f"damaged: {name}", hurt, "p", S.DAMAGED, said, out)
    yield from _damaged_tasks(started("p", "a b", max_concurrency=1))
    for key, target in (("slots:p", "p"), ("tenant:a", "p"), ("line:a", "p.0")):
        hurt = staffed(moves, _no_hash(key))
        yield Planted(
            f"damaged key {key}", hurt, target, S.DAMAGED_PLAN_KEY, "stands still until it is mended; in redis-cli"
        )
    said, look = "0 of its 1 tasks were looked at for damage", ("changeover explain --plan p --whole",)
    yield Planted("a large plan", staffed(moves), "p", S.NOT_ALL_LOOKED_AT, said, look, looks=Looks(0, 0))
    for name, hurt in (("status", _write("task:q.0", "status", "DANCING")), ("kind", _no_hash("task:q.0"))):
        said = "held by task q.0 of plan q since"
        freed = ("changeover release --tenant a --reason 'its holder is gone'",)
        yield Planted(f"held by a damaged {name}", staffed(HELD, hurt), "p.0", S.TENANT_HELD_BY_NOBODY, said, freed)


def _write(key: str, field: str, value: str) -> Do:
    return lambda world: world.client.hset(world.keys.root + key, field, value)


def _no_hash(key: str) -> Do:
    return lambda world: as_text(world, world.keys.root + key)


WRONG: dict[str, tuple[Do, str]] = {
    "status": (_write("task:p.0", "status", "DANCING"), "its status is 'DANCING', which is none"),
    "tenant": (_write("task:p.0", "tenant", ""), "its tenant is missing"),
    "epoch": (_write("task:p.0", "epoch", "x"), "its epoch is 'x', not a whole number"),
    "retries": (_write("task:p.0", "retries", "-1"), "its retries is '-1', not a whole number"),
    "time": (_write("task:p.0", "startedAt", "yesterday"), "its startedAt is 'yesterday', not a whole number"),
    "pause": (_write("task:p.0", "pausedAt", "noon"), "its pausedAt is 'noon', not a whole number"),
    "snapshot": (_write("task:p.0", "snapshot", "v1"), "its snapshot is 'v1', not a JSON object"),
    "cursor": (_write("task:p.0", "cursor", "[1]"), "its cursor is '[1]', not a JSON object"),
    "failure": (_write("task:p.0", "failure", "{bad"), "its failure is '{bad', not a JSON object"),
    "shape": (
        _write("task:p.0", "failure", '{"type": 5}'),
        "its failure.type is 5, expected text",
    ),
    "kind": (_no_hash("task:p.0"), "its record is no hash"),
    "record": (lambda world: world.client.delete(world.keys.of("task", "p.0")), "its record is gone"),
}
"""What a hand does to the record of a task, and how that is told."""
CANCEL = ("changeover cancel --plan p",)
PURGE = ("changeover purge --plan p --force",)


def _damaged_tasks(moves: Do) -> Iterator[Planted]:
    """Named by its own explanation, and by its plan's."""
    for name, (hurt, wrong) in WRONG.items():
        if name != "record":
            said = f"{wrong}: a hand in the data? It is passed by; put it right with HSET (a config: SET), "
            said += "or take the plan out by a "
            yield Planted(f"a damaged task: {name}", staffed(moves, hurt), "p.0", S.DAMAGED, said, CANCEL)
    for name, hurt, wrong, tenant in (("epoch", *WRONG["epoch"], " (tenant a)"), ("record", *WRONG["record"], "")):
        said = (
            f"task p.0{tenant} is damaged: {wrong}. It is passed by, and may keep the plan from its end; put it right"
        )
        more = (
            " with HSET (a config: SET), or take the plan out by a cancel and then `changeover purge --plan p --force`"
        )
        yield Planted(f"a plan with a damaged task: {name}", staffed(moves, hurt), "p", S.DAMAGED, said + more, CANCEL)
        given_up = staffed(moves, hurt, ask("cancel", "p"), on("serve", "p"))
        more = " with HSET (a config: SET), or take the plan out"
        yield Planted(f"a cancelled plan with one: {name}", given_up, "p", S.DAMAGED, said + more, PURGE)
    many = staffed(planned("p", " ".join(f"t{n}" for n in range(12))), _all_damaged)
    said, look = "and 2 more tasks are damaged", ("changeover status p",)
    yield Planted("more damaged tasks than are told", many, "p", S.DAMAGED, said, look)


def _all_damaged(world: LedgerWorld) -> None:
    for position in range(12):
        world.client.hset(world.keys.of("task", f"p.{position}"), "turn", "x")


def workers() -> Iterator[Planted]:
    moves = started("p", "a")
    yield Planted("no worker", coordinated(moves), "p.0", S.NO_WORKER, f"no worker consumes queue {LANE}", START_WORKER)
    yield Planted("no worker, plan", coordinated(moves), "p", S.NO_WORKER, f"queue {LANE}", START_WORKER)
    wrong: dict[str, Any] = {"broker": "other:6379/1", "brokerRun": "r2/1"}
    yield Planted(
        "a worker at another broker",
        coordinated(moves, lambda world: beat(world, "worker", "w:2", slots=4, **wrong)),
        "p.0",
        S.OTHER_BROKER,
        "broker broker:6379/1, and worker w:2 (other:6379/1) listens at another",
        DOCTOR,
    )
    yield Planted(
        "another name of the same broker",
        coordinated(moves, lambda world: beat(world, "worker", "w:2", slots=4, broker="alias:6379/1")),
        "p.0",
        S.WAITS_FOR_WORKER,
        "stage one (1 of 3) waits for a worker, ",
        ("changeover status --task p.0",),
    )
    yield Planted(
        "a silent worker",
        coordinated(moves, lambda world: beat(world, "worker", "w:2", slots=4, silent=75.0)),
        "p.0",
        S.WORKERS_SILENT,
        f"worker w:2 consumes queue {LANE}, and has got nothing from the broker for 75 s",
        START_WORKER,
    )
    many = started("p", " ".join(["a", *(f"t{n}" for n in range(49))]), max_concurrency=50)
    busy = coordinated(many, *(lambda world, n=n: beat(world, "worker", f"w:{n}", slots=8, busy=8) for n in (1, 2)))
    sentence = f"all 16 worker slots of queue {LANE} are busy: add workers"
    yield Planted("50 slots on 16 threads", busy, "p.0", S.WORKERS_BUSY, sentence, START_WORKER)
    yield Planted("50 slots on 16 threads, plan", busy, "p", S.WORKERS_BUSY, sentence, START_WORKER)


def tenants() -> Iterator[Planted]:
    look = ("changeover explain --task q.0",)
    yield Planted(
        "held by a running task", staffed(HELD), "p.0", S.TENANT_HELD, "held by task q.0 of plan q since 20", look
    )
    back = then(started("q", "a"), on("finish", "q.0"), ask("rollback", "q.0"), on("serve", "q"), started("p", "a"))
    yield Planted("held by a rollback", staffed(back), "p.0", S.TENANT_HELD, "q.0 of plan q since 20", look)
    resume, cancel = "changeover resume --task q.0", "changeover cancel --task q.0"
    yield Planted(
        "held by a paused task",
        staffed(HELD, stops("q.0", "q.0")),
        "p.0",
        S.TENANT_HELD_BY_PAUSED,
        "which is paused by ada (because)",
        (resume, cancel),
    )
    yield Planted(
        "held by a task paused with its plan",
        staffed(HELD, stops("q.0", "q")),
        "p.0",
        S.TENANT_HELD_BY_PAUSED,
        "which is paused with its plan by ada (because)",
        ("changeover resume --plan q", cancel),
    )
    yield Planted(
        "held by a paused task that is to go back",
        staffed(
            started("q", "a c", max_concurrency=1), stops("q.0", "q.0"), on("serve", "q"), started("p", "a"), _back
        ),
        "p.0",
        S.TENANT_HELD_BY_PAUSED,
        "which is paused and waits for its rollback by ada (because)",
        look,
    )
    resumed = then(HELD, stops("q.0", "q.0"), ask("resume", "q.0"))
    yield Planted(
        "held by a resumed task", staffed(resumed), "p.0", S.TENANT_HELD_BY_WAITING, "was resumed and waits", look
    )
    yield Planted(
        "held by a resumed task of a paused plan",
        staffed(resumed, ask("pause", "q")),
        "p.0",
        S.TENANT_HELD_BY_PAUSED,
        "which waits for its plan, paused by ada (because)",
        ("changeover resume --plan q",),
    )
    yield Planted(
        "held by a task that is gone",
        staffed(HELD, lambda world: world.client.delete(world.keys.of("task", "q.0"))),
        "p.0",
        S.TENANT_HELD_BY_NOBODY,
        "held by task q.0 of plan q since",
        ("changeover release --tenant a --reason 'its holder is gone'",),
    )
    yield Planted(
        "in line for a free tenant",
        staffed(started("q", "a"), started("p", "a"), started("r", "a"), on("finish", "q.0")),
        "r.0",
        S.TENANT_LINE,
        "it stands in line for tenant a, with 1 before it; the tenant is free",
        ("changeover explain --tenant a",),
    )


def _back(world: LedgerWorld) -> None:
    world.ask("rollback", "q.0")
