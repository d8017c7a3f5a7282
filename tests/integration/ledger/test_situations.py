"""Each planted situation is named by `explain`, with the command that helps; and every such command is then tried."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable

import pytest

from orchestrator.control.answers import Remark
from orchestrator.control.explain import Explainer, Situation
from orchestrator.domain.errors import NotFound
from tests.support import planted_ends, planted_fleet, planted_moves, planted_places, planted_waits, planted_waves
from tests.support.cli import in_this_process
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.planted import Planted, all_unique, beat, coordinator, full, roomy
from tests.support.table_steps import Do

TABLE = all_unique(
    row
    for rows in (
        *(
            planted_waits.servers,
            planted_waits.damage,
            planted_waits.workers,
            planted_waits.tenants,
            planted_places.slots,
        ),
        *(
            planted_moves.stages,
            planted_moves.handed_back,
            planted_moves.asked,
            planted_moves.whole_plans,
            planted_moves.groups,
        ),
        *(planted_fleet.freezes, planted_fleet.groups, planted_fleet.pace),
        planted_waves.waves,
        *(planted_ends.paused, planted_ends.failed, planted_ends.rollbacks, planted_ends.cancelled),
    )
    for row in rows()
)
LOOKS = ("status", "explain", "doctor", "freezes")
STARTS: dict[str, Do] = {
    "worker": lambda world: beat(world, "worker", "new:1", slots=8, knows=["noop", "drain-queue"]),
    "coordinator": coordinator,
}
"""What starts a process: here its sign of life comes. Real ones are started as it is typed, and end what was so, in
tests/integration/control/test_live_situations.py."""
NOTHING_WRONG = {"another has its step"}
"""Of these `doctor` says who takes it; of all others what is wrong."""


def remarks(world: LedgerWorld, row: Planted) -> list[Remark]:
    url = str(world.settings.redis_url.get_secret_value()) if world.settings.redis_url else ""
    explainer = Explainer(
        world.ledger, world.reader, world.settings, url, wall=lambda: time.time() + row.ahead, looks=row.looks
    )
    if row.target.startswith("tenant "):
        return explainer.tenant(row.target.removeprefix("tenant ")).remarks
    is_task = "." in row.target
    return (explainer.task if is_task else explainer.plan)(row.target).remarks


def run(world: LedgerWorld, place: Place, command: str) -> tuple[int, str]:
    """The command as a person would paste it."""
    name, *words = shlex.split(command)
    assert name == "changeover"
    environment = {**place.environment(), "CHANGEOVER_NAMESPACE": world.settings.namespace}
    more = [] if words[0] in LOOKS else ["--json"]
    return in_this_process(*words, *more, environment=environment)


@pytest.mark.parametrize("row", mostly_long(TABLE, *TABLE[::2]), ids=str)
def test_a_situation_is_named_and_its_commands_work(
    row: Planted, worlds: Callable[[], LedgerWorld], place: Place
) -> None:
    world = worlds()
    try:
        row.make(world)
        found = remarks(world, row)
    finally:
        row.undo(world)
    fits = [one for one in found if one.situation == row.situation and row.sentence in one.sentence]
    assert fits, "\n".join(f"{one.situation}: {one.sentence} {one.commands}" for one in found)
    assert tuple(fits[0].commands) == row.commands
    assert {one.situation for one in found} <= row.may_be_said
    for command in (command for one in found for command in one.commands):
        word = shlex.split(command)[1]
        again = worlds()
        try:
            row.make(again)
            if word in STARTS:
                STARTS[word](again)
                assert row.situation == Situation.HANDED_BACK or not still_so(again, row), f"{command} changed nothing"
                continue
            code, output = run(again, place, command)
        finally:
            row.undo(again)
        if word in LOOKS:
            assert code == (1 if word == "doctor" and row.name not in NOTHING_WRONG else 0), output
            assert tells(word, output), f"{command} shows nothing: {output}"
            continue
        assert code == 0, f"{command}: {output}"
        assert '"accepted": false' not in output
        for _ in range(3):
            again.coordinate()
        if command in row.commands:
            assert not still_so(again, row), f"{command} changed nothing"


def tells(word: str, output: str) -> bool:
    """Whether the look shows anything: a row that is wrong, a reason, a task."""
    if word == "status":
        return "no tasks" not in output and bool(re.search(r"\b(p|q|r)(\.\d+)?\b", output))
    return bool(output.strip()) and (word != "doctor" or "\nwrong " in output or "handed back" in output)


def still_so(world: LedgerWorld, row: Planted) -> bool:
    try:
        found = remarks(world, row)
    except NotFound:
        return False
    return any(one.situation == row.situation and row.sentence in one.sentence for one in found)


def test_a_full_ledger_is_not_taken_for_one_without_processes(worlds: Callable[[], LedgerWorld]) -> None:
    world = worlds()
    world.plan("p", ["a"])
    row = Planted("full", lambda _: None, "p.0", Situation.LEDGER_REFUSES, "")
    try:
        full(world)
        found = [one.situation for one in remarks(world, row)]
    finally:
        roomy(world)
    assert Situation.LEDGER_REFUSES in found
    assert Situation.NO_COORDINATOR not in found


def test_every_situation_is_planted() -> None:
    assert {row.situation for row in TABLE} == set(Situation)
    assert len(TABLE) >= 60
