"""The checker against doctored dumps of a small history. The damage that scripts could do is in
``tests/integration/ledger/test_named_damage.py``, against a real ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.history import LedgerDump, check_history
from tests.unit.orchestrator.history.told import PLAN, ledger, right, running, running_ledger, tell


def set_task(position: int, **fields: str) -> Callable[[LedgerDump], None]:
    return lambda dump: dump.tasks[f"p.{position}"].update(fields)


def leak_tenant(dump: LedgerDump) -> None:
    dump.tenants["t0"]["holder"] = "p.0"


def leak_slot(dump: LedgerDump) -> None:
    dump.slots[PLAN] = {"p.0"}


def leak_lease(dump: LedgerDump) -> None:
    dump.leases_queued["p.0"] = 1e12


def leak_checkpoint(dump: LedgerDump) -> None:
    dump.checkpoints["p.0"] = -1


def leave_in_queue(dump: LedgerDump) -> None:
    dump.queues[PLAN]["p.0"] = 2e12


def still_looked_after(dump: LedgerDump) -> None:
    dump.active = {PLAN}


def wrong_count(dump: LedgerDump) -> None:
    dump.plans[PLAN]["n:COMPLETED"] = "2"


@pytest.mark.parametrize(
    ("invariant", "doctor"),
    [
        ("I7", set_task(0, status="FAILED")),
        ("I7", set_task(0, stage="1")),
        ("I7", wrong_count),
        ("I9", still_looked_after),
        ("I10", leak_tenant),
        ("I10", leak_slot),
        ("I10", leak_lease),
        ("I10", leak_checkpoint),
        ("I10", leave_in_queue),
    ],
)
def test_a_doctored_ledger_is_rejected(invariant: str, doctor: Callable[[LedgerDump], None]) -> None:
    dump = ledger(right())
    doctor(dump)
    assert check_history(tell(right()), dump).of(invariant)


def no_holder(dump: LedgerDump) -> None:
    del dump.tenants["t0"]["holder"]


def strange_holder(dump: LedgerDump) -> None:
    dump.tenants["t1"]["holder"] = "p.0"


def no_slot(dump: LedgerDump) -> None:
    dump.slots[PLAN] = set()


def many_slots(dump: LedgerDump) -> None:
    dump.slots[PLAN] = {"p.0", "p.1", "p.2"}


def other_epoch(dump: LedgerDump) -> None:
    dump.tenants["t0"]["epoch"] = "2"


def epoch_above_counter(dump: LedgerDump) -> None:
    dump.epoch = 0


def epoch_under_the_mover_s(dump: LedgerDump) -> None:
    dump.tenants["t0"] |= {"mover": "q.0", "moverEpoch": "1"}


def epoch_under_its_own(dump: LedgerDump) -> None:
    dump.tenants["t0"] |= {"mover": "p.0", "moverEpoch": "2"}


def no_lease(dump: LedgerDump) -> None:
    dump.leases_running.clear()


def overdue(dump: LedgerDump) -> None:
    dump.leases_running["p.0"] = 1_000


def in_no_queue(dump: LedgerDump) -> None:
    del dump.queues[PLAN]["p.2"]


@pytest.mark.parametrize(
    ("invariant", "doctor"),
    [
        ("I1", no_holder),
        ("I1", strange_holder),
        ("I2", no_slot),
        ("I2", many_slots),
        ("I8", other_epoch),
        ("I8", epoch_above_counter),
        ("I8", epoch_under_the_mover_s),
        ("I8", epoch_under_its_own),
        ("I9", no_lease),
        ("I9", overdue),
        ("I9", in_no_queue),
    ],
)
def test_a_doctored_ledger_of_a_running_plan_is_rejected(invariant: str, doctor: Callable[[LedgerDump], None]) -> None:
    dump = running_ledger(running())
    doctor(dump)
    assert check_history(tell(running()), dump, ended=False).of(invariant)


def test_a_holder_above_the_last_mover_holds() -> None:
    """Or the same, in the epoch in which it became that."""
    for mover, epoch in (("q.0", "0"), ("p.0", "1")):
        dump = running_ledger(running())
        dump.tenants["t0"] |= {"mover": mover, "moverEpoch": epoch}
        report = check_history(tell(running()), dump, ended=False)
        assert report.holds, str(report)
