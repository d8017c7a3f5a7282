"""Fields of records, and the shared settings, each to be damaged in turn, and what a verb has made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple, cast

import redis
from structlog.testing import capture_logs

from orchestrator.domain.errors import BadMove, ChangeoverError
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.damage import COUNTED
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.table_steps import FORCE, SCRATCH, Do, ask, chunk, serve, then
from tests.support.wave_cases import every_case

NO_NUMBERS: Final = ("x", "1.5", "-7")
"""No number; one that Lua reads as such and Redis adds nothing to; one below 0."""
NO_TEXTS: Final = ("\x00{garbage", "", "[]", "0")
NO_SETTINGS: Final = ("x", "1.5", "-7", "0", None)
_MAY_BE_BELOW_0: Final = frozenset({"priority", "notBefore", "notAfter"})

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_FLAGS: Final = frozenset(
    {
        *("pauseRequested", "cancelRequested", "rollbackRequested", "stageStarted", "healthy", "forced", "accepted"),
        *("policyBack", "sentBack", "frozenTold", "groupTold", "soakFailed", "timed", "paced", "resuming", "underWay"),
        *("autoRollback", "rollbackForced", "rollbackGivenUp", "moved", "freezeOverride"),
    }
)
"""Fields that are there or not, whatever they say."""
_MAY_COME: Final[dict[str, tuple[str, ...]]] = {
    "plan": tuple(f"n:{name}" for name in COUNTED),
    "task": (
        *("retries", "attempt", "recoveries", "republished", "rollbacks", "pausedMillis", "ranMillis", "overtaken"),
        *("looked", "absentAt", "absentSince", "ticket", "skipStage", "rank", "legs"),
    ),
    "tenant": ("moverEpoch",),
}
"""Numbers of each kind of record that scripts may yet write."""
_OF_WAVE: Final = (*(f"n:{name}" for name in COUNTED if name != "lined"), "accepted")

_IS_COUNT: Final = re.compile(r"(wave:\d+:)?n:\w+")
_BY_DESIGN: Final = frozenset({"in no queue", "passed by when its plan was given up"})
"""What the reconciler does for those that were passed by as damaged."""
_PASSED_BY: Final = re.compile("is admitted before|could go on and has no turn to come")
"""What the checker says where one was: others went before it, and the walk over all active plans comes to it."""


class Field(NamedTuple):
    """A field of a hash, by the kind of its key."""

    kind: str
    key: str
    name: str


def numeric_fields(world: LedgerWorld) -> list[Field]:
    """All of plans, tasks and tenants, as the ledger is now; and those that scripts may add."""
    found: list[Field] = []
    for kind, may_come in _MAY_COME.items():
        for key in sorted(cast(list[str], world.client.keys(world.keys.of(kind, "*")))):
            record = cast(dict[str, str], world.client.hgetall(key))
            waves = range(int(record.get("waves", 0)))
            names = {name for name, value in record.items() if _NUMBER.fullmatch(value)} - _FLAGS
            names |= {*may_come, *(f"wave:{wave}:{name}" for wave in waves for name in _OF_WAVE)}
            found += [Field(kind, key, name) for name in sorted(names) if not _is_flag(name)]
    return found


def _is_flag(name: str) -> bool:
    return re.fullmatch(r"irreversible:\d+|wave:\d+:(sentBack|moved)", name) is not None


class Damage(NamedTuple):
    """What a hand has made of a field; None: taken it out."""

    field: Field
    value: str | None

    @property
    def is_believed(self) -> bool:
        """Nobody can see that it is none of its kind: what goes by it goes wrong, but whole, and can be read."""
        return self.value not in NO_NUMBERS


def damages(world: LedgerWorld) -> list[Damage]:
    """All of plans, tasks, tenants and shared settings, as the ledger is now."""
    numbers = numeric_fields(world)
    found = [Damage(field, value) for field in numbers for value in _instead_of(field)]
    known = frozenset(numbers)
    for kind in _MAY_COME:
        for key in sorted(cast(list[str], world.client.keys(world.keys.of(kind, "*")))):
            fields = [Field(kind, key, name) for name in sorted(cast(dict[str, str], world.client.hgetall(key)))]
            texts = [field for field in fields if field not in known]
            found += [Damage(field, value) for field in texts for value in (*NO_TEXTS, None)]
            found += [Damage(field, None) for field in fields if field in known]
    settings = world.keys.of("settings")
    names = sorted(cast(dict[str, str], world.client.hgetall(settings)))
    return found + [Damage(Field("settings", settings, name), value) for name in names for value in NO_SETTINGS]


def _instead_of(field: Field) -> Iterator[str]:
    yield from NO_NUMBERS[: 2 if field.name in _MAY_BE_BELOW_0 else 3]
    if _IS_COUNT.fullmatch(field.name):
        yield "0"


class Tries:
    """One situation, in which a verb is tried anew for each damage."""

    def __init__(self, world: LedgerWorld, act: Do) -> None:
        self._world, self._act = world, act
        self._records = dict(world._records)
        names = cast(list[str], world.client.keys("*"))
        with world.client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.dump(name)
                pipeline.pttl(name)
            told = pipeline.execute()
        self._kept = list(zip(names, told[::2], told[1::2], strict=True))
        with suppress(redis.RedisError, BadMove, ChangeoverError):
            act(world)
        self._own = self._wrong()
        self._restore()

    def faults(self, found: Sequence[Damage]) -> Iterator[str]:
        """What is wrong after the verb, of each damage that it does not come through whole."""
        for damage in found:
            fault = self._try(damage)
            self._restore()
            if fault:
                yield f"{damage.field.key.rpartition('}:')[2]} {damage.field.name} = {damage.value}: {fault}"

    def _restore(self) -> None:
        self._world._records = dict(self._records)
        with self._world.client.pipeline(transaction=False) as pipeline:
            pipeline.flushdb()
            for name, kept, ttl in self._kept:
                pipeline.restore(name, max(ttl, 0), kept)
            pipeline.execute()

    def _try(self, damage: Damage) -> str:
        world, (field, value) = self._world, damage
        good = world.client.hget(field.key, field.name)
        _put(world, field, value)
        before, since, refused, is_raw = world.state(), world.now(), "", False
        try:
            with capture_logs():
                self._act(world)
        except (redis.RedisError, BadMove, ChangeoverError) as error:
            refused = str(error)
            is_raw = isinstance(error, redis.RedisError) and " is damaged" not in refused
        except (AssertionError, KeyError, ValueError):
            refused = "by the test"
        if world.state() == before:
            return ""
        if refused and (is_raw or world.now() == since):
            now = world.state()
            changed = [name.rpartition("}:")[2] for name in now.keys() | before if now.get(name) != before.get(name)]
            return f"{refused}, and {sorted(changed)} changed, though refused"
        if world.client.hget(field.key, field.name) == value:
            _put(world, field, cast(str | None, good))
        wrong = sorted(self._wrong() - self._own)
        if damage.is_believed:
            wrong = [one for one in wrong if "cannot be read" in one]
        return f"{refused or 'done'}, and then {wrong}" if wrong else ""

    def _wrong(self) -> set[str]:
        """What the reconciler repairs, and what the checker finds then."""
        world = self._world
        with capture_logs():
            repairs = [world.ledger.call("reconcile", one, 0, 100)[2] for one in world.reader.plan_ids()]
        found = {what for of_plan in repairs for _, what in of_plan} - _BY_DESIGN
        messages = {one.message for one in judged(world.client, world.keys).violations}
        return found | {one for one in messages if not _PASSED_BY.search(one)}


def _put(world: LedgerWorld, field: Field, value: str | None) -> None:
    if value is None:
        world.client.hdel(field.key, field.name)
    else:
        world.client.hset(field.key, field.name, value)


def _fleet(on_breach: str, *, tolerated: int = 0, policy: bool = False, **first: Any) -> Do:
    """A wave of two, and one behind it: p.0 is done, p.1 runs its stage."""

    def make(world: LedgerWorld) -> None:
        wave = Wave("first", 2, tolerance=Tolerance(tolerated, strict=False), **first)
        rules = FleetRules(3, None, on_breach, (wave, Wave("rest", 1)), auto_rollback=policy)
        world.started("p", "abc", max_concurrency=3, stages=["one"], rules=rules, wave_of=[0, 0, 1])
        world.finish("p.0")
        world.begin("p.1")

    return make


def _answer(word: Literal["accept", "skip-stage"]) -> Do:
    return lambda world: FailureAnswers(world.ledger).on_task(word, "p.1", Order("ada", "because"))


def _fail(world: LedgerWorld) -> object:
    return world.fail("p.1")


def _break(world: LedgerWorld) -> object:
    return world.break_stage("p.1")


def _succeed(world: LedgerWorld) -> object:
    return world.succeed("p.1")


def _admit(world: LedgerWorld) -> object:
    return world.admit("p")


def _sent_back(on_breach: str) -> Do:
    """By its breaker; p.0 is back, p.1 on its way."""
    return then(_fleet(on_breach), _fail, serve, serve, lambda world: world.finish("p.0"), serve)


def _back(on_breach: str) -> Do:
    return then(_sent_back(on_breach), lambda world: world.finish("p.1"))


def _grouped(world: LedgerWorld) -> None:
    """p.0 and p.1 wait for what q.0 holds, p.0 for more."""
    world.limit_groups({"db": 1, "rack": 1})
    world.started("q", "x", stages=["one"], traits={"x": {"groups": ["db"]}})
    world.begin("q.0")
    world.started("r", "z", stages=["one"], traits={"z": {"groups": ["rack"]}})
    world.started("p", "abc", stages=["one"], traits={"a": {"groups": ["db", "rack"]}, "b": {"groups": ["db"]}})


def _fleets() -> Iterator[tuple[str, Do, Do]]:
    for on_breach in ("pause", "cancel", "rollback_wave", "rollback_plan"):
        yield f"a breaker trips: {on_breach}", _fleet(on_breach), _fail
    yield "a failure goes back by itself", _fleet("pause", tolerated=1, policy=True), _fail
    yield "the last of a wave soaks", _fleet("pause", soak_seconds=60.0), _succeed
    yield "the last of a wave asks", _fleet("pause", gate="manual"), _succeed
    yield "the last of a wave", _fleet("pause"), _succeed
    failed = then(_fleet("pause", tolerated=1), _fail)
    yield "a failure is accepted", failed, _answer("accept")
    yield "a stage is skipped", failed, _answer("skip-stage")
    yield "a failure is retried", failed, ask("retry", "p.1")
    skipped = then(failed, _answer("skip-stage"), serve)
    yield "behind a stage that was skipped", skipped, _break
    yield "an accepted failure is retried", then(failed, _answer("accept")), ask("retry", "p.1")
    yield "a way back of a failure", then(failed, ask("rollback", "p.1")), _admit
    yield "a way back is asked for", _fleet("pause"), ask("rollback", "p.0", FORCE)
    yield "a way back is given up", then(_fleet("pause"), ask("rollback", "p.0", FORCE)), ask("cancel", "p.0")
    resume = ask("resume", "p", Order("ada", "because", accept_failures=True))
    yield "failures are borne", then(_fleet("pause"), _fail), resume
    yield "a wave is asked to go back", then(_fleet("rollback_wave"), _fail), chunk("wave_rollback_chunk")
    yield "a plan is asked to go back", then(_fleet("rollback_plan"), _fail), chunk("rollback_chunk")
    for on_breach in ("rollback_wave", "rollback_plan"):
        asked = then(_fleet(on_breach), _fail, chunk("wave_rollback_chunk"), chunk("rollback_chunk"))
        yield f"{on_breach}: admitted", asked, _admit
        yield f"{on_breach}: back", _sent_back(on_breach), lambda world: world.finish("p.1")
        yield f"{on_breach}: not back", _sent_back(on_breach), _break
        yield f"{on_breach}: one is moved again", _back(on_breach), ask("retry", "p.1", SCRATCH)
        yield f"{on_breach}: all are moved again", _back(on_breach), ask("retry", "p", SCRATCH)
    yield "a group comes free", _grouped, lambda world: world.succeed("q.0")
    yield "a place of a group is taken", then(_grouped, lambda world: world.succeed("q.0")), _admit


SITUATIONS: Final[dict[str, tuple[Do, Do]]] = {
    **{case.name: (case.make, case.act) for case in every_case() if not case.name.endswith("by release")},
    **{name: (make, act) for name, make, act in _fleets()},
}
"""Of every row of the tables, and of fleets: what is made, and the verb that is tried then. Not a release: it takes the
tenant from a holder whose record tells nothing."""
