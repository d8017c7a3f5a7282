"""Plans of which who fails goes back by itself, in doctored logs and dumps: a way back that never comes, or comes
later, is named, and nothing else is."""

from __future__ import annotations

from typing import Final

import pytest

from orchestrator.history import LedgerDump, check_history
from tests.unit.orchestrator.history.test_asked import FAILED, broken
from tests.unit.orchestrator.history.test_fleet_log import goes_back
from tests.unit.orchestrator.history.told import (
    FAILURE,
    PLAN,
    Line,
    asked,
    ledger,
    move,
    of_plan,
    opening,
    task,
    tell,
)


def policed(*lines: Line) -> list[Line]:
    return [of_plan("PlanCreated", maxConcurrency=2, autoRollback="task"), *opening()[1:], *FAILED[6:], *lines]


ITS_WAY_BACK: Final = ("OperationRequested", {**asked("rollback", "p.0", autoRollback=True)[1], "actor": "policy"})
WENT_BACK: Final = [ITS_WAY_BACK, *goes_back(0)]
WITHDRAWN: Final = [ITS_WAY_BACK, asked("cancel", "p.0", withdraws="rollback")]
SOAK_FAILED: Final = [
    of_plan("PlanCreated", maxConcurrency=2, autoRollback="task"),
    *opening()[1:],
    *move(0),
    task(0, "TaskSoakFailed", failureInfo=FAILURE),
]


def failed_ledger(lines: list[Line], **fields: str) -> LedgerDump:
    dump = ledger(lines)
    dump.plans[PLAN] |= {
        "status": "RUNNING",
        "n:COMPLETED": "0",
        "n:FAILED": "1",
        "n:PENDING": "2",
        "autoRollback": "1",
    }
    dump.tasks["p.0"] |= {"status": "FAILED", "stage": "0", "touched": "1", **fields}
    for i in (1, 2):
        dump.tasks[f"p.{i}"] |= {"status": "PENDING", "stage": "0"}
    dump.queues[PLAN] = {"p.1": 2e12 + 1, "p.2": 2e12 + 2}
    dump.active, dump.ready, dump.ended = {PLAN}, {PLAN}, set()
    return dump


NEVER_COMES: Final = "p.0 has failed, its plan says auto_rollback, and it neither goes back nor says why not"


@pytest.mark.parametrize("ended", [False, True], ids=["now", "at-the-end"])
@pytest.mark.parametrize("lines", [policed(), SOAK_FAILED], ids=["failed", "soaked"])
def test_an_auto_rollback_that_never_comes_is_named(lines: list[Line], ended: bool) -> None:
    dump = failed_ledger(lines, snapshot="{}")
    found = [(one.invariant, one.message) for one in check_history(tell(lines), dump, ended=ended).violations]
    assert ("I14", NEVER_COMES) in found
    # At the end its plan has not ended, besides; where the soak of none fails somebody, that is I13.
    assert {invariant for invariant, _ in found} <= ({"I12", "I14", "I13"} if ended else {"I14", "I13"}), found
    del dump.tasks["p.0"]["snapshot"]
    dump.sources = frozenset({"p.0"})
    assert check_history(tell(lines), dump, ended=ended).of("I14"), "its plan says what to go back to"


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (policed(), {}),
        (policed(), {"snapshot": "{}", "touched": "0"}),
        (policed(*WITHDRAWN), {"snapshot": "{}"}),
        (policed(asked("cancel", "p.0", withdraws="rollback", asItWas=True)), {"snapshot": "{}"}),
        ([*FAILED], {"snapshot": "{}"}),
    ],
    ids=["nothing to go back to", "nothing touched", "withdrawn", "says why not", "not said"],
)
def test_one_that_has_no_way_back_or_says_why_not_is_not_named(lines: list[Line], fields: dict[str, str]) -> None:
    report = check_history(tell(lines), failed_ledger(lines, **fields), ended=False)
    assert report.holds, str(report)


def test_what_was_asked_before_its_failure_is_the_way_back_that_comes() -> None:
    """A person's rollback, or its plan's, asked for while it ran."""
    begun, ends = policed()[:8], policed()[8:]
    alone = [*begun, asked("rollback", "p.0"), *ends]
    dump = failed_ledger(alone, snapshot="{}", rollbackRequested="1", rank="1")
    dump.plans[PLAN]["n:rollbackRequested"] = "1"
    dump.queues[PLAN] = {"p.0": 1, **dump.queues[PLAN]}
    report = check_history(tell(alone), dump, ended=False)
    assert report.holds, str(report)
    whole = [*begun, asked("rollback", PLAN), of_plan("PlanRollingBack"), *ends, asked("rollback", "p.0", ofPlan=True)]
    assert broken(whole) == {}


def test_a_cut_log_claims_no_way_back() -> None:
    events = tell(policed())
    dump = failed_ledger(policed(), snapshot="{}")
    for at in range(1, len(events)):
        assert not check_history(events[at:], dump, ended=False, is_cut=True).of("I14")
    assert not check_history(events, dump, ended=False, damaged=[PLAN]).of("I14")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            policed(asked("rollback", "p.0")),
            "p.0 has a way back, and its plan's policy did not ask for it when it failed",
        ),
        (policed(task(1, "TaskStarted"), ITS_WAY_BACK), "p.0 goes back by policy, and has not just failed"),
        (policed(*WITHDRAWN, ITS_WAY_BACK), "p.0 goes back by policy, and has not just failed"),
    ],
    ids=["a person takes it", "later", "once more"],
)
def test_a_way_back_comes_in_the_write_of_the_failure(lines: list[Line], said: str) -> None:
    assert said in broken(lines).get("I14", ""), broken(lines)
    assert broken(lines).keys() == {"I14"}


@pytest.mark.parametrize(
    "lines", [policed(*WENT_BACK), policed(of_plan("PlanProgress"), *WENT_BACK), policed(*WITHDRAWN)]
)
def test_a_way_back_that_comes_at_once_holds(lines: list[Line]) -> None:
    assert broken(lines) == {}
