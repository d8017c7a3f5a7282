"""What is said of a breaker while a retry of its plan is under way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.cli.tables import fleet_lines
from orchestrator.control.answers import BreakerStatus, PlanSummary
from orchestrator.control.explain.offers import Command, Offer
from orchestrator.control.explain.paused_plan import lets_it_go_on, paused_plan
from orchestrator.control.possible import PossibleVerbs
from orchestrator.control.status import plan_summary
from orchestrator.domain.status import PlanState
from orchestrator.ledger.operations import Reply, Taken

RESUME, ACCEPT = "changeover resume --plan p", "changeover resume --plan p --accept-failures"


@pytest.mark.parametrize(("retrying", "waits"), [(False, ", and waits for an answer"), (True, "")])
def test_a_retry_is_the_answer_to_what_was_taken_back(retrying: bool, waits: str) -> None:
    breaker = BreakerStatus(failed=0, tolerance=0, mode="soft", tripped="rollback_wave")
    plan = PlanSummary(
        plan_id="p", name="p", status=PlanState.PAUSED, retrying=retrying, max_concurrency=1, counts={}, breaker=breaker
    )
    assert fleet_lines(plan) == [f"breaker  0 failed, tolerance 0, soft; it has tripped (rollback_wave){waits}"]


class TakesAll:
    """Of what is offered in a ledger that would take every command."""

    def first(self, *wanted: Command) -> Offer:
        return Offer([str(one) for one in wanted[:1]])

    def every(self, *wanted: Command) -> list[str]:
        return [str(one) for one in wanted]


class Scene:
    offers = TakesAll()

    def told_now_ms(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("failed", "resume"),
    [("FAILED", RESUME), ("ROLLBACK_FAILED", ACCEPT)],
    ids=["what the retry mends", "what it does not"],
)
def test_a_resume_that_its_policy_undoes_is_not_offered(failed: str, resume: str) -> None:
    record = {
        "name": "p", "status": "PAUSED", "max": "1", "onBreach": "pause", "tolerance": "0", "breaker": "soft",
        "retryCursor": "1", f"n:{failed}": "1",
    }  # fmt: skip
    scene: Any = Scene()
    offered = [command for told in paused_plan(scene, "p", record, "it") for command in told.commands]
    assert [one for one in offered if one.startswith(RESUME)] == [resume]
    assert [one for one in lets_it_go_on(scene, "p", record) if one.startswith(RESUME)] == [resume]
    takes_all: Any = SimpleNamespace(would=lambda *_, **__: Reply(Taken.ACCEPTED))
    possible = PossibleVerbs(takes_all).resume_of(plan_summary("p", record, scene.told_now_ms))
    assert (possible.refused, bool(possible.options)) == ("", resume == ACCEPT)
