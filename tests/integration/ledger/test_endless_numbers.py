"""A number that a hand has made too large for one more to change it (1e308, inf) sends no script round without end:
Redis would hang in it, with all its clients (I19)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
import redis
from redis.exceptions import ResponseError

from orchestrator.client import Client
from orchestrator.domain.errors import DamagedData
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.connection import connect
from orchestrator.ledger.operations import Order
from orchestrator.ledger.purges import Purges
from orchestrator.settings.model import Settings
from tests.support.counting import counted
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.place import Place

ENDLESS: Final = ("inf", *(pytest.param(number, marks=long) for number in ("-inf", "1e308", "-1e308", "9" * 15)))
ORDER: Final = Order("ada", "because", accept_failures=True)


@pytest.fixture
def world(place: Place, settings: Settings) -> Iterator[LedgerWorld]:
    """Who hangs is told at once, not by the test's own end."""
    with redis.Redis.from_url(place.admin_url, decode_responses=True, socket_timeout=5.0) as client:
        yield LedgerWorld(client, settings, connect(place.redis_url, patient=False))


def fleet(world: LedgerWorld, on_breach: str = "pause") -> None:
    """The first wave has failed; the second waits."""
    first = Wave("canary", 1, tolerance=Tolerance(0, strict=False), soak_seconds=600, gate="manual")
    rules = FleetRules(3, None, on_breach, (first, Wave("rest", 2)))
    world.started("p", "abc", rules=rules, wave_of=[0, 1, 1], stages=["one"])


def breaks(world: LedgerWorld) -> None:
    fleet(world)
    world.break_stage("p.0")


def breaks_and_goes_back(world: LedgerWorld) -> None:
    fleet(world, "rollback_wave")
    world.break_stage("p.0")


def soaks(world: LedgerWorld) -> None:
    fleet(world)
    world.finish("p.0")


def is_cancelled(world: LedgerWorld) -> None:
    fleet(world)
    world.ask("cancel", "p")


def goes_back(world: LedgerWorld) -> None:
    soaks(world)
    world.ask("rollback", "p")


def gate(world: LedgerWorld) -> object:
    return world.operations.answer_gate("p", "", ORDER, approves=True)


def serve(world: LedgerWorld) -> object:
    return world.serve("p")


def refused_at_most(act: Callable[[], object]) -> None:
    """One that hangs times out instead, and finds Redis busy from then on."""
    with suppress(ResponseError):
        act()


Act = Callable[[LedgerWorld], Any]
PLACES: Final[dict[str, tuple[Act, str, Act]]] = {
    "resume": (breaks, "waves", lambda world: world.ask_again("resume", "p", ORDER)),
    "approve": (soaks, "waves", gate),
    "settle": (breaks, "waves", serve),
    "wave": (breaks, "wave", serve),
    "passed": (breaks, "passed", serve),
    "cancel": (is_cancelled, "cancelCursor", serve),
    "rollback": (goes_back, "rollbackCursor", serve),
    "rollback of many": (soaks, "total", lambda world: (world.ask("rollback", "p"), world.serve("p"))),
    "wave rollback": (breaks_and_goes_back, "waveRollback", serve),
    "looks": (soaks, "soakCursor", lambda world: world.looks("p")),
    "last of a wave": (soaks, "wave:0:last", lambda world: world.awaited.hand_out()),
    "draft": (lambda world: world.open("p", 2), "written", lambda world: world.ledger.call("abandon_draft", 0, 100)),
}


@pytest.mark.parametrize("number", ENDLESS)
@pytest.mark.parametrize("where", PLACES)
def test_no_script_goes_round_without_end(world: LedgerWorld, where: str, number: str) -> None:
    before, field, act = PLACES[where]
    before(world)
    world.client.hset(world.keys.of("plan", "p"), field, number)
    refused_at_most(lambda: act(world))
    assert world.client.ping()


@pytest.mark.parametrize("number", ENDLESS)
@pytest.mark.parametrize("field", ["legs", "stage", "touched"])
def test_no_rollback_of_a_task_goes_round_without_end(world: LedgerWorld, field: str, number: str) -> None:
    world.started("p", "ab", stages=["one"])
    world.break_stage("p.0")
    world.client.hset(world.keys.of("task", "p.0"), field, number)
    refused_at_most(lambda: world.ask("rollback", "p.0"))
    refused_at_most(lambda: world.serve("p"))
    world.finish("p.1")
    assert world.status("p.1") == "COMPLETED"


@pytest.mark.parametrize("number", [*ENDLESS, "2.5", "1e12"])
def test_what_is_left_of_a_purge_is_counted_anew(world: LedgerWorld, number: str) -> None:
    for task_id in world.started("p", [f"t{place}" for place in range(11)], max_concurrency=11, stages=["one"]):
        world.finish(task_id)
    purges = Purges(world.ledger)
    purges.purge("p", ORDER)
    world.client.zadd(world.keys.of("purges"), {"p": number})
    while purges.chunk(4) is not None:
        pass
    assert not [name for name in world.dump() if ":task:" in name or ":config:" in name]


@pytest.mark.parametrize("number", ENDLESS)
def test_whoever_looks_at_such_a_plan_says_so(world: LedgerWorld, settings: Settings, number: str) -> None:
    fleet(world)
    world.started("good", "xyz", stages=["one"])
    # A large number of tenants or slots is one all the same.
    more = () if number.isdecimal() else ("total", "max")
    for field in ("waves", "wave", "passed", *more):
        kept = str(world.client.hget(world.keys.of("plan", "p"), field))
        world.client.hset(world.keys.of("plan", "p"), field, number)
        with Client(settings) as client:
            (told,) = [one.finding for one in client.doctor().checks if one.name == "plan p"]
            assert told.startswith(f"its {field} is '{number}'")
            said = [one.sentence for one in client.explain(plan_id="p").remarks]
            assert any(f"its {field} is" in sentence for sentence in said), (field, said)
            assert {one.plan_id for one in client.plans()} == {"p", "good"}
            with suppress(DamagedData):
                client.status("p")
        world.client.hset(world.keys.of("plan", "p"), field, kept)


ALL_TASKS: Final[dict[str, Callable[[Client], Any]]] = {
    "its tasks": lambda client: list(client.tasks("p")),
    "explain": lambda client: client.explain(plan_id="p"),
    "doctor": lambda client: client.doctor(),
    "checkpoints": lambda client: client.checkpoints("p"),
    "export": lambda client: list(client.export("p")),
    "drift": lambda client: list(client.drift(plan_id="p")),
}


@pytest.mark.parametrize("field", ["written", "total"])
@pytest.mark.parametrize("look", ALL_TASKS)
def test_whoever_goes_through_all_tasks_comes_to_an_end(
    world: LedgerWorld, settings: Settings, look: str, field: str
) -> None:
    fleet(world)
    world.client.hset(world.keys.of("plan", "p"), field, "9" * 6)
    with Client(settings) as client, counted(world.client) as work, suppress(DamagedData):
        ALL_TASKS[look](client)
    assert work.commands < 1000


@pytest.mark.parametrize(
    ("field", "told"),
    [("written", "more than its total of 3"), ("notBefore", "not a number"), ("notAfter", "not a number")],
)
def test_a_number_of_tasks_or_a_time_that_cannot_be_is_named(
    world: LedgerWorld, settings: Settings, field: str, told: str
) -> None:
    fleet(world)
    # Before 1970 a time may be.
    world.client.hset(world.keys.of("plan", "p"), mapping={"notBefore": -5, "notAfter": -1})
    assert not world.reader.wrong_with_plan("p")
    world.client.hset(world.keys.of("plan", "p"), field, "9" * 15)
    with Client(settings) as client:
        (found,) = [one.finding for one in client.doctor().checks if one.name == "plan p"]
        said = [one.sentence for one in client.explain(plan_id="p").remarks]
    assert found.startswith(f"its {field} is '999999999999999', {told}")
    assert any(f"its {field} is" in sentence for sentence in said)


@pytest.mark.parametrize("field", ["total", "waves"])
def test_an_empty_number_is_named_too(world: LedgerWorld, settings: Settings, field: str) -> None:
    fleet(world)
    world.client.hset(world.keys.of("plan", "p"), field, "")
    with Client(settings) as client:
        (told,) = [one.finding for one in client.doctor().checks if one.name == "plan p"]
    assert told.startswith(f"its {field} is '', not a number")


def test_an_endless_number_of_stages_takes_nobodys_memory(world: LedgerWorld, settings: Settings) -> None:
    fleet(world)
    world.client.hset(world.keys.of("plan", "p"), "stages", "9" * 6)
    tracemalloc.start()
    with Client(settings) as client:
        client.task_status("p.0")
        judged(world.client, world.keys)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
