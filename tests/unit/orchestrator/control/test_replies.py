"""What is said of a refused operation, and of what a tenant is: no word is another operation's, or Python's."""

from __future__ import annotations

import pytest

from orchestrator.control.answers import DeployUnit
from orchestrator.control.replies import operation_result, passing_words, reason_words, refusals
from orchestrator.control.target import OperationTarget, TargetType
from orchestrator.control.tenants import unit_words
from orchestrator.ledger.operations import Operation, Order, Reply, Taken

MOVED = Reply(Taken.REFUSED, "FAILED", "moved", "q.3", "p.1")


def test_force_is_told_as_what_it_does() -> None:
    said = "task q.3 has moved the tenant since; --force {} all the same"
    assert reason_words(MOVED, Operation.RETRY) == said.format("moves it again")
    assert reason_words(MOVED, Operation.ROLLBACK) == said.format("goes back")
    assert refusals([["p.1", "moved", "q.3"]]) == f"p.1: {said.format('moves it again')}"


@pytest.mark.parametrize(
    ("operation", "target", "status", "said"),
    [
        (Operation.PAUSE, "plan", "PAUSED", "done"),
        (Operation.PAUSE, "task", "PAUSED", "done"),
        (Operation.CANCEL, "plan", "PAUSED", "starts nothing new; what waits is cancelled now, what runs when"),
        (Operation.CANCEL, "plan", "CANCELLED", "done"),
        (Operation.CANCEL, "task", "CANCELLED", "done"),
    ],
)
def test_done_is_what_is_so_already(operation: Operation, target: TargetType, status: str, said: str) -> None:
    answer = operation_result(operation, OperationTarget(target, "p"), Reply(Taken.ACCEPTED, status))
    assert answer.message.startswith(said)


def test_a_retry_of_nobody_that_was_to_let_pass_freezes_says_what_does() -> None:
    assert passing_words(Order("ada")) == ""
    said = "; `changeover retry --task ID --override-freeze REASON` lets one pass that was retried before and waits"
    assert passing_words(Order("ada", override_freeze="fire")) == said


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (
            DeployUnit(deploy_unit_id=100, deploy_unit_name="green", deploy_unit_version=42),
            "version 42 on unit 100 (green)",
        ),
        (DeployUnit(deploy_unit_id=100, deploy_unit_version=42), "version 42 on unit 100"),
        (DeployUnit(deploy_unit_name="green", deploy_unit_version=42), "version 42 on unit green"),
        (DeployUnit(deploy_unit_version=42), "version 42"),
        (DeployUnit(deploy_unit_id=100), "on unit 100"),
        (DeployUnit(), "nothing that is named"),
    ],
)
def test_a_unit_is_told_by_what_is_known_of_it(unit: DeployUnit, words: str) -> None:
    assert unit_words(unit) == words
