"""A breach holds whom the ledger asks it for: the plan's and the open wave's all, another wave's its own tenants."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.console.page.plan_pieces import now_of
from orchestrator.control.answers import BreakerStatus, Explanation, PlanSummary, WaveStatus
from orchestrator.control.explain.fleet import waits_for_wave
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.fleet_status import holding, with_hold
from orchestrator.control.held_retry import none_starts
from orchestrator.control.status import plan_summary
from orchestrator.control.target import OperationTarget
from orchestrator.domain.roles import Role
from orchestrator.domain.status import PlanState

FROZEN = "1 waits, such as a: frozen until tomorrow"
SAID = "breaker tripped in wave w1: 1 failed, tolerance 0"
FIRST, LATER = ("w0", 1, 0), ("w1", 1, 0)


def plan(failed: int, *waiting: int, status: PlanState = PlanState.RUNNING) -> PlanSummary:
    """Of two waves, the first is not done with: in one more has failed than it bears, in these somebody waits."""
    waves = [
        WaveStatus(
            name=f"w{index}",
            state="RUNNING",
            tenants=2,
            failed=int(index == failed),
            tolerance=0,
            counts={"PENDING": 1} if index in waiting else {},
        )
        for index in range(2)
    ]
    return PlanSummary(
        plan_id="p",
        name="p",
        status=status,
        max_concurrency=1,
        counts={"PENDING": len(waiting)},
        waves=waves,
        current_wave="w0",
        breaker=BreakerStatus(failed=1, tolerance=5, on_breach="pause"),
        waits_because=FROZEN,
    )


@pytest.mark.parametrize(
    ("told", "own", "holds"),
    [
        (plan(1, 0), None, []),
        (plan(1, 0, 1), None, []),
        (plan(1, 1), None, [LATER]),
        (plan(0, 1), None, [FIRST]),
        (plan(1, 0, 1), "w0", []),
        (plan(1, 0, 1), "w1", [LATER]),
        (plan(0, 1), "w1", [FIRST]),
        (plan(1, 0, status=PlanState.PAUSED), None, [LATER]),
    ],
)
def test_a_breach_holds_whom_it_is_asked_for(
    told: PlanSummary, own: str | None, holds: list[tuple[str, int, int]]
) -> None:
    assert list(holding(told, own)) == holds


def test_who_waits_for_a_freeze_is_not_told_of_the_breaker_of_a_later_wave() -> None:
    """Nor is the retry of a tenant that starts at once."""
    told = with_hold(plan(1, 0))
    assert (told.waits_because, told.breaker and told.breaker.tripped) == (FROZEN, None)
    assert now_of(told, Role.VIEWER).sentence == FROZEN
    held = with_hold(plan(1, 1))
    assert (held.waits_because, held.breaker and held.breaker.tripped) == (
        f"{SAID}; changeover explain --plan p",
        "pause",
    )
    assert now_of(held, Role.VIEWER).sentence == SAID.capitalize()
    explained = Explanation(
        target_type="plan",
        target_id="p",
        status=PlanState.RUNNING,
        reasons=[],
        remarks=[remark(Situation.BREAKER_TRIPPED, SAID, "changeover resume --plan p --accept-failures")],
    )
    target = OperationTarget("plan", "p")
    told_of = [none_starts(target, {"p": one}.__getitem__, lambda _: explained) for one in (told, held)]
    assert told_of == ["", f"none starts yet: {SAID}; to answer: changeover resume --plan p --accept-failures"]


class Nothing:
    """Of a ledger that would take no command."""

    def first(self, *_: Any) -> Any:
        return self

    commands = ()

    def every(self, *_: Any) -> list[str]:
        return []

    def told_now_ms(self) -> int:
        return 0


@pytest.mark.parametrize(("wave", "situations"), [("0", []), ("1", [Situation.BREAKER_TRIPPED])])
def test_a_task_waits_for_the_breaker_of_its_own_wave(wave: str, situations: list[Situation]) -> None:
    record = {"name": "p", "status": "RUNNING", "max": "1", "onBreach": "pause", "waves": "2", "wave": "0"}
    for index, failed in enumerate((0, 1)):
        part = {"name": f"w{index}", "total": "2", "tolerance": "0", "n:PENDING": "1", "n:FAILED": str(failed)}
        record |= {f"wave:{index}:{name}": text for name, text in part.items()}
    assert [one.name for one in plan_summary("p", record, lambda: 0).waves] == ["w0", "w1"]
    scene: Any = Nothing()
    scene.offers = scene
    task: Any = Nothing()
    task.scene, task.plan_id, task.plan, task.record, task.task_id = scene, "p", record, {"wave": wave}, f"p.{wave}"
    assert [one.situation for one in waits_for_wave(task)] == situations
