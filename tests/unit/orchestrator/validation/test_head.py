"""A mistake in a plan's head hides no other one, and is followed by none that only it has caused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import load_registry
from tests.support.right_plan import right_plan, right_tenant

REGISTRY = load_registry()
SETTINGS = Settings()
Change = Callable[[dict[str, Any]], object]


def plan() -> dict[str, Any]:
    """Four tenants in five waves, the last of which takes the one that is left."""
    waves = [{"name": f"w{index}", "tenants": {"count": 1}} for index in range(3)]
    waves.append({"name": "rest"})
    tenants = [right_tenant(f"t{index}", groups=["db"]) for index in range(4)]
    head = {"failure_tolerance": {"count": 1}, "group_limits": {"db": 1}, "not_before": "2030-01-02T00:00:00Z"}
    return right_plan() | head | {"waves": waves, "tenants": tenants}


def paths(raw: dict[str, Any]) -> list[str]:
    return [problem.path for problem in validate_plan(raw, registry=REGISTRY, settings=SETTINGS).errors]


def wave(index: int, **parts: Any) -> Change:
    return lambda raw: raw["waves"][index].update(parts)


def without(index: int, key: str) -> Change:
    return lambda raw: raw["waves"][index].pop(key)


def head(**parts: Any) -> Change:
    return lambda raw: raw.update(parts)


STATIC: dict[str, Change] = {
    "plan_id": head(plan_id="/"),
    "name": lambda raw: raw.pop("name"),
    "max_concurrency": head(max_concurrency=0),
    "priority": head(priority=101),
    "pace": head(pace=1),
    "failure_tolerance.percent": head(failure_tolerance={"percent": 101}),
    "group_limits.db": head(group_limits={"db": 0}),
    "not_after": head(not_after="2030-01-01T00:00:00Z"),
    "waves[0].gate.url": wave(0, gate={"url": "ftp://x"}),
    "waves[0].soak.seconds": wave(0, soak={"seconds": "x"}),
    "waves[0].tenants.where": wave(0, tenants={"where": "tenant.("}),
    "waves[1].name": wave(1, name="w0"),
    "waves[1].tenants": without(1, "tenants"),
    "waves[2].name": without(2, "name"),
    "waves[2].tenants.cuont": wave(2, tenants={"cuont": 1}),
    "waves[3].max_concurrency": wave(3, max_concurrency=0),
    "stages[0].name": lambda raw: raw["stages"][0].pop("name"),
}
"""One mistake of each kind that can be seen without choosing tenants, by where it is told."""

CHOSEN: dict[str, Change] = {
    "group_limits.nobody": head(group_limits={"nobody": 1, "db": 1}),
    "waves[1].tenants.ids[0]": wave(1, tenants={"ids": ["nobody", "t2"]}),
    "waves[3]": wave(2, tenants={"percent": 100}),
}
"""The same that can be seen only by choosing tenants."""

BESIDE = [name for name in STATIC if not name.startswith(("waves[0].tenants", "waves[1].t", "waves[2]", "group"))]
"""Those that are no obstacle to choosing."""


@pytest.mark.parametrize("path", [*STATIC, *CHOSEN])
def test_each_mistake_alone_is_one_problem(path: str) -> None:
    assert paths(plan()) == []
    raw = plan()
    (STATIC | CHOSEN)[path](raw)
    assert paths(raw) == [path]


def test_all_mistakes_of_the_head_and_the_waves_at_once() -> None:
    raw = plan()
    for change in STATIC.values():
        change(raw)
    assert sorted(paths(raw)) == sorted(STATIC)


def test_what_only_the_choice_of_tenants_shows_is_told_beside_the_rest() -> None:
    raw = plan()
    for change in (*(STATIC[name] for name in BESIDE), *CHOSEN.values()):
        change(raw)
    assert sorted(paths(raw)) == sorted([*BESIDE, *CHOSEN])


@pytest.mark.parametrize(
    ("tolerance", "told"),
    [
        ({"count": 1, "percent": 101}, ["failure_tolerance", "failure_tolerance.percent"]),
        ({"count": -1, "percent": 101}, ["failure_tolerance", "failure_tolerance.count", "failure_tolerance.percent"]),
        ({"mode": "x"}, ["failure_tolerance", "failure_tolerance.mode"]),
        ({"cuont": 1}, ["failure_tolerance.cuont"]),
        ({"count": "x"}, ["failure_tolerance.count"]),
        ({"count": 1, "percent": 1, "cuont": 1}, ["failure_tolerance", "failure_tolerance.cuont"]),
    ],
)
def test_either_of_two_is_asked_for_although_one_is_wrong(tolerance: dict[str, Any], told: list[str]) -> None:
    assert sorted(paths(plan() | {"failure_tolerance": tolerance})) == told


@pytest.mark.parametrize("odd", [5, None, [], {}, "x", {"name": "w0"}])
def test_a_wave_that_is_none_hides_no_other(odd: Any) -> None:
    raw = plan()
    raw["waves"][2:3] = [odd]
    raw["waves"][1]["gate"] = {"url": "ftp://x"}
    found = paths(raw)
    assert "waves[1].gate.url" in found
    assert all(path.startswith(("waves[2]", "waves[1].gate.url")) for path in found)


def test_a_group_is_not_missed_in_limits_that_are_wrong_and_hides_nothing() -> None:
    settings = Settings(groups={"db-7": 2})
    raw = plan() | {"group_limits": {"db": 0}}
    assert [one.path for one in validate_plan(raw, registry=REGISTRY, settings=settings).errors] == ["group_limits.db"]
    raw = plan() | {"group_limits": {}}
    CHOSEN["waves[3]"](raw)
    found = [one.path for one in validate_plan(raw, registry=REGISTRY, settings=settings).errors]
    assert found == ["tenants[0].groups", "waves[3]"]


def test_other_spellings_and_a_key_given_twice_are_left_out_as_well() -> None:
    raw = plan() | {"failureTolerance": {"count": -1}, "startsPerMinute": 0, "notAfter": "2030-01-01T00:00:00Z"}
    raw["waves"][0] |= {"gate": {"url": "ftp://x", "intervalSeconds": 0}}
    told = ["failure_tolerance", "failure_tolerance.count", "notAfter", "startsPerMinute"]
    assert sorted(paths(raw)) == [*told, "waves[0].gate.intervalSeconds", "waves[0].gate.url"]


def test_a_wrong_stage_hides_nothing_of_its_steps() -> None:
    wrong = {"name": {"x": 1}, "steps": [{"type": "wait", "nme": 1, "seconds": 1}, 5, {"type": "wiat"}]}
    assert set(paths(right_plan() | {"stages": [wrong]})) == {
        "stages[0].name",
        "stages[0].steps[1]",
        "stages[0].steps[0].nme",
        "stages[0].steps[2].type",
    }
