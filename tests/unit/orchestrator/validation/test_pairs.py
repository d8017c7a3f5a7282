"""Any two mistakes of a plan are told as each of them is alone: none hides the other, is followed by one more or told
twice."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import load_registry
from tests.support.long import IS_LONG, longer
from tests.unit.orchestrator.validation.test_head import CHOSEN, STATIC, Change
from tests.unit.orchestrator.validation.test_head import plan as plan_of_waves

REGISTRY: Final = load_registry()
SETTINGS: Final = Settings()


def plan() -> dict[str, Any]:
    """Two stages, the first of which has a step for each place of a mistake."""
    made = plan_of_waves()
    more = [
        {"type": "broadcast", "channel": "c", "message": {"a": "{{ tenant.tenant_id }}", "b": 1}},
        {"type": "http-request", "url": "http://127.0.0.1/"},
        {"type": "wait", "seconds": 1},
        {"type": "config-write", "key": "k:{{ tenant.tenant_id }}", "field": "f", "value": 1},
        {"type": "broadcast", "channel": "c", "message": 1},
        {"type": "wait", "seconds": 1},
    ]
    made["stages"][0]["when"] = "tenant.deploy_unit_id != 0"
    made["stages"][0]["steps"] += more
    made["stages"].append({"name": "second", "steps": [{"type": "noop"}]})
    return made


def tenant(index: int, **changes: Any) -> Change:
    return lambda raw: raw["tenants"][index].update(changes)


def stage(index: int, **changes: Any) -> Change:
    return lambda raw: raw["stages"][index].update(changes)


def step(index: int, **changes: Any) -> Change:
    return lambda raw: raw["stages"][0]["steps"][index].update(changes)


def with_message(**changes: Any) -> Change:
    return lambda raw: raw["stages"][0]["steps"][3]["message"].update(changes)


def renamed(where: Callable[[dict[str, Any]], dict[str, Any]], key: str, to: str) -> Change:
    return lambda raw: where(raw).update({to: where(raw).pop(key)})


TENANTS: Final[dict[str, Change]] = {
    "tenants[0].groups[0]": tenant(0, groups=["/"]),
    "tenants[0].labels.a": tenant(0, labels={"a": 5}),
    "tenants[0].deploy_unit_version": tenant(0, deploy_unit_version=[]),
    "tenants[1].nope": tenant(1, nope=1),
    "tenants[0].overrides.healthCheck.maxAttempts": tenant(0, overrides={"healthCheck": {"maxAttempts": "x"}}),
    "tenants[3].overrides.healthCheck.nope": tenant(3, overrides={"healthCheck": {"nope": 1}}),
    "tenants[1].overrides.nope": tenant(1, overrides={"nope": {}}),
    "tenants[2].network_endpoints[0].value": tenant(2, network_endpoints=[{"value": "ftp://x"}]),
    "tenants[1].tenant_id": tenant(1, tenant_id="a b"),
    "tenants[3].tenant_id": tenant(3, tenant_id="t0"),
    "tenants[2].source_tenant_deploy_config.deploy_unit_version": tenant(
        2, source_tenant_deploy_config={"deploy_unit_version": []}
    ),
    "tenants[3].network_endpoints": tenant(3, network_endpoints=[]),
}
STAGES: Final[dict[str, Change]] = {
    "stages[0].when": stage(0, when="tenant.("),
    "stages[0].when!": stage(0, when="nope == 1"),
    "stages[0].timeout_seconds": stage(0, timeout_seconds=-1),
    "stages[0].nope": stage(0, nope=1),
    "stages[0].steps[0].nope": step(0, nope=1),
    "stages[0].steps[0].key": step(0, key="{{ tenant."),
    "stages[0].steps[0].field": step(0, field="{{ nope3 }}"),
    "stages[0].steps[2].type": step(2, type="helth-check"),
    "stages[0].steps[3].channel": step(3, channel="{{ nope2 }}"),
    "stages[0].steps[3].message.a": with_message(a="{{ nope }}"),
    "stages[0].steps[3].message.b": with_message(b="{{ tenant."),
    "stages[0].steps[4].url": step(4, url="http://169.254.169.254/"),
    "stages[0].steps[4].nope": step(4, nope=1),
    "stages[0].steps[4].headers.a": step(4, headers={"a": "{{ nope4 }}"}),
    "stages[0].steps[4].timeout_seconds": step(4, timeout_seconds="x"),
    "stages[0].steps[5].seconds": step(5, seconds=-1),
    "stages[0].steps[6].key": step(6, key="changeover:x"),
    "stages[0].steps[6].type": step(6, type="config-wriet"),
    "stages[0].steps[7].connection": step(7, connection="nope"),
    "stages[0].steps[7].chanel": renamed(lambda raw: raw["stages"][0]["steps"][7], "channel", "chanel"),
    "stages[0].steps[8].tpye": renamed(lambda raw: raw["stages"][0]["steps"][8], "type", "tpye"),
    "stages[0].steps[8].seconds": step(8, seconds="{{ nope5 }}"),
    "stages[1].name": stage(1, name=""),
    "stages[1].steps[0]": lambda raw: raw["stages"][1].update(steps=[5]),
    "stages[1].steps[0].type": lambda raw: raw["stages"][1].update(steps=[{"type": "zzzz"}]),
}
"""By where each is told; a ``!`` is another one at the same place."""
LISTS: Final[dict[str, Change]] = {
    "stages[1].stpes": renamed(lambda raw: raw["stages"][1], "steps", "stpes"),
    "tennants": renamed(lambda raw: raw, "tenants", "tennants"),
}
"""Last, as the others change what is in them."""
ALL: Final = STATIC | CHOSEN | TENANTS | STAGES | LISTS

SAME_PLACE: Final = (
    ("group_limits.",),
    ("waves[1].tenants",),
    ("waves[2].tenants", "waves[3]"),
    ("stages[0].when",),
    ("stages[1].steps",),
    ("stages[1].stpes", "stages[1].steps"),
)
"""Of two that change one of these the second one takes the first one's place."""

_WHOM: Final = ("waves[0].tenants.where", "waves[1].tenants")
_WHO: Final = ("tenants[1].tenant_id", "tenants[3].tenant_id")
OPEN: Final[dict[str, tuple[str, ...]]] = {
    # Whom a wave leaves is open while it is open whom another takes; an id that none has may be the one that is meant
    # by a wrong one.
    "waves[3]": _WHOM,
    "waves[1].tenants.ids[0]": _WHO,
    "group_limits.nobody": ("tenants[0].groups[0]",),
    # The stage may not be for this tenant.
    "tenants[0].overrides.healthCheck.maxAttempts": ("stages[0].when!",),
    "tenants[3].overrides.healthCheck.nope": ("stages[0].when!",),
    # Nor may the step need them: what is wrong in it may be the name of what is asked in their place.
    "tenants[3].network_endpoints": (
        "stages[0].when",
        "stages[0].when!",
        "stages[0].steps[2].type",
        "tenants[3].overrides.healthCheck.nope",
    ),
}
"""What cannot be said beside one of these: it might be right once that is mended."""

SHORT: Final = (
    "name", "waves[0].tenants.where", "tenants[0].labels.a", "stages[0].when", "stages[0].timeout_seconds",
    "stages[0].steps[3].channel", "stages[0].steps[3].message.a", "stages[0].steps[4].url",
    "stages[0].steps[4].nope", "stages[0].steps[8].tpye", "stages[0].steps[8].seconds",
)  # fmt: skip
"""One of each kind."""
SHORT_OF_STAGES: Final = ("stages[0].when!", "stages[0].steps[3].message.a", "stages[0].steps[4].url")


def told(names: Iterable[str]) -> list[str]:
    raw = plan()
    for name in names:
        ALL[name](raw)
    return sorted(path.replace("tennants[", "tenants[").replace(".stpes[", ".steps[") for path in paths(raw))


def paths(raw: dict[str, Any]) -> list[str]:
    return sorted(one.path for one in validate_plan(raw, registry=REGISTRY, settings=SETTINGS).errors)


def wrongly_told(names: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """The pairs that are not told as each of them is alone, and what is."""
    wrong = {}
    for pair in itertools.combinations(names, 2):
        if any(all(name.startswith(place) for name in pair) for place in SAME_PLACE):
            continue
        one, other = pair
        expected = [name.rstrip("!") for name, beside in (pair, pair[::-1]) if beside not in OPEN.get(name, ())]
        if (found := told(pair)) != sorted(expected):
            wrong[one, other] = found
    return wrong


MISSPELT: Final[dict[str, Change]] = {
    "stages[0].wehn": renamed(lambda raw: raw["stages"][0], "when", "wehn"),
    "stages[0].when": stage(0, when="tenant.tenant_id = 't3'"),
    "stages[0].steps[5].secnds": lambda raw: raw["stages"][0]["steps"].__setitem__(5, {"type": "wait", "secnds": 1}),
    "tenants[3].varaibles": renamed(lambda raw: raw["tenants"][3], "variables", "varaibles"),
    "waves[0].tenats": renamed(lambda raw: raw["waves"][0], "tenants", "tenats"),
    "nmae": renamed(lambda raw: raw, "name", "nmae"),
    "maxConcurency": renamed(lambda raw: raw, "max_concurrency", "maxConcurency"),
    "tennants": renamed(lambda raw: raw, "tenants", "tennants"),
    "stagse": renamed(lambda raw: raw, "stages", "stagse"),
    "stages[0].nmae": renamed(lambda raw: raw["stages"][0], "name", "nmae"),
    "stages[0].stpes": renamed(lambda raw: raw["stages"][0], "steps", "stpes"),
    "waves[0].nam": renamed(lambda raw: raw["waves"][0], "name", "nam"),
    "waves[0].soak.secs": lambda raw: raw["waves"][0].update(soak={"secs": 60}),
    "tenants[3].id": renamed(lambda raw: raw["tenants"][3], "tenant_id", "id"),
    "tenants[3].version": renamed(lambda raw: raw["tenants"][3], "deploy_unit_version", "version"),
    "tenants[3].addresses": renamed(lambda raw: raw["tenants"][3], "network_endpoints", "addresses"),
}


@pytest.mark.parametrize("path", MISSPELT)
def test_what_a_wrong_name_or_condition_was_meant_for_is_not_missed(path: str) -> None:
    raw = plan()
    raw["tenants"][3]["variables"] = {"x": 1}
    stage(0, when="tenant.tenant_id == 't3'")(raw)
    with_message(a="{{ tenant.variables.x }}")(raw)
    assert paths(raw) == []
    MISSPELT[path](raw)
    assert paths(raw) == [path]


def test_a_misspelt_key_is_counted_once_as_well() -> None:
    raw = plan()
    raw["stages"] = [{"name": "s", "steps": [{"type": "noop"}]}]
    raw["tenants"] = [{"tenantid": f"t{index}"} for index in range(110)]
    found = validate_plan(raw, registry=REGISTRY, settings=SETTINGS).errors
    assert [one.message for one in found if not one.path] == ["and 10 more problems"]


def test_a_misspelt_key_of_a_stage_hides_nothing_that_some_tenant_shows() -> None:
    raw = plan()
    raw["stages"][1] = {"nmae": "second", "stpes": [{"type": "wait", "seconds": "{{ tenant.variables.s }}"}]}
    for index, one in enumerate(raw["tenants"]):
        one["variables"] = {"s": 1 - index}
    assert paths(raw) == ["stages[1].nmae", "stages[1].stpes", "stages[1].stpes[0].seconds"]


def test_a_gate_tells_all_that_is_wrong_with_it() -> None:
    raw = plan()
    raw["waves"][0]["gate"] = {"ulr": "http://127.0.0.1/", "interval_seconds": -1}
    assert paths(raw) == ["waves[0].gate.interval_seconds", "waves[0].gate.ulr"]


@pytest.mark.parametrize("tenants", [[], [5], {}, None])
def test_what_is_wrong_for_everybody_is_told_though_there_is_nobody(tenants: object) -> None:
    raw = plan()
    with_message(b="{{ tenant.variables.x }}")(raw)
    raw["tenants"] = tenants
    alone = paths(raw)
    assert len(alone) == 1
    for name in STAGES if IS_LONG else SHORT_OF_STAGES:
        wrong = copy.deepcopy(raw)
        STAGES[name](wrong)
        assert paths(wrong) == sorted([*alone, name.rstrip("!")]), name


@longer
def test_two_mistakes_are_told_as_each_is_alone() -> None:
    names = tuple(ALL) if IS_LONG else SHORT
    assert told(()) == []
    assert {name: found for name in names if (found := told((name,))) != [name.rstrip("!")]} == {}
    assert wrongly_told(names) == {}
