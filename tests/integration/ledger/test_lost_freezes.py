"""What a hand, or a lost disk, takes of a freeze a coordinator puts back; what is known of one is said as it is."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.ledger.freeze_log import FreezeLog
from orchestrator.ledger.freeze_reads import StoredFreeze
from tests.support.ledger_world import LedgerWorld

LOSSES: dict[str, list[tuple[str, ...]]] = {
    "what is in force": [("DEL", "freezes_now")],
    "when it changes": [("DEL", "freeze_times")],
    "both": [("DEL", "freezes_now"), ("DEL", "freeze_times")],
    "its record": [("HDEL", "freezes", "freeze-1")],
    "all records": [("DEL", "freezes")],
    "all of it": [("DEL", "freezes"), ("DEL", "freezes_now"), ("DEL", "freeze_times")],
}


def _known(freeze: StoredFreeze) -> tuple[object, ...]:
    record = freeze.record
    assert record is not None
    return record.scope, record.actor, record.reason, record.until_ms, freeze.stops, freeze.looked_at_ms


def lose(world: LedgerWorld, loss: str) -> None:
    for command, kind, *fields in LOSSES[loss]:
        world.client.execute_command(command, world.keys.of(kind), *fields)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("begins", [0, 7200], ids=["in force", "to come"])
def test_what_is_lost_of_a_freeze_is_put_back(hurt: LedgerWorld, loss: str, begins: int) -> None:
    kept = hurt.freeze("eu-*", begins=begins, seconds=86_400)
    (before,) = hurt.freezes.reads.all()
    lose(hurt, loss)
    with capture_logs() as logs:
        FreezeKeeper(hurt.freezes).step()
    # What is in force is no news of one that is to come.
    told = [log["freezeId"] for log in logs if log.get("action") == "reconciler-repair"]
    assert told == ([] if begins and loss == "what is in force" else [kept])
    (after,) = hurt.freezes.reads.all()
    assert _known(after) == _known(before)
    hurt.plan("p", ["eu-1", "us-1"], max_concurrency=2)
    assert hurt.serve("p") == (["p.1"] if not begins else ["p.0", "p.1"])
    hurt.unfreeze(kept)
    FreezeKeeper(hurt.freezes).step()
    assert hurt.freezes.reads.all() == []
    hurt.thaw()
    hurt.check()


def test_one_that_recurs_and_two_that_are_not_to_come_back(hurt: LedgerWorld) -> None:
    recurs = hurt.freeze("eu-*", every="daily 08:00-09:00 Europe/Berlin", seconds=None)
    lifted = hurt.freeze("us-*")
    over = hurt.freeze("ap-*", seconds=0.001)
    hurt.unfreeze(lifted)
    log = FreezeLog(hurt.freezes.reads)
    hurt.client.delete(hurt.keys.of("freezes"))
    # `over` is over within the minute in which nobody may have looked.
    assert over
    assert hurt.freezes.rebuild(log) == [(recurs, "freeze without a record")]
    (back,) = hurt.freezes.reads.all()
    assert back.record is not None
    assert (back.freeze_id, back.record.every) == (recurs, "daily 08:00-09:00 Europe/Berlin")
    assert hurt.freezes.rebuild(log) == []
    # Something is set while another reads the log: it looks again next time.
    newer = hurt.freeze("jp-*")
    hurt.client.delete(hurt.keys.of("freezes"))
    assert {name for name, _ in hurt.freezes.rebuild(log)} == {recurs, newer}


def test_a_log_that_was_emptied_tells_of_nothing(hurt: LedgerWorld) -> None:
    hurt.freeze("eu-*")
    log = FreezeLog(hurt.freezes.reads)
    assert hurt.freezes.rebuild(log) == []
    for kind in ("own_log", "freezes", "freezes_now", "freeze_times"):
        hurt.client.delete(hurt.keys.of(kind))
    assert hurt.freezes.rebuild(log) == []
    assert hurt.freezes.reads.all() == []


def test_whom_a_damaged_one_stops_is_said_as_it_is(hurt: LedgerWorld) -> None:
    for freeze_id in (hurt.freeze("eu-*"), hurt.freeze("us-*", begins=3600)):
        hurt.client.hset(hurt.keys.of("freezes"), freeze_id, "{")
    hurt.plan("p", ["eu-1", "us-1", "ap-1"], max_concurrency=3)
    assert hurt.serve("p") == ["p.1", "p.2"]
    now, later = (freeze.sentence for freeze in FreezeDesk(hurt.freezes, hurt.reader).all())
    assert now.startswith("its record is damaged: it stops tenants eu-*, and may stop all tenants from ")
    assert later.startswith("its record is damaged: it stops nobody now, and may stop all tenants from ")
    hurt.client.zadd(hurt.keys.of("freeze_times"), {"freeze-1": 1})
    hurt.plan("q", ["ap-2"])
    assert hurt.serve("q") == []
    found = FreezeDesk(hurt.freezes, hurt.reader).all()[0]
    assert found.sentence == "its record is damaged: it stops all tenants, until it is lifted"
