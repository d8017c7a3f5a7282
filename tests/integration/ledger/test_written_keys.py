"""Whichever key that a verb writes to is of another type: it writes all that belongs together, or nothing (I6)."""

from __future__ import annotations

import pytest
import redis

from orchestrator.ledger.purges import Purges
from tests.support.damaged_values import Tries, damages
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, long, mostly_long
from tests.support.table_steps import FORCE
from tests.support.written_keys import OWN, SHARED, WRITERS, KeyTries, make_another

SHORT = ("purge", "abandon, the end", "thaw", "a soak with nobody left", "the last look", "paced admission")
NOBODY_KNOWS = {
    **dict.fromkeys(("abandon, tasks left", "abandon, the end"), ("plan:p", "queue:p")),
    **dict.fromkeys(("purge by force", "purge without a total"), ("log:p",)),
}
"""How many tasks a draft has whose record is gone: some may stay. Which of them wait, whose queue is none: that goes
with the last. How far a plan's numbers go whose record is damaged, when its log is, too."""
STRIDE = 1 if IS_LONG else 5


@pytest.mark.parametrize("name", mostly_long(WRITERS, *SHORT))
def test_a_key_of_another_type_leaves_nothing_half_written(hurt: LedgerWorld, name: str) -> None:
    make, act = WRITERS[name]
    make(hurt)
    tries = KeyTries(hurt, act)
    written = tries.written()
    assert written, "the verb writes nothing"
    names = sorted({*written, *SHARED, *OWN} - {*NOBODY_KNOWS.get(name, ())})
    faults = list(tries.faults_of_keys(names[::STRIDE]))
    assert not faults, "\n".join(faults)


@long
@pytest.mark.parametrize("name", WRITERS)
def test_nor_does_a_field(hurt: LedgerWorld, name: str) -> None:
    make, act = WRITERS[name]
    make(hurt)
    is_known = lambda damage: damage.field.name != "written" or not name.startswith("abandon")  # noqa: E731
    faults = list(Tries(hurt, act).faults([*filter(is_known, damages(hurt))]))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("paced admission", "notAfter", "nan"), ("paced admission", "rate", "0"), ("a look", "wave:0:n:PENDING", "x")],
)
def test_a_number_that_is_none_is_found_before_the_first_write(
    hurt: LedgerWorld, name: str, field: str, value: str
) -> None:
    make, act = WRITERS[name]
    make(hurt)
    hurt.client.hset(hurt.keys.of("plan", "p"), field, value)
    before = hurt.dump()
    with pytest.raises(redis.RedisError, match=r"the key \S+plan:p is damaged"):
        act(hurt)
    assert hurt.dump() == before


@long
@pytest.mark.parametrize("name", OWN)
def test_what_is_damaged_of_a_plan_keeps_it_from_no_purge(hurt: LedgerWorld, name: str) -> None:
    hurt.done("p", "a", stages=["one"])
    key = hurt.keys.root + name
    make_another(hurt, key)
    assert Purges(hurt.ledger).purge("p", FORCE).answer == "ACCEPTED"
    while Purges(hurt.ledger).chunk() is not None:
        pass
    hurt.check()
