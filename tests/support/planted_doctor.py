"""Planted situations as a table: what is so, and the row in which `doctor` must say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from orchestrator.control.doctor import Row as R
from orchestrator.domain import formats
from orchestrator.fleet.freezes import FreezeRecord, Scope
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.hooks import Letter, Note
from tests.support.ledger_world import LedgerWorld, config
from tests.support.planted import aged, beat, coordinator, elsewhere, full, on, planned, roomy, staffed, started
from tests.support.planted_disk import can_save, cannot_save
from tests.support.planted_hooks import hooked_with
from tests.support.planted_waits import WRONG
from tests.support.table_steps import Do, shown_ahead, then


@dataclass(frozen=True)
class Told:
    """``name`` (``{root}``: of the namespace's keys) and ``row`` of the check, whether it is good, and what it says."""

    make: Do
    row: R
    name: str
    finding: str
    good: bool = False
    undo: Do = lambda world: None

    def __str__(self) -> str:
        return f"{self.name}, {'good' if self.good else 'wrong'}: {self.finding[:30]}"


def nothing(world: LedgerWorld) -> None:
    pass


def setting(name: str, value: str, usual: str) -> tuple[Do, Do]:
    """Redis itself is set so, and back."""
    return (
        lambda world: world.client.config_set(name, value),
        lambda world: world.client.config_set(name, usual),
    )


def servers() -> Iterator[Told]:
    for name in ("state", "broker"):
        yield Told(nothing, R.SERVER, f"{name} server", "Redis ", good=True)
        yield Told(nothing, R.LATENCY, f"{name} latency", "ms a round trip from this machine", good=True)
        yield Told(nothing, R.MEMORY, f"{name} memory", "MB used, no limit", good=True)
        yield Told(nothing, R.EVICTION, f"{name} eviction", "maxmemory-policy noeviction", good=True)
        yield Told(full, R.MEMORY, f"{name} memory", "a full Redis takes no writes", undo=roomy)
    yield Told(nothing, R.WRITES, "state writes", "taken", good=True)
    yield Told(full, R.WRITES, "state writes", "is full: ", undo=roomy)
    yield Told(cannot_save, R.WRITES, "state writes", "cannot save to its disk", undo=can_save)
    off, on = setting("appendonly", "no", "yes")
    yield Told(off, R.APPEND_ONLY, "append-only file", "a restart of Redis loses all plans", undo=on)
    yield Told(nothing, R.APPEND_ONLY, "append-only file", "on", good=True)

    def evicting(world: LedgerWorld) -> None:
        world.client.config_set("maxmemory", 10**9)
        world.client.config_set("maxmemory-policy", "allkeys-lru")

    def keeping(world: LedgerWorld) -> None:
        world.client.config_set("maxmemory", 0)
        world.client.config_set("maxmemory-policy", "noeviction")

    yield Told(evicting, R.EVICTION, "state eviction", "allkeys-lru: Redis may drop what is needed", undo=keeping)
    yield Told(nothing, R.CLOCK, "clock of this machine", "within 5 s of Redis'", good=True)
    yield Told(shown_ahead, R.CLOCK, "time that is shown", "ahead of Redis' clock, which was put back: it stands at ")


def processes() -> Iterator[Told]:
    yield Told(nothing, R.COORDINATORS, "coordinators", "none is alive; start one with `changeover coordinator`")
    yield Told(elsewhere("coordinator"), R.COORDINATORS, "coordinators", "(one is alive in namespace ")
    yield Told(coordinator, R.COORDINATORS, "coordinators", "1 alive", good=True)
    yield Told(nothing, R.WORKERS, "workers", "nobody consumes lane-0, lane-1, lane-2, lane-3: start one with")
    yield Told(elsewhere("worker"), R.WORKERS, "workers", "(one is alive in namespace ")
    yield Told(_worker(), R.WORKERS, "workers", "1 alive", good=True)
    yield Told(_worker(slots=8, busy=3), R.WORKER_SLOTS, "worker slots", "3 of 8 busy", good=True)
    busy = then(started("p", "a b"), _late, _worker(slots=8, busy=8))
    said = "all 8 worker slots are busy and 2 turns wait for more than a lease: add workers"
    yield Told(busy, R.WORKER_SLOTS, "worker slots", said, good=True)
    yield Told(_worker(silent=75.0), R.SILENT_WORKER, "worker w:2", "connected but silent for 75 s")
    yield Told(
        then(_worker(), _gone(30)),
        R.DEAD_PROCESS,
        "worker w:2",
        "s; if it still runs it is frozen, or this Redis refuses it",
    )
    said = "ended without a word 5 min ago"
    yield Told(then(_worker(), _gone(300)), R.DEAD_PROCESS, "worker w:2", said, good=True)
    away = then(coordinator, lambda world: beat(world, "coordinator", "c:9", brokerAway=12.0))
    said = "its broker at broker:6379/1 has not answered for 12 s"
    yield Told(away, R.BROKER_OF_PROCESS, "broker of coordinator c:9", said)
    other = then(coordinator, _worker(broker="other:6379/1", brokerRun="r2/1"))
    said = "other:6379/1, where no coordinator puts anything (they use broker:6379/1)"
    yield Told(other, R.BROKER_OF_PROCESS, "broker of worker w:2", said)
    lacks = then(_worker(), lambda world: beat(world, "worker", "n:1", steps=["drain"]))
    yield Told(lacks, R.STEPS, "steps of worker w:2", "it lacks steps that other workers have (drain)")
    skewed = lambda world: beat(world, "worker", "w:2", wall=world.reader.now().timestamp() * 1000 - 90_000)  # noqa: E731
    yield Told(skewed, R.CLOCK, "clock of worker w:2", "90 s behind Redis'")
    yield Told(coordinator, R.RELEASES, "releases", version("changeover"), good=True)
    two = then(_worker(release="0.1.0"), lambda world: beat(world, "worker", "n:1", release="0.2.0"))
    said = "they differ: 0.1.0: worker w:2; 0.2.0: worker n:1; an update that is under way is to be finished"
    yield Told(two, R.RELEASES, "releases", said, good=True)
    needs = lambda world: world.client.hset(world.keys.of("settings"), "NEEDS", formats.LEDGER + 1)  # noqa: E731
    newer = f"the ledger needs format {formats.LEDGER + 1}, it knows {formats.LEDGER}"
    said = f"too old: the ledger needs format {formats.LEDGER + 1}, it knows 1 and does nothing"
    yield Told(then(_worker(), needs), R.TOO_OLD, "release of worker w:2", said)
    yield Told(needs, R.TOO_OLD, "release of this command", f"too old: {newer}")
    lacks = then(started("p", "a"), _hands_back, _worker(knows=["noop"]))
    said = "handed back 1 times: worker w:2 has no step of type drain; no live worker of"
    yield Told(lacks, R.HANDED_BACK, "task p.0", said)
    has = then(lacks, lambda world: beat(world, "worker", "n:1", knows=["drain"]))
    yield Told(has, R.HANDED_BACK, "task p.0", "worker n:1 can, and takes it", good=True)
    yield Told(_with_settings, R.SETTINGS, "settings of worker w:2", "max_retry 99, not 3: the coordinators' settings")


def _worker(**more: Any) -> Do:
    return lambda world: beat(world, "worker", "w:2", **more)


def _gone(seconds: float) -> Do:
    return lambda world: aged(world, "worker:w:2", seconds)


def _hands_back(world: LedgerWorld) -> None:
    world.ledger.hand_back(world.turn("p.0"), "w:2/d", "step", "drain", had_begun=False)


def _late(world: LedgerWorld) -> None:
    for task_id in ("p.0", "p.1"):
        world.expire("leases_queued", task_id)


def _with_settings(world: LedgerWorld) -> None:
    beat(world, "worker", "w:2")
    world.ledger.call("beat", "worker:w:2", '["lane-0"]', 0, '{"MAX_RETRY": 99}', 1, "{}")


def plans() -> Iterator[Told]:
    lost = lambda world: world.client.zadd(world.keys.of("leases_running"), {"p.0": 1})  # noqa: E731
    yield Told(lost, R.LEASES, "overdue running leases", "1 tasks: their workers gave no sign")
    late = then(started("p", "a b"), _late)
    yield Told(late, R.LEASES, "overdue queued leases", "2 tasks: their messages wait or are lost", good=True)
    repaired = then(planned("p", "a b c"), _leaks("a", "b"))
    yield Told(repaired, R.REPAIRS, "reconciler repairs", "2 in the last hour, 2 ever: see `reconciler-repair`")
    long_ago = then(repaired, _an_hour_later)
    yield Told(long_ago, R.REPAIRS, "reconciler repairs", "none in the last hour, 2 before", good=True)
    again = then(long_ago, _leaks("c"))
    yield Told(again, R.REPAIRS, "reconciler repairs", "1 in the last hour, 3 ever: see `reconciler-repair`")
    yield Told(nothing, R.RECOVERIES, "recoveries", "0 stages were taken over", good=True)
    yield Told(nothing, R.PERMISSIONS, "writable keys", "any plan may write any key", good=True)
    yield Told(_draft(0), R.DRAFTS, "drafts", "none was cut off", good=True)
    said = "its submit was cut off 20 min ago: submit the same plan again, or `changeover purge --plan p`"
    yield Told(_draft(1200), R.DRAFTS, "draft p", said)
    bad = then(started("p", "a"), lambda world: world.client.hset(world.keys.of("plan", "p"), "max", "many"))
    yield Told(bad, R.DAMAGED_PLAN, "plan p", "its max is 'many', not a number")
    bad = then(started("p", "a"), lambda world: world.client.hset(world.keys.of("plan", "p"), "lastOperation", "{bad"))
    yield Told(bad, R.DAMAGED_PLAN, "plan p", "its lastOperation is '{bad', not a JSON object")
    hurt, wrong = WRONG["epoch"]
    said = f"{wrong}: a hand in the data? It is passed by; put it right with HSET (a config: SET), or take the plan "
    said += "out by a cancel and then `changeover purge --plan p --force`: `changeover cancel --plan p`"
    yield Told(then(started("p", "a"), hurt), R.DAMAGED_TASK, "task p.0 (tenant a)", said)
    hurt, wrong = WRONG["record"]
    yield Told(then(started("p", "a"), hurt), R.DAMAGED_TASK, "task p.0", wrong)
    no_number = lambda world: world.client.set(world.keys.of("seq"), "x")  # noqa: E731
    said = "it is 'x', not the number of the last event: a hand in the data? Now no plan moves until it is mended; in "
    yield Told(then(started("p", "a"), no_number), R.DAMAGED_KEY, _key("seq"), said)
    yield Told(then(started("p", "a"), no_number), R.WRITES, "state writes", "refused by what is damaged")
    no_set = lambda world: world.client.set(world.keys.of("drafts"), "x")  # noqa: E731
    said = "it is a string, not a zset: a hand in the data? Now what goes by it stands still, plans go on; in redis-cli"
    yield Told(then(started("p", "a"), no_set), R.DAMAGED_KEY, _key("drafts"), said)
    gone = then(started("p", "a"), lambda world: world.client.delete(world.keys.of("plan", "p")))
    yield Told(gone, R.DAMAGED_PLAN, "plan p", "it has no record")
    taken_out = then(gone, lambda world: [world.ledger.lose_plan("p", 0, 100), world.ledger.lose_plan("p", 100, 100)])
    yield Told(taken_out, R.DAMAGED_PLAN, "plan p", "its tenants are free: submit it again")


def _leaks(*tenants: str) -> Do:
    """Of plan p, which no coordinator has looked at, these tenants are held; the reconciler frees them."""

    def make(world: LedgerWorld) -> None:
        for tenant in tenants:
            world.client.hset(world.keys.of("tenant", tenant), "holder", f"p.{'abc'.index(tenant)}")
        world.ledger.call("reconcile", "p", 0, 100)

    return make


def _an_hour_later(world: LedgerWorld) -> None:
    for field in ("at", "offset"):
        world.client.hincrby(world.keys.of("clock"), field, 3_600_000)


def fleet() -> Iterator[Told]:
    yield Told(nothing, R.FREEZES, "freezes", "none", good=True)
    two = then(_freeze("a"), lambda world: world.freeze(begins=3600), planned("p", "a b"), on("serve", "p"))
    yield Told(two, R.FREEZES, "freezes", "1 of 2 are in force, 1 tasks wait; `changeover freezes`", good=True)
    said = "its record is damaged: it stops tenants a, and may stop all tenants from "
    yield Told(then(_freeze("a"), _record("{")), R.FREEZES, "freeze freeze-1", said)
    lost = then(_freeze("a"), lambda world: world.client.delete(world.keys.of("freezes_now")))
    yield Told(lost, R.FREEZES, "freeze freeze-1", "it should be in force and stops nobody: a hand in the data?")
    gone = then(_freeze("a"), lambda world: world.client.hdel(world.keys.of("freezes"), "freeze-1"))
    yield Told(gone, R.FREEZES, "freeze freeze-1", "its record is gone, and nobody has lifted it (tenants a, by ada, ")
    run_out = FreezeRecord(Scope(), "ada", "why", 1, every="daily 08:00-09:00 UTC", windows=((1, 2),), known_until_ms=3)
    said = "its times are known no further, so it counts as in force"
    yield Told(then(_freeze("a"), _record(run_out.stored())), R.FREEZES, "freeze freeze-1", said)


def webhooks() -> Iterator[Told]:
    yield Told(nothing, R.WEBHOOKS, "webhooks", "none", good=True)
    yield Told(
        hooked_with(Note()), R.WEBHOOKS, "webhooks", "1 of 1 are well; `changeover webhooks` lists them", good=True
    )
    gone = hooked_with(Note({"disabled": "answered status 410"}))
    said = "its receiver wants no more: answered status 410; `changeover webhooks enable ops` once it takes them again"
    yield Told(gone, R.WEBHOOKS, "webhook ops", said)
    late = hooked_with(Note({"failures": "7", "failingSince": "1", "said": "answered status 500"}))
    said = "7 attempts in a row failed, the last: answered status 500; 0 events behind, since 1970"
    yield Told(late, R.WEBHOOKS, "webhook ops", said)
    said = "no coordinator sends for it at the moment, 0 events wait; start a coordinator"
    yield Told(hooked_with(Note(), 0), R.WEBHOOKS, "webhook ops", said)
    dead = hooked_with(Note(given_up=Letter(1, "{}")))
    said = "1 notifications were given up; `changeover webhooks resend ops` sends them again"
    yield Told(dead, R.WEBHOOKS, "webhook ops", said)


def waiting() -> Iterator[Told]:
    for row, name, said in (
        (R.WAVES, "waves", "none waits"),
        (R.GROUPS, "groups", "none is waited for"),
        (R.PACE, "pace", "no plan is past the time"),
    ):
        yield Told(nothing, row, name, said, good=True)
    soak, asked = (
        Wave("all", 1, soak_seconds=600.0),
        Wave("all", 1, gate='{"url":"x","interval":30000,"timeout":60000}'),
    )
    yield Told(_wave(soak), R.WAVES, "waves", "1 plans soak, or wait for a gate", good=True)
    late = then(_wave(soak), _an_hour_later, lambda world: world.awaited.hand_out())
    said = (
        "wave all soaks for 50 min longer than it should: 1 looks are not answered by any worker: `changeover explain"
    )
    yield Told(late, R.WAVES, "plan p", said)
    late = then(_wave(asked), lambda world: world.client.hincrby(world.keys.of("plan", "p"), "gateEnds", -3_600_000))
    yield Told(
        late, R.WAVES, "plan p", "wave all should have had an answer of its gate 59 min ago: no worker asks it: "
    )
    yield Told(_full_group, R.GROUPS, "groups", "1 are waited for", good=True)
    said = "1 of 1 in use, 1 tasks wait; p.0, which holds it, has had no sign of life for longer than its lease: "
    yield Told(then(_full_group, _an_hour_later), R.GROUPS, "group db", said)
    freed = then(_full_group, lambda world: world.client.hset(world.keys.of("task", "p.0"), "status", "PAUSED"))
    yield Told(
        freed, R.GROUPS, "group db", "1 of 1 in use, 1 tasks wait; p.0, which holds it, is PAUSED: a sweep frees it"
    )
    late = then(
        planned("p", "a"), lambda world: world.client.zadd(world.keys.of("due"), {"p": world.reader.now_ms() - 3e5})
    )
    yield Told(late, R.PACE, "plan p", "its time came 5 min ago, and no coordinator has given it a turn: ")


def _wave(wave: Wave) -> Do:
    return lambda world: world.finish(*world.started("p", ["a"], rules=FleetRules(1, waves=(wave,)), wave_of=[0]))


def _full_group(world: LedgerWorld) -> None:
    world.limit_groups({"db": 1})
    for plan_id, tenant in (("p", "a"), ("q", "b")):
        world.started(plan_id, [tenant], traits={tenant: {"groups": ["db"]}})


def _freeze(tenants: str) -> Do:
    return lambda world: world.freeze(tenants)


def _record(text: str) -> Do:
    return lambda world: world.client.hset(world.keys.of("freezes"), "freeze-1", text)


def _key(kind: str) -> str:
    return "key {root}" + kind


def _draft(age_seconds: float) -> Do:
    def make(world: LedgerWorld) -> None:
        world.open("p", 3)
        world.ledger.write_chunk("p", "d", 0, [("a", config("a", "p"))])
        world.client.zincrby(world.keys.of("drafts"), -1000 * age_seconds, "p")

    return make


ALL_WELL = staffed(started("p", "a"))
