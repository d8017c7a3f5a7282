"""`doctor` names a damaged key that a whole namespace goes by, and what mends it; that is then done as it says."""

from __future__ import annotations

import re
import shlex
from typing import Any, Final, cast

import pytest

from orchestrator.client import Client
from orchestrator.control.answers import Check
from orchestrator.control.doctor import Row, examine
from orchestrator.domain.errors import DamagedData
from orchestrator.ledger.damaged_keys import STOPS, TYPES, damaged_keys
from orchestrator.ledger.keys import PATTERNS
from orchestrator.settings.servers import find_servers
from tests.support.agreed_lists import must_agree
from tests.support.damaged_keys import DAMAGES, STRANGE, rows, whole_ledger
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long, mostly_long

FIELDS: Final = {
    ("meta", "ticket"): "its ticket is 'many', not a number",
    ("meta", "recoveries"): "its recoveries is 'many', not a number",
    ("clock", "at"): "its at is 'many', not a number",
    ("clock", "sweepNotBefore"): "its sweepNotBefore is 'many', not a number",
    ("settings", "MAX_RETRY"): "its MAX_RETRY is 'many', not a number",
    ("settings", "GROUP:db"): "its GROUP:db is 'many', not a number",
    ("counters", "event:TaskCreated"): "its 'event:TaskCreated' is 'many', not a whole number",
    ("freezes_now", "freeze-1"): "its 'freeze-1' is 'many', not a JSON object",
    ("freezes_now", "gone"): "its 'gone' is 'many', not a JSON object",
    ("pushed", "lane-0"): "its 'lane-0' is 'many', not a whole number",
}
TEXTS: Final = {
    ("seq", "garbage"): "it is 'garbage', not the number of the last event",
    ("seq", ""): "it is '', not the number of the last event",
    ("seq", "3"): "it is 3, and the feed goes up to event ",
    ("seq", None): "it is gone, and the feed goes up to event ",
    ("epoch", "garbage"): "it is 'garbage', not a whole number",
    ("epoch", ""): "it is '', not a whole number",
}


def key_rows(world: LedgerWorld) -> list[Check]:
    found = examine(world.settings, find_servers(world.settings)).checks
    return [check for check in found if check.row == Row.DAMAGED_KEY]


def mend(world: LedgerWorld, found: Check) -> None:
    """As a person would, who pastes it into redis-cli."""
    commands = re.findall(r"`(.+?)`", found.finding.partition("in redis-cli: ")[2])
    assert commands, found.finding
    for command in commands:
        world.client.execute_command(*read_words(command))  # type: ignore[no-untyped-call]


def read_words(command: str) -> list[bytes]:
    """As redis-cli does: escapes within double quotes."""
    words = re.findall(r"""\"(?:\\.|[^"\\])*\"(?= |$)|'[^']*'(?= |$)|\S+""", command)
    found = []
    for word in words:
        if word.startswith('"'):
            found.append(word[1:-1].encode().decode("unicode_escape").encode("latin-1"))
        else:
            (plain,) = shlex.split(word)
            found.append(plain.encode())
    return found


def goes_on(world: LedgerWorld) -> None:
    """What is asked for is recorded, with its event, and a plan can be submitted and moved."""
    last = world.now()
    assert world.ask("pause", "good")
    world.ask("resume", "good")
    assert world.now() > last
    assert world.reader.last_sequence_id(None) == int(str(world.client.get(world.keys.of("seq"))))
    world.started("next", ["next-0"])
    world.finish("next.0")
    assert world.status("next") == "COMPLETED"


def is_still_frozen(world: LedgerWorld) -> bool:
    world.started("cold", ["cold-1"])
    return world.status("cold.0") == "PENDING"


@pytest.mark.parametrize("kind", mostly_long(TYPES, *list(TYPES)[::3]))
def test_a_key_of_another_type_is_named_and_mended(kind: str, hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    key = hurt.keys.of(kind)
    DAMAGES["of another type"](hurt.client, key, TYPES[kind])
    first, *others = key_rows(hurt)
    assert (first.name, first.good) == (f"key {key}", False)
    found = "list" if TYPES[kind] == "string" else "string"
    assert first.finding.startswith(f"it is a {found}, not a {TYPES[kind]}: a hand in the data? Now ")
    assert ("no plan moves" in first.finding) == (kind in STOPS)
    assert {other.finding for other in others} <= {"not looked at further, since a damaged key is in the way"}
    mend(hurt, first)
    assert key_rows(hurt) == []
    goes_on(hurt)
    assert is_still_frozen(hurt)


SETS: Final = {"hash", "zset", "set"}


@pytest.mark.parametrize("damage", STRANGE)
@pytest.mark.parametrize("kind", ["all", *(pytest.param(kind, marks=long) for kind in TYPES if TYPES[kind] in SETS)])
def test_what_is_no_text_and_no_number_is_named_and_mended(kind: str, damage: str, hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    harmed = [one for one, belongs in TYPES.items() if one == kind or (kind == "all" and belongs in SETS)]
    before = hurt.client.zrange(hurt.keys.of("plans"), 0, -1)
    for one in harmed:
        STRANGE[damage](hurt.client, hurt.keys.of(one), TYPES[one])
    if damage == "infinite in it":
        # A purge's number is counted anew.
        harmed = [one for one in harmed if TYPES[one] == "zset" and one != "purges"]
    found = key_rows(hurt)
    named = [check.name for check in found if check.name.startswith("key ")]
    assert set(named) == {f"key {hurt.keys.of(one)}" for one in harmed} or len(named) == 20
    for _ in range(4):
        for check in key_rows(hurt):
            if check.name != "keys":
                mend(hurt, check)
        # What was put back is looked at, and taken out if it is nobody.
        hurt.coordinate()
    assert key_rows(hurt) == []
    assert set(before) <= set(hurt.client.zrange(hurt.keys.of("plans"), 0, -1))
    goes_on(hurt)


@pytest.mark.parametrize("kind", ["feed", "own_log", "audit"])
@pytest.mark.parametrize("entries", [1, pytest.param(30, marks=long)])
@pytest.mark.parametrize("stays", [True, pytest.param(False, marks=long)])
def test_an_entry_behind_the_last_event_is_named_and_mended(
    kind: str, entries: int, stays: bool, hurt: LedgerWorld
) -> None:
    whole_ledger(hurt)
    key, last = hurt.keys.of(kind), hurt.now()
    for part in range(1, entries + 1):
        hurt.client.xadd(key, {"rub": "bish"}, id=f"{last if entries == 1 else 10**18 + part}-{part}")
    if not stays:
        # Its number stays all the same.
        hurt.client.xdel(key, *(name for name, _ in cast(Any, hurt.client.xrange(key, min=f"({last}-0"))))
    (found,) = key_rows(hurt)
    assert found.name == f"key {key}"
    if stays and kind != "audit":
        with pytest.raises(Exception, match="is damaged"):
            hurt.freeze("somebody*")
    mend(hurt, found)
    assert (key_rows(hurt), hurt.now()) == ([], last)
    hurt.freeze("somebody*")
    newest, _ = cast(Any, hurt.client.xrevrange(key, count=1))[0]
    assert newest == f"{last + 1}-0"
    goes_on(hurt)


@pytest.mark.parametrize(
    ("kind", "text"), [("seq", "9" * 19), ("seq", "9" * 20), ("epoch", "9" * 19), ("epoch", "1e9")]
)
def test_a_number_that_cannot_be_counted_on_is_named_and_mended(kind: str, text: str, hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    before = hurt.now()
    hurt.client.set(hurt.keys.of(kind), text)
    with pytest.raises(Exception, match="is damaged"):
        hurt.ask("pause", "good")
    (found,) = key_rows(hurt)
    mend(hurt, found)
    assert key_rows(hurt) == []
    assert hurt.now() == before
    goes_on(hurt)


@pytest.mark.parametrize(("where", "wrong"), FIELDS.items(), ids=str)
def test_a_field_that_is_no_number_is_named_and_mended(where: tuple[str, str], wrong: str, hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    kind, field = where
    hurt.client.hset(hurt.keys.of(kind), field, "many")
    first, *_ = key_rows(hurt)
    assert first.name == f"key {hurt.keys.of(kind)}"
    assert first.finding.startswith(wrong)
    mend(hurt, first)
    # A freeze is looked at anew by the next admission.
    hurt.coordinate()
    assert key_rows(hurt) == []
    goes_on(hurt)


@pytest.mark.parametrize(("what", "wrong"), TEXTS.items(), ids=str)
def test_a_number_that_is_none_is_named_and_mended(what: tuple[str, str | None], wrong: str, hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    kind, text = what
    key, before = hurt.keys.of(kind), hurt.now()
    hurt.client.delete(key) if text is None else hurt.client.set(key, text)
    (found,) = key_rows(hurt)
    assert found.finding.startswith(wrong)
    mend(hurt, found)
    assert key_rows(hurt) == []
    assert hurt.now() == before
    goes_on(hurt)


def test_the_last_number_is_found_when_the_feed_is_gone_too(hurt: LedgerWorld) -> None:
    whole_ledger(hurt)
    before = hurt.now()
    hurt.client.delete(hurt.keys.of("feed"))
    hurt.client.set(hurt.keys.of("seq"), "garbage")
    (found,) = key_rows(hurt)
    mend(hurt, found)
    assert hurt.client.get(hurt.keys.of("seq")) == str(before)
    goes_on(hurt)


@pytest.mark.parametrize("kind", ["seq", "feed"])
@pytest.mark.parametrize("damage", ["of another type", "rubbish in it"])
def test_no_state_changes_whose_event_cannot_be_written(kind: str, damage: str, hurt: LedgerWorld) -> None:
    world = hurt
    world.started("p", ["a"], stages=["one"])
    world.begin("p.0")
    DAMAGES[damage](world.client, world.keys.of(kind), TYPES[kind])
    for change in (lambda: world.succeed("p.0"), lambda: world.ask("cancel", "p"), lambda: world.plan("q", ["b"])):
        with pytest.raises(Exception, match=r"is damaged|WRONGTYPE"):
            change()
    assert (world.status("p.0"), world.status("p")) == ("RUNNING", "RUNNING")
    assert not world.client.exists(world.keys.of("plan", "q"))
    (first, *_) = key_rows(world)
    mend(world, first)
    world.succeed("p.0")
    assert world.status("p") == "COMPLETED"
    assert world.kinds()[-1] == "PlanCompleted"


def test_an_epoch_that_is_gone_is_drawn_above_all_that_were(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"])
    before = int(hurt.task("p.0")["epoch"])
    hurt.client.delete(hurt.keys.of("epoch"))
    assert key_rows(hurt) == []
    hurt.finish("p.0")
    hurt.started("q", ["a"])
    assert int(hurt.task("q.0")["epoch"]) > max(before, 10**13)


def test_an_operation_says_where_the_damage_is_told(hurt: LedgerWorld) -> None:
    hurt.started("p", ["a"])
    hurt.client.set(hurt.keys.of("seq"), "garbage")
    with (
        Client(hurt.settings) as client,
        pytest.raises(DamagedData, match=r"seq is damaged\); `changeover doctor` names damaged keys"),
    ):
        client.pause(plan_id="p")


def test_every_key_of_a_namespace_is_looked_at(hurt: LedgerWorld) -> None:
    of_one = {pattern: found for pattern, found in rows().items() if "{}" not in pattern}
    listed = {PATTERNS.get(kind, kind): found for kind, found in TYPES.items()}
    must_agree(
        of_one.items(),
        listed.items(),
        lacking="{0[0]}, a {0[1]} in docs/keys.md, is none in TYPES of orchestrator/ledger/damaged_keys.py",
        left_over="{0[0]}, a {0[1]} in TYPES of orchestrator/ledger/damaged_keys.py, is none in docs/keys.md",
    )
    whole_ledger(hurt)
    assert damaged_keys(hurt.client, hurt.keys) == []
