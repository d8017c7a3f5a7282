"""Names that nobody knows, by the thousand: all are counted, the first are told, and only for these is work done."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.naming import bounded_comparing, unknown
from orchestrator.validation import findings, validate_plan
from orchestrator.validation.findings import LIMIT
from tests.support.counted_calls import counted_calls
from tests.support.long import mostly_long
from tests.support.right_plan import right_plan, right_tenant

COMPARING = "get_close_matches"
MANY = 5000


def keys(number: int) -> dict[str, Any]:
    return {f"k{n}": n for n in range(number)}


def tenant(number: int, **more: Any) -> dict[str, Any]:
    own = {"tenant_id": f"t{number}", "deploy_unit_id": 1, "deploy_unit_version": 2, "target_ip": "127.0.0.1"}
    return own | more


def stage(**parameters: Any) -> dict[str, Any]:
    return {"name": "s", "steps": [{"type": "http-request", "url": "http://a.example.com/", **parameters}]}


STEP = "stages[0].steps[0]"
HEALTH = {"type": "health-check", "max_atempts": 200, "consecutive_successes": 50}
MEANT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "strange": ({"type": "config-write", "value": 1, "nope": 1}, [".nope", ".key"]),
    "one that means another": (
        {"type": "redis-ack", "kye": "k", "footprint": "f", "value": {"f": 1}, "channel": "c"},
        [".kye", ".message"],
    ),
    "one that means what is missing": ({"type": "config-write", "value": 1, "kye": "k"}, [".kye"]),
    "one that another check reads": (HEALTH, [".max_atempts"]),
    "one that it reads, and wrong": ({**HEALTH, "max_atempts": 20}, [".max_atempts", ".consecutive_successes"]),
}


@pytest.mark.parametrize("name", MEANT)
def test_a_wrong_name_hides_what_it_means_and_nothing_else(name: str) -> None:
    step, wrong = MEANT[name]
    plan = right_plan() | {"stages": [{"name": "s", "steps": [step]}]}
    assert {error.path for error in validate_plan(plan).errors} == {STEP + one for one in wrong}


def test_nor_does_that_of_an_override() -> None:
    values = {"max_atempts": 200, "consecutive_successes": 50}
    plan = right_plan()
    plan["tenants"][0]["overrides"] = {"health_check": values}
    (error,) = validate_plan(plan).errors
    assert error.path.endswith(".max_atempts")


MISSPELT: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "no list": ("tenants", {"tenant": "x"}, ["tenant: unknown key; did you mean 'tenants'?"]),
    "another case": ("tenants", {"Tenants": [right_tenant("acme")]}, ["Tenants: unknown key; did you mean 'tenants'?"]),
    "no stages": ("stages", {"stgaes": 7}, ["stgaes: unknown key; did you mean 'stages'?"]),
    "no services": ("stages", {"servce_names": 7}, ["servce_names: unknown key; did you mean 'service_names'?"]),
    "no steps": (
        "stages",
        {"stages": [{"name": "s", "stpes": "x"}]},
        ["stages[0].stpes: unknown key; did you mean 'steps'?"],
    ),
    "a type": (
        "stages",
        {"stages": [{"name": "s", "steps": [{"tpye": "http-request", "url": "ftp://x/"}, {"Type": "noop"}]}]},
        [
            f"{STEP}.tpye: unknown key; did you mean 'type'?",
            "stages[0].steps[1].Type: unknown key; did you mean 'type'?",
            f"{STEP}.url: expected an http:// or https:// URL: its scheme is 'ftp'",
        ],
    ),
    "no type": (
        "stages",
        {"stages": [{"name": "s", "steps": [{"url": "ftp://x/"}]}]},
        [f"{STEP}.type: missing; this key is required"],
    ),
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_key_is_one_line(name: str) -> None:
    left_out, given, lines = MISSPELT[name]
    plan = {key: value for key, value in right_plan().items() if key != left_out} | given
    assert [str(error).partition(" (got ")[0] for error in validate_plan(plan).errors] == lines


WRONG: dict[str, dict[str, Any]] = {
    "of the plan": keys(MANY),
    "of a stage": {"stages": [stage() | keys(MANY)]},
    "of a step": {"stages": [stage(**keys(MANY))]},
    "of a tenant": {"tenants": [tenant(1, **keys(MANY))]},
    "of a wave": {"waves": [{"name": "w", **keys(MANY)}]},
    "of endpoints": {"tenants": [tenant(1, network_endpoints=[keys(5)] * (MANY // 5))]},
    "of many tenants": {"tenants": [tenant(n, bogus=1) for n in range(MANY)]},
    "of their overrides": {
        "stages": [stage()],
        "tenants": [tenant(n, overrides={"http-request": {f"k{n}": 1}}) for n in range(MANY // 5)],
    },
    "of types of steps": {"tenants": [tenant(n, overrides={f"k{n}": {}}) for n in range(MANY // 5)]},
    "of groups": {"group_limits": {f"g{n}": 1 for n in range(MANY)}},
}


@pytest.mark.parametrize("place", mostly_long(WRONG, *set(WRONG) - {"of their overrides", "of a step"}))
def test_many_wrong_names_cost_no_more_than_those_that_are_told(place: str) -> None:
    plan = right_plan() | WRONG[place]
    with counted_calls() as calls:
        errors = validate_plan(plan).errors
    assert len(errors) <= LIMIT + 1
    assert errors[0].message.startswith("unknown ")
    assert "known: " in errors[0].message or "did you mean" in errors[0].message
    assert any(error.message.startswith("and ") and " more " in error.message for error in errors)
    assert calls[COMPARING] < MANY // 2
    assert calls["shown"] <= 2 * MANY + LIMIT
    assert calls["_place"] <= 2 * LIMIT


def test_those_that_are_not_told_are_counted() -> None:
    errors = validate_plan(right_plan() | keys(MANY)).errors
    assert errors[-1].message == f"and {MANY - LIMIT} more problems"
    assert {error.message for error in errors[:-1]} == {errors[0].message}


def test_what_is_wrong_besides_unknown_names_is_told_too() -> None:
    errors = validate_plan(right_plan() | {"max_concurrency": 0} | keys(20)).errors
    assert "max_concurrency" in {error.path for error in errors}


def test_an_override_that_no_step_of_its_type_takes_is_said_once_whatever_stages_there_are() -> None:
    stages = [{"name": f"s{n}", "steps": stage()["steps"] * 50} for n in range(20)]
    wrong = {"http-request": {f"k{n}": n for n in range(100)}}
    plan = right_plan() | {"stages": stages, "tenants": [tenant(1, overrides=wrong)]}
    with counted_calls() as calls:
        errors = validate_plan(plan).errors
    assert {error.path.rpartition(".")[0] for error in errors[:-1]} <= {"tenants[0].overrides.http-request"} | {
        "tenants[0].overrides"
    }
    # Once a stage, not once a step.
    assert calls["unknown"] == 20 * 100


def test_a_source_as_wrong_as_the_tenant_is_compared_by_name() -> None:
    wrong: dict[str, Any] = {f"k{n}": {} for n in range(150)}
    source: dict[str, Any] = {"deploy_unit_id": 2, "overrides": {f"o{n}": {} for n in range(150)}}
    plan = right_plan() | {"tenants": [tenant(1, overrides=wrong, source_tenant_deploy_config=source)]}
    errors = validate_plan(plan).errors
    assert errors[-1].message == "and 200 more problems"


@pytest.mark.parametrize(
    ("wrong", "path", "meant"),
    [
        ({"maxConcurency": 3}, "maxConcurency", "maxConcurrency"),
        ({"stages": [stage(timeoutSecond=3)]}, "stages[0].steps[0].timeoutSecond", "timeoutSeconds"),
        ({"tenants": [tenant(1, networkEndpoint=[])]}, "tenants[0].networkEndpoint", "networkEndpoints"),
        (
            {"tenants": [tenant(1, network_endpoints=[{"targetDomian": "x"}])]},
            "tenants[0].network_endpoints[0].targetDomian",
            "targetDomain",
        ),
        ({"tenants": [tenant(1, overrides={"helthCheck": {}})]}, "tenants[0].overrides.helthCheck", "healthCheck"),
        (
            {"tenants": [tenant(1, overrides={"healthCheck": {"maxAttemps": 2}})]},
            "tenants[0].overrides.healthCheck.maxAttemps",
            "maxAttempts",
        ),
        (
            {"tenants": [tenant(1, overrides={"health-check": {"max_attemps": 2, "interval-seconds": 1}})]},
            "tenants[0].overrides.health-check.max_attemps",
            "max_attempts",
        ),
    ],
)
def test_a_name_is_told_as_it_was_written_and_what_was_meant_in_the_same_spelling(
    wrong: dict[str, Any], path: str, meant: str
) -> None:
    (error,) = validate_plan(right_plan() | wrong).errors
    assert error.path == path
    assert error.message.endswith(f"; did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"startsPerMinute": 0}, "startsPerMinute"),
        ({"stages": [stage(timeoutSeconds="x")]}, "stages[0].steps[0].timeoutSeconds"),
        (
            {"tenants": [tenant(1, networkEndpoints=[{"targetDomain": 5}])]},
            "tenants[0].networkEndpoints[0].targetDomain",
        ),
        (
            {"tenants": [tenant(1, overrides={"healthCheck": {"maxAttempts": "x"}})]},
            "tenants[0].overrides.healthCheck.maxAttempts",
        ),
        (
            {"tenants": [tenant(1, overrides={"health-check": {"max-attempts": "x"}})]},
            "tenants[0].overrides.health-check.max-attempts",
        ),
        (
            {"tenants": [tenant(1, overrides={"healthCheck": {"expectedVersion": "{{ nope }}"}})]},
            "tenants[0].overrides.healthCheck.expectedVersion",
        ),
    ],
)
def test_a_wrong_value_is_told_under_its_name_as_it_was_written(wrong: dict[str, Any], path: str) -> None:
    assert [error.path for error in validate_plan(right_plan() | wrong).errors] == [path]


def test_of_very_many_wrong_tenants_the_others_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_COUNTED", 20)
    for plan in (
        right_plan() | {"tenants": [{}] * MANY},
        right_plan() | {"tenants": [right_tenant("acme")] * MANY},
    ):
        with counted_calls() as calls:
            errors = validate_plan(plan).errors
        assert (len(errors), errors[-1].message) == (LIMIT + 1, "and more than 20 more problems")
        assert calls["tenant_forms"] + calls["first_problems_of"] <= 2 * LIMIT + 20


def test_of_tenants_that_meet_very_many_mistakes_the_others_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_MET", 20)
    tenants = [right_tenant(f"t{index}") for index in range(25)]
    for condition, steps, looked_at in (("true", 1, 25), ("true", 3, 10), ("tenant.(", 3, 10)):
        steps_of_stage = [{"type": "wait", "seconds": f"{{{{ nope{index} }}}}"} for index in range(steps)]
        raw = right_plan() | {"tenants": tenants, "stages": [{"name": "s", "when": condition, "steps": steps_of_stage}]}
        with counted_calls() as calls:
            errors = validate_plan(raw).errors
        assert calls["tenant_forms"] == looked_at
        assert ("were not looked at" in errors[-1].message) == (looked_at < 25)


@pytest.mark.parametrize(("method", "seconds"), [("NOPE", 5), ("NOPE", -5), ("PUT", -5)])
def test_steps_that_are_wrong_with_overrides_are_looked_at_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch, method: str, seconds: int
) -> None:
    monkeypatch.setattr(findings, "MOST_MET", 5 * findings.LOOK)
    steps = [{"type": "http-request", "url": "http://a.example.com/", "method": method}] * 3
    stages = [{"name": f"s{number}", "steps": steps} for number in range(4)]
    tenants = [tenant(n, overrides={"http-request": {"timeout_seconds": seconds - n}}) for n in range(5)]
    with counted_calls() as calls:
        errors = validate_plan(right_plan() | {"stages": stages, "tenants": tenants}).errors
    assert calls["CompiledStep._partly"] == 2 * 3
    assert "were not looked at" in errors[-1].message


def test_one_wrong_step_a_tenant_costs_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_MET", 5)
    steps = [{"type": "http-request", "url": "http://a.example.com/", "method": "NOPE"}]
    tenants = [tenant(n, overrides={"http-request": {"timeout_seconds": n - 8}}) for n in range(16)]
    errors = validate_plan(right_plan() | {"stages": [{"name": "s", "steps": steps}], "tenants": tenants}).errors
    assert [error.path for error in errors] == [
        "stages[0].steps[0].method",
        *(f"tenants[{n}].overrides.http-request.timeout_seconds" for n in range(9)),
    ]


def test_overrides_have_a_bound() -> None:
    plan = right_plan() | {"tenants": [tenant(1, overrides={"noop": keys(201)})]}
    (error,) = validate_plan(plan).errors
    assert (error.path, error.message) == ("tenants[0].overrides.noop", "expected at most 200 of them")


def test_the_same_name_gets_the_same_sentence_however_many_others_were_wrong() -> None:
    known = ["one", "two"]
    with bounded_comparing():
        first = unknown("key", "onee", known)
        assert first == "unknown key; did you mean 'one'?"
        others = [unknown("key", f"k{n}", known) for n in range(20_000)]
        assert others[0] == "unknown key; known: one, two"
        assert others[-1] == "unknown key"
        assert unknown("key", "onee", known) == first
    assert unknown("key", "k1", known) == others[0]


def test_of_many_known_names_the_first_are_listed() -> None:
    assert unknown("group", "?", [f"g{n:03}" for n in range(80)]).endswith("g049 and 30 more")
