"""Any two mistakes of a plan are told as each of them is alone: none hides the other, is followed by one more or told
twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Final

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import extra, references, validate_plan
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
    "stages[0].steps[5].seconds": step(5, seconds=-1),
    "stages[0].steps[6].key": step(6, key="changeover:x"),
    "stages[0].steps[7].connection": step(7, connection="nope"),
    "stages[1].name": stage(1, name=""),
    "stages[1].steps[0]": lambda raw: raw["stages"][1].update(steps=[5]),
    "stages[1].steps[0].type": lambda raw: raw["stages"][1].update(steps=[{"type": "zzzz"}]),
}
"""By where each is told; a ``!`` is another one at the same place."""
ALL: Final = STATIC | CHOSEN | TENANTS | STAGES

SAME_PLACE: Final = (
    ("group_limits.",),
    ("waves[1].tenants",),
    ("waves[2].tenants", "waves[3]"),
    ("stages[0].when",),
    ("stages[1].steps",),
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
    "stages[0].steps[0].nope", "stages[0].steps[3].channel", "stages[0].steps[3].message.a",
    "stages[0].steps[7].connection",
)  # fmt: skip
"""One of each kind."""


@pytest.fixture(autouse=True)
def no_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for them would take most of the time."""
    for module in (extra, references):
        monkeypatch.setattr(module, "entry_points", lambda **_: ())


def told(names: Iterable[str]) -> list[str]:
    raw = plan()
    for name in names:
        ALL[name](raw)
    return paths(raw)


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
    "stages[0].wehn": lambda raw: raw["stages"][0].update(wehn=raw["stages"][0].pop("when")),
    "stages[0].when": stage(0, when="tenant.tenant_id = 't3'"),
    "stages[0].steps[5].secnds": lambda raw: raw["stages"][0]["steps"].__setitem__(5, {"type": "wait", "secnds": 1}),
    "tenants[3].varaibles": lambda raw: raw["tenants"][3].update(varaibles=raw["tenants"][3].pop("variables")),
    "waves[0].tenats": lambda raw: raw["waves"][0].update(tenats=raw["waves"][0].pop("tenants")),
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


@longer
def test_two_mistakes_are_told_as_each_is_alone() -> None:
    names = tuple(ALL) if IS_LONG else SHORT
    assert told(()) == []
    assert {name: found for name in names if (found := told((name,))) != [name.rstrip("!")]} == {}
    assert wrongly_told(names) == {}
