"""The row of the matrix that no committed plan reaches: a draft refuses whatever a person can ask of it, or of a task
of it, says so by one name, and stays as it is, also for whoever reads its log later (I11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.ledger import scripts
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

WHY: Final = {"reason": "why"}

OPERATIONS: Final[dict[str, Callable[[Client], OperationResult]]] = {
    "pause_plan": lambda client: client.pause(plan_id="p"),
    "resume_plan": lambda client: client.resume(plan_id="p", accept_failures=True),
    "cancel_plan": lambda client: client.cancel(plan_id="p"),
    "retry_plan": lambda client: client.retry(plan_id="p", from_checkpoint=False, override_freeze="urgent"),
    "retry_some_chunk": lambda client: client.retry_some("p", Narrowing(tenants="t*"), Order("ada")),
    "rollback_plan": lambda client: client.rollback(plan_id="p", force=True),
    "accept_chunk": lambda client: client.accept(plan_id="p", **WHY),
    "exclude_chunk": lambda client: client.exclude("p", "t*", **WHY),
    "approve_gate": lambda client: client.approve("p"),
    "reject_gate": lambda client: client.reject("p"),
    "override_freezes": lambda client: client.override_freeze("p", **WHY),
    "pause_task": lambda client: client.pause(task_id="p.0"),
    "resume_task": lambda client: client.resume(task_id="p.0"),
    "cancel_task": lambda client: client.cancel(task_id="p.0"),
    "retry_task": lambda client: client.retry(task_id="p.0", from_checkpoint=False, override_freeze="urgent"),
    "rollback_task": lambda client: client.rollback(task_id="p.0", force=True),
    "accept_task": lambda client: client.accept(task_id="p.0", **WHY),
    "skip_stage": lambda client: client.skip_stage("p.0", **WHY),
}
"""What a person can ask of a plan or of a task, by the verb that is asked."""


class CutOffError(Exception):
    """The submit goes no further."""


def cut_off(_written: int) -> None:
    raise CutOffError


def test_a_draft_runs_nothing_and_refuses_everything(world: LedgerWorld, client: Client) -> None:
    with pytest.raises(CutOffError):
        client.submit(plan("p", [tenant(f"t{number}") for number in range(101)], [noop_stage("one")]), cut_off)
    assert world.serve("p") == []
    world.freeze("t*")
    before = world.state()

    answers = {verb: ask(client) for verb, ask in OPERATIONS.items()}

    words = "still being submitted; submit the same file again to go on with it, or `changeover purge --plan p` takes"
    assert {verb: (one.accepted, one.status) for verb, one in answers.items()} == {
        verb: (False, "PENDING" if one.task_id else "CREATED") for verb, one in answers.items()
    }
    assert [verb for verb, one in answers.items() if words not in one.message] == []
    assert world.state() == before


def test_every_verb_of_a_person_is_asked_of_the_draft() -> None:
    headers = {path.stem: path.read_text() for path in Path(scripts.__path__[0]).glob("*.lua")}
    asked = ("-- ARGV  1 plan id  2 actor", "-- ARGV  1 task id  2 actor")
    verbs = {verb for verb, text in headers.items() if any(one in text for one in asked)}
    # A draft can be taken out.
    assert verbs - {"purge_plan"} == OPERATIONS.keys()
