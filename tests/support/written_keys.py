"""Verbs beside those of the tables (see ``damaged_values.py``), and each of the keys that one of them writes to, to be
made one of another type in turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import redis
from structlog.testing import capture_logs

from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.domain.errors import BadMove, ChangeoverError
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.ledger.purges import Purges
from tests.support.damaged_values import Tries
from tests.support.ledger_world import ME, LedgerWorld, config
from tests.support.planted_waves import HTTP_GATE
from tests.support.table_steps import FORCE, Do, ask, chunk, hand_out, leave_to_chunks, look, then

SHARED: Final = (
    *("seq", "feed", "epoch", "meta", "leases-running", "leases-queued", "deadlines", "ready", "ended", "active"),
    *("lined", "freeze-times", "freezes-now", "thawing", "beats", "counters", "handed-back", "inbox", "audit"),
    *("plans", "drafts", "purges", "due", "awaited", "lost", "own-log", "freezes"),
)
OWN: Final = ("plan:p", "spec:p", "queue:p", "slots:p", "plan-paused:p", "log:p", "plan-seq:p")
"""Of the plan that a verb is tried with."""


TEXTS: Final = ("seq", "epoch", "spec:", "plan-seq:", "config:", "checkpoint:", "request:")


def make_another(world: LedgerWorld, key: str) -> None:
    """Makes the key one of another type."""
    world.client.delete(key)
    is_text = key.removeprefix(world.keys.root).startswith(TEXTS)
    world.client.rpush(key, "garbage") if is_text else world.client.set(key, "garbage")


class KeyTries(Tries):
    """One situation, in which a verb is tried anew for each key."""

    def written(self) -> list[str]:
        """What it changes where nothing is damaged, without the root of the namespace."""
        before = self._world.dump()
        self._done()
        after = self._world.dump()
        self._restore()
        root = len(self._world.keys.root)
        return sorted(name[root:] for name in before.keys() | after if before.get(name) != after.get(name))

    def faults_of_keys(self, names: list[str]) -> Iterator[str]:
        """What is wrong after the verb, of each key that it does not come through whole."""
        for name in names:
            fault = self._of_another_type(self._world.keys.root + name)
            self._restore()
            if fault:
                yield f"{name}: {fault}"

    def _done(self) -> str:
        with capture_logs():
            try:
                self._act(self._world)
            except (redis.RedisError, BadMove, ChangeoverError) as error:
                return str(error) or type(error).__name__
            except KeyError:
                return "what the test reads is damaged"
        return ""

    def _of_another_type(self, key: str) -> str:
        world = self._world
        kept, ttl = world.client.dump(key), world.client.pttl(key)
        make_another(world, key)
        before = world.dump()
        refused = self._done()
        now = world.dump()
        changed = [name.rpartition("}:")[2] for name in now.keys() | before if now.get(name) != before.get(name)]
        if refused:
            if changed:
                return f"{refused}, and {sorted(changed)} changed, though refused"
            return "" if " is damaged" in refused or "WRONGTYPE" in refused else refused
        if not changed:
            return ""
        if key in now and now[key] == before[key]:
            world.client.delete(key)
            if kept:
                world.client.restore(key, max(ttl, 0), kept)
        wrong = sorted(self._wrong() - self._own)
        return f"done, and then {wrong}" if wrong else ""


def _purge(force: bool = False, **part: Any) -> Do:
    order = Order("ada", "because", force=force)
    return lambda world: Purges(world.ledger).purge("p", order, **part)


def _done(world: LedgerWorld) -> None:
    world.done("p", "a", "b", stages=["one"])


def _hurt(field: str) -> Do:
    return lambda world: world.client.hset(world.keys.of("plan", "p"), field, "x")


def _draft(world: LedgerWorld) -> None:
    world.open("p", 5)
    world.ledger.write_chunk("p", "d", 0, [(name, config(name, "p"), "{}") for name in "abc"])


def _abandon(most: int) -> Do:
    return lambda world: world.ledger.call("abandon_draft", -1000, most)


def _frozen_still(world: LedgerWorld) -> None:
    world.freeze("a*")
    world.started("p", ["a1", "a2", "b"], stages=["one"])


def _lift(world: LedgerWorld) -> Any:
    (freeze,) = world.freezes.reads.all()
    return world.freezes.lift(freeze.freeze_id, Order("ada", "because", request_id="lifts"))


def _exclude(world: LedgerWorld) -> Any:
    return FailureAnswers(world.ledger).on_plan("exclude", "p", "c", Order("ada", "because", request_id="excludes"))


def _soaks(tenants: str = "ab", **wave: Any) -> Do:
    def make(world: LedgerWorld) -> None:
        first = Wave("first", len(tenants), tolerance=Tolerance(len(tenants), strict=False), **wave)
        rules = FleetRules(3, waves=(first, Wave("rest", 1)))
        places = [0] * len(tenants) + [1]
        world.started("p", [*tenants, "z"], max_concurrency=3, stages=["one"], rules=rules, wave_of=places)
        for position in range(len(tenants)):
            world.finish(f"p.{position}")

    return make


def _is_due(world: LedgerWorld) -> None:
    world.client.zadd(world.keys.of("awaited"), {"p": 0})


def _hand_out(world: LedgerWorld) -> Any:
    return world.awaited.hand_out()


def _is_there(world: LedgerWorld) -> Any:
    return world.awaited.record_look("p.0", int(world.reader.plan_record("p")["soakLook"]), None)


def _soak_is_over(world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("plan", "p"), mapping={"soakEnds": 1, "soakUntil": 1})


def _paced(*, late: bool = False, rate: int | None = 60) -> Do:
    def make(world: LedgerWorld) -> None:
        now = world.reader.now()
        ends = now + timedelta(hours=-1 if late else 1)
        pace = StartRules(starts_per_minute=rate, not_before=now - timedelta(hours=2), not_after=ends)
        world.plan("p", ["a", "b"], stages=["one"], rules=FleetRules(2, pace=pace))

    return make


def _admit(world: LedgerWorld) -> Any:
    return world.admit("p")


def _failed(world: LedgerWorld) -> None:
    world.started("p", "abc", max_concurrency=3, stages=["one"])
    for task_id in ("p.0", "p.1"):
        world.break_stage(task_id)


def _narrowed(world: LedgerWorld) -> Any:
    order = Order("ada", "because", request_id="narrowed")
    return NarrowedRetry(world.operations, world.reader, 1).of_plan("p", Narrowing(stage="one"), order)


def _moved(world: LedgerWorld) -> None:
    world.started("p", "abc", max_concurrency=3, stages=["one", "two"])
    world.finish("p.0")
    world.stage("p.1")


def _paused_in_chunks(world: LedgerWorld) -> None:
    _moved(world)
    world.begin("p.1")
    world.begin("p.2")
    world.ask("pause", "p")
    world.succeed("p.1")
    world.succeed("p.2")
    world.client.hset(world.keys.of("plan", "p"), mapping={"resuming": 1, "status": "RUNNING", "pauseRequested": 0})


def _stopped_again(world: LedgerWorld) -> None:
    _paused_in_chunks(world)
    world.client.hset(world.keys.of("plan", "p"), mapping={"status": "PAUSED", "pauseRequested": 1})


def _answer(*, approves: bool) -> Do:
    return lambda world: world.operations.answer_gate("p", "", ME, approves=approves)


def _lose(world: LedgerWorld) -> Any:
    return world.ledger.lose_plan("p", 0, 100)


def _lost(world: LedgerWorld) -> None:
    _moved(world)
    world.client.delete(world.keys.of("plan", "p"))


def _part(world: LedgerWorld) -> Any:
    return Purges(world.ledger).purge("p", ME, part_of=("many", "what is old"))


_gone: Final = then(_soaks("a", soak_seconds=600.0), hand_out, look, hand_out)
_nobody: Final = then(_gone, look, _soak_is_over, _is_due)

WRITERS: Final[dict[str, tuple[Do, Do]]] = {
    "purge": (_done, _purge()),
    "purge by force": (then(_done, _hurt("planSeq")), _purge(force=True)),
    "purge without a total": (then(_done, _hurt("written")), _purge(force=True)),
    "purge as a part": (_done, _part),
    "purge, its tasks": (then(_done, _purge()), lambda world: Purges(world.ledger).chunk()),
    "lose": (_lost, _lose),
    "lose, its end": (then(_lost, _lose), lambda world: world.ledger.lose_plan("p", 100, 100)),
    "abandon, tasks left": (_draft, _abandon(2)),
    "abandon, the end": (then(_draft, _abandon(2)), _abandon(100)),
    "thaw": (then(_frozen_still, _lift), lambda world: world.freezes.thaw(100)),
    "looks of a soak": (then(_soaks(soak_seconds=600.0), _is_due), _hand_out),
    "a soak with nobody left": (_nobody, _hand_out),
    "a gate is asked": (then(_soaks(gate=HTTP_GATE), _is_due), _hand_out),
    "a look": (then(_soaks(soak_seconds=600.0), lambda world: world.looks("p")), _is_there),
    "the last look": (then(_soaks("a", soak_seconds=600.0), hand_out, _soak_is_over), _is_there),
    "a look in doubt": (then(_soaks("a", soak_seconds=600.0), hand_out), look),
    "a look that fails": (_gone, look),
    "paced admission": (_paced(), _admit),
    "too late": (_paced(late=True, rate=None), _admit),
    "a narrowed retry": (_failed, _narrowed),
    "a retry in chunks": (then(_failed, leave_to_chunks), chunk("retry_chunk")),
    "a resume in chunks": (_paused_in_chunks, chunk("resume_chunk")),
    "a resume in chunks, stopped": (_stopped_again, chunk("resume_chunk")),
    "a rollback in chunks": (then(_moved, ask("rollback", "p", FORCE)), chunk("rollback_chunk")),
    "a cancel in chunks": (then(_moved, ask("cancel", "p")), chunk("cancel_chunk")),
    "a gate is approved": (_soaks(gate="manual"), _answer(approves=True)),
    "a gate is rejected": (_soaks(gate="manual"), _answer(approves=False)),
    "a submit": (lambda world: None, lambda world: world.open("p", 2)),
    "some are excluded": (_moved, _exclude),
    "a freeze is set": (_moved, lambda world: world.freeze("b*")),
    "a freeze is lifted": (_frozen_still, _lift),
    "freezes are passed": (_frozen_still, lambda world: world.override("p")),
}
