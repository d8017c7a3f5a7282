"""No value in any record ends a look with a traceback, or keeps another plan from going on (I19). A sample
that ``make test`` tries is in ``ledger/test_hand_back.py``."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import pytest
import redis

from orchestrator.broker.messages import own_queue
from orchestrator.client import Client
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.outcomes import Ended
from orchestrator.ledger.sample import read_sample
from orchestrator.settings.model import Settings
from tests.integration.control.test_damaged_reading import LOOKS
from tests.support.coordinating import Coordinating
from tests.support.damaged_keys import whole_ledger
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.nasty_values import Kept, damaged, fields, plant
from tests.support.place import Place
from tests.support.seeds import SEEDS
from workers.waiting_turns import waiting_turns

Look = Callable[[Client, LedgerWorld], Any]

READS: Final[dict[str, Look]] = {
    **LOOKS,
    "explain the tenant": lambda client, world: client.explain(tenant_id="bad-0"),
    "explain what was handed back": lambda client, world: client.explain(task_id="bad.2"),
    "explain who waits": lambda client, world: client.explain(plan_id="waits"),
    "explain who soaks": lambda client, world: client.explain(plan_id="soaks"),
    "explain who is frozen": lambda client, world: client.explain(task_id="stays.0"),
    "status of the tenant": lambda client, world: client.tenant_status("bad-0"),
    "doctor": lambda client, world: client.doctor(),
    "metrics": lambda client, world: read_sample(world.ledger.client, world.keys),
    "check of the history": lambda client, world: judged(world.client, world.keys),
}
OF_ONE: Final = (
    "plan:",
    "task:",
    "tenant:",
    "config:",
    "spec:",
    "checkpoint:",
    "hook:",
    "session:",
    "presence",
    "tokens",
)
"""What of the ledger is one plan's, tenant's, worker's or person's. Of what all go by see ``test_damaged_keys``, of
freezes, whose damage stops all, ``test_damaged_freezes``."""


def told_by(client: Client, world: LedgerWorld, looks: dict[str, Look] = READS) -> list[str]:
    """Looks that end in anything but an answer or a clear error."""
    found = []
    for name, look in looks.items():
        try:
            look(client, world)
        except ChangeoverError:
            continue
        except Exception as error:  # noqa: BLE001 - what must not come
            found.append(f"{name}: {type(error).__name__} {error}"[:300])
    return found


def unnamed(client: Client, kind: str, identifier: str, field: str) -> list[str]:
    """Where a record is shown as damaged, or cannot be read to the end, and nobody says which field it is."""
    try:
        told = client.explain(whole=False, **{f"{kind}_id": identifier})
    except ChangeoverError:
        # Of who is purged, or written, nothing is told.
        return []
    reasons = " ".join(told.reasons)
    is_read = told.status != "DAMAGED" and "cannot be read" not in reasons
    return [] if is_read or f"its {field}" in reasons else [f"not named: {reasons}"]


def comes(world: LedgerWorld) -> list[str]:
    """A worker comes that can run what was handed back; answers what it takes."""
    queue = own_queue("h", 9)
    queues = json.dumps([queue, *lane_names(world.settings.lanes)])
    world.ledger.call("beat", "worker:h:9", queues, 0, "{}", 1, json.dumps({"knows": ["drain"]}))
    return [row.task_id for row in waiting_turns(world.ledger, world.reader, queue, world.settings.lanes)]


def goes_on(world: LedgerWorld) -> list[str]:
    """What others still do: a coordinator looks around, a worker comes, and the other plan's tasks move."""
    coordinating, found = Coordinating(world), list[str]()
    # Anew: a wait that is over is for whoever gets the message.
    world.ledger.hand_back(world.turn("good.2"), "w:2/e", "step", "drain", had_begun=False)
    if "good.2" not in comes(world):
        found.append("the turn of good.2 is not taken")
    coordinating.reconcile()
    if (ended := world.finish("good.0")) is not Ended.COMPLETED:
        found.append(f"good.0 is {ended}")
    coordinating.settle()
    coordinating.look()
    if (status := world.status("good.3")) != "RUNNING":
        found.append(f"good.3 is {status}")
    return found


class Planting:
    """Plants, looks, and puts back."""

    def __init__(self, world: LedgerWorld, client: Client) -> None:
        self._world, self._client, self._kept = world, client, Kept(world)
        keys = sorted(cast(list[str], world.client.keys(f"{world.keys.root}*")))
        mine = [key for key in keys if key.removeprefix(world.keys.root).startswith(OF_ONE) and "good" not in key]
        places = [place for key in mine for place in fields(world.client, key)]
        self.cases = [(key, field, text, value) for key, field, text in places for value in damaged(text)]

    def faults(self, case: tuple[str, str, str, str | bytes]) -> list[str]:
        key, field, _, value = case
        self._kept.put_back()
        plant(self._world.client, key, field, value)
        found = told_by(self._client, self._world)
        kind, _, identifier = key.removeprefix(self._world.keys.root).partition(":")
        if kind in ("plan", "task"):
            found += unnamed(self._client, kind, identifier, field)
        try:
            found += goes_on(self._world)
        except Exception as error:  # noqa: BLE001 - what must not come
            found.append(f"others: {type(error).__name__} {error}"[:300])
        what = f"{key.removeprefix(self._world.keys.root)} {field}={value[:60]!r}"
        return [f"{what}: {fault}" for fault in found]

    def close(self) -> None:
        self._kept.put_back()
        self._kept.close()


@pytest.fixture
def planting(place: Place, settings: Settings) -> Iterator[Planting]:
    # It reads as Changeover does.
    with (
        redis.Redis.from_url(place.admin_url, decode_responses=True, encoding_errors="replace") as admin,
        Client(settings) as client,
    ):
        world = LedgerWorld(admin, settings)
        whole_ledger(world)
        planting = Planting(world, client)
        yield planting
        planting.close()


@long
@pytest.mark.timeout(400)
def test_no_value_ends_a_look(planting: Planting) -> None:
    for case in random.Random(SEEDS[0]).sample(planting.cases, 600):
        assert planting.faults(case) == [], f"of seed {SEEDS[0]}"
