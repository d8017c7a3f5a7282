"""Whether a plan's record leaves a place to one of its moves: what ``includes/places.lua`` asks, of a dump."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.status import TASK_ACTIVE, TASK_GIVEN_UP, TaskState
from orchestrator.domain.waves import WAVE_DONE

FAILURES = (TaskState.FAILED, TaskState.ROLLBACK_FAILED)


def move_may_start(plan: Mapping[str, str], task: Mapping[str, str], slots_taken: int) -> bool:
    """For the task that stands first in its plan's queue, its tenant being free."""
    if slots_taken >= int(plan["max"]):
        return False
    if task.get("rollbackRequested") == "1":
        return True
    if not _bears_one_more(plan, ""):
        return False
    if "wave" not in task:
        return True
    wave, opened = int(task["wave"]), int(plan.get("wave", 0))
    if (wave > opened or "retryCursor" in plan) and "startedAt" not in task:
        return False
    return _bears_one_more(plan, f"wave:{wave}:") and (wave == opened or not _is_breached(plan, f"wave:{opened}:"))


def _limit(plan: Mapping[str, str], part: str) -> int | None:
    tolerance = plan.get(f"{part}tolerance")
    return None if tolerance is None else int(tolerance) + int(plan.get(f"{part}accepted", 0))


def _count(plan: Mapping[str, str], part: str, *states: TaskState) -> int:
    return sum(int(plan.get(f"{part}n:{state}", 0)) for state in states)


def failed_count(plan: Mapping[str, str], part: str) -> int:
    """How many count as failed: also those that went back by policy, not those that were accepted."""
    taken_back, accepted = (int(plan.get(f"{part}n:{name}", 0)) for name in ("takenBack", "accepted"))
    return _count(plan, part, *FAILURES) + taken_back - accepted


def _is_breached(plan: Mapping[str, str], part: str) -> bool:
    limit = _limit(plan, part)
    return limit is not None and failed_count(plan, part) > limit


def _bears_one_more(plan: Mapping[str, str], part: str) -> bool:
    limit, active = _limit(plan, part), _count(plan, part, *TASK_ACTIVE)
    most = plan.get(f"{part}max")
    if _is_breached(plan, part) or (most is not None and active >= int(most)):
        return False
    is_strict = plan.get(f"{part}strict") == "1"
    return limit is None or not is_strict or failed_count(plan, part) + active <= limit


def wave_keeps_open(plan: Mapping[str, str]) -> bool:
    """Whether a wave that soaks, or waits for its gate, keeps the plan open though all its tasks have ended; or has to
    do so, and waits for the answer to a breaker that had tripped."""
    passed = int(plan.get("passed", 0))
    if plan.get("cancelRequested") == "1" or passed >= int(plan.get("waves", 0)):
        return False
    behind = range(passed + 1, int(plan["waves"]))
    at_stake = [state for state in TaskState if state not in TASK_GIVEN_UP]
    if "cancels" in plan and behind and not any(_count(plan, f"wave:{one}:", *at_stake) for one in behind):
        return False
    part = f"wave:{passed}:"
    if plan.get(f"{part}state") in WAVE_DONE:
        return True
    parts = ["", *(f"wave:{wave}:" for wave in range(int(plan.get("wave", 0)), passed + 1))]
    soaks = f"{part}soak" in plan and _count(plan, part, TaskState.COMPLETED) > 0
    is_answered = "tripped" not in plan or any(_is_breached(plan, one) for one in parts)
    return not is_answered and (f"{part}gate" in plan or soaks)
