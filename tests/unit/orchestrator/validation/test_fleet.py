"""Waves and tolerances of a plan: who goes where, the numbers, and every mistake at once."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.config import PlanSpec
from orchestrator.ledger.stored_forms import MOST
from orchestrator.plans.plan import make_plan
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan, right_tenant

REGIONS = ("eu", "us")


def fleet(count: int = 20, **head: Any) -> dict[str, Any]:
    """Tenants t0, t1, ..., every other one in the EU."""
    plan = right_plan()
    plan["tenants"] = [right_tenant(f"t{i}", labels={"region": REGIONS[i % 2]}) for i in range(count)]
    return plan | head


def waves(*specs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"w{index}", **spec} for index, spec in enumerate(specs)]


def count(number: int) -> dict[str, Any]:
    return {"tenants": {"count": number}}


def errors(plan: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in validate_plan(plan).errors]


def taken(plan: dict[str, Any]) -> list[list[str]]:
    """The tenants of each wave."""
    made = validate_plan(plan).require()
    names = [tenant.tenant_id for tenant in made.tenants]
    return [[name for name, at in zip(names, made.wave_of, strict=True) if at == i] for i in range(len(plan["waves"]))]


def test_each_wave_takes_from_what_the_earlier_ones_left() -> None:
    specs = waves(
        count(2),
        {"tenants": {"percent": 10}},
        {"tenants": {"where": "tenant.labels.region == 'eu'"}},
        {"tenants": {"ids": ["t19", "t5"]}},
        {},
    )
    first, second, eu, named, rest = taken(fleet(20, waves=specs))
    assert (first, second) == (["t0", "t1"], ["t2", "t3"])
    assert eu == [f"t{i}" for i in range(4, 20, 2)]
    assert named == ["t5", "t19"], "in plan order"
    assert rest == ["t7", "t9", "t11", "t13", "t15", "t17"]


@pytest.mark.parametrize(("percent", "number"), [(5, 1), (10, 2), (10.1, 3), (0.001, 1), (100, 20)])
def test_a_part_is_of_the_plan_and_rounded_up(percent: float, number: int) -> None:
    specs = waves({"tenants": {"percent": percent}}, {})[: 1 if percent == 100 else 2]
    assert len(taken(fleet(20, waves=specs))[0]) == number


def test_numbers_are_resolved_and_told() -> None:
    specs = waves({**count(2), "failureTolerance": {"count": 0}}, {"failure_tolerance": {"percent": 12.5}})
    made = validate_plan(fleet(20, waves=specs, failure_tolerance={"percent": 14, "mode": "strict"})).require()
    words = "w0: 2 tenants, tolerance 0 (strict); w1: 18 tenants, tolerance 2 (strict); plan: 20 tenants, tolerance 2"
    assert made.rules.line() == f"{words} (strict)"
    fields = made.rules.fields()
    assert (fields["tolerance"], fields["strict"], fields["onBreach"], fields["waves"]) == (2, 1, "pause", 2)
    assert (fields["wave:0:total"], fields["wave:1:tolerance"]) == (2, 2)
    assert [wave["name"] for wave in made.rules.wire()["waves"]] == ["w0", "w1"]


def test_a_plan_without_them_says_nothing() -> None:
    made = validate_plan(fleet(3)).require()
    assert (made.rules.fields(), made.rules.wire(), made.rules.line(), made.wave_of) == ({}, {}, "", ())


def test_they_are_part_of_the_content() -> None:
    digests = {
        make_plan(plan).digest
        for plan in (
            fleet(4),
            fleet(4, failure_tolerance={"count": 1}),
            fleet(4, failure_tolerance={"count": 1}, on_breach="cancel"),
            fleet(4, waves=waves(count(1), {})),
            fleet(4, waves=waves({**count(1), "gate": "manual"}, {})),
        )
    }
    assert len(digests) == 5
    plan = fleet(4, waves=waves({**count(1), "gate": "manual"}, {}))
    assert validate_plan(PlanSpec.model_validate(plan)).require().digest == make_plan(plan).digest


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"failure_tolerance": {}}, ["failure_tolerance: give either count or percent"]),
        ({"failure_tolerance": {"count": 1, "percent": 2}}, ["failure_tolerance: give either count or percent"]),
        ({"failure_tolerance": {"count": -1}}, ["failure_tolerance.count: expected a whole number of at least 0"]),
        ({"failure_tolerance": {"count": 1, "mode": "hard"}}, ["failure_tolerance.mode: expected 'soft' or 'strict'"]),
        ({"on_breach": "explode"}, ["on_breach: expected 'pause'"]),
        ({"waves": []}, ["waves: expected at least 1 of them"]),
        ({"waves": waves({}, {})}, ["waves[0].tenants: missing; only the last wave may leave it out"]),
        ({"waves": waves({"tenants": {}})}, ["waves[0].tenants: give one of count, percent, where, ids"]),
        ({"waves": waves(count(4), {})}, ["waves[1]: it takes nobody"]),
        ({"waves": waves(count(3))}, ["waves: 1 tenant is in no wave (t3)"]),
        ({"waves": waves(count(1), count(1))}, ["waves: 2 tenants are in no wave (t2, t3)"]),
        ({"waves": [{"name": "a", **count(1)}, {"name": "a"}]}, ["waves[1].name: the same as waves[0].name"]),
        ({"waves": waves({"tenants": {"ids": ["t1", "who"]}}, {})}, ["waves[0].tenants.ids[1]: the plan has no such"]),
        (
            {"waves": waves(count(2), {"tenants": {"ids": ["t1"]}}, {})},
            ["waves[1].tenants.ids[0]: an earlier wave has taken it"],
        ),
        (
            {"waves": waves({"tenants": {"ids": ["t1", "t0", "t1"]}}, {})},
            ["waves[0].tenants.ids[2]: the same as ids[0]; expected each once"],
        ),
        (
            {"waves": waves({"tenants": {"where": "tenant.labels.ring == 'early'"}}, {})},
            ["waves[0].tenants.where: the name 'ring' is undefined"],
        ),
        ({"waves": waves({"tenants": {"where": "1 +"}}, {})}, ["waves[0].tenants.where: template syntax"]),
        (
            {"waves": waves({"tenants": {"where": "tenant.labels.region"}}, {})},
            ["waves[0].tenants.where: expected true"],
        ),
        ({"waves": waves({**count(1), "gate": "automatic"}, {})}, ["waves[0].gate: expected 'manual', or a mapping"]),
        ({"waves": waves({**count(1), "gate": {"url": "ftp://x"}}, {})}, ["waves[0].gate.url: "]),
        ({"waves": waves({**count(1), "gate": {"url": "http://169.254.169.254/"}}, {})}, ["waves[0].gate.url: "]),
        ({"waves": waves({**count(1), "gate": {"url": "http://h]/"}}, {})}, ["waves[0].gate.url: its brackets do not"]),
        (
            {"waves": waves({**count(1), "gate": {"url": "http://bob:pw-s3cret@h/?token=tok-s3cret"}}, {})},
            ["waves[0].gate.url: expected a URL without user and password"],
        ),
        ({"waves": waves({**count(1), "name": " "}, {})}, ["waves[0].name: expected a name, not white space alone"]),
        ({"waves": waves({**count(1), "soke": {}}, {})}, ["waves[0].soke: unknown key; did you mean 'soak'"]),
    ],
)
def test_a_mistake_is_one_line_that_names_it(head: dict[str, Any], expected: list[str]) -> None:
    found = errors(fleet(4, **head))
    assert len(found) == len(expected), found
    for line, words in zip(found, expected, strict=True):
        assert line.startswith(words), line
        assert "s3cret" not in line


def test_all_mistakes_come_at_once() -> None:
    specs = waves({"tenants": {"where": "1 +"}}, {}, {"tenants": {"ids": ["who"]}})
    plan = fleet(4, waves=specs)
    plan["tenants"][2]["network_endpoints"] = []
    found = errors(plan)
    assert [line.partition(":")[0] for line in found] == [
        "tenants[2].network_endpoints",
        "waves[1].tenants",
        "waves[0].tenants.where",
        "waves[2].tenants.ids[0]",
    ], found


def test_what_is_probably_not_meant_is_warned_of() -> None:
    plan = fleet(4, on_breach="cancel", waves=waves({**count(1), "max_concurrency": 9}, {}))
    found = [str(problem) for problem in validate_plan(plan).warnings]
    assert [line.partition(":")[0] for line in found] == ["on_breach", "waves[0].max_concurrency"], found


def test_pace_is_read_in_utc_and_of_the_digest() -> None:
    plan = right_plan()
    plan["tenants"][0]["groups"] = ["db-7"]
    before = make_plan(plan).digest
    plan |= {
        "group_limits": {"db-7": 2},
        "priority": 5,
        "startsPerMinute": 60,
        "not_before": "2026-12-01T02:00:00+01:00",
    }
    made = make_plan(plan)
    assert made.digest != before
    assert made.rules.wire() == {
        "groupLimits": {"db-7": 2},
        "priority": 5,
        "startsPerMinute": 60,
        "notBefore": "2026-12-01T01:00:00Z",
    }
    fields = made.rules.fields()
    assert (fields["group:db-7"], fields["priority"], fields["rate"], fields["paced"]) == (2, 5, 60, 1)
    assert fields["notBefore"] == 1_796_086_800_000


@pytest.mark.parametrize("key", ["not_before", "not_after"])
def test_the_calendars_last_moment_is_not_rounded_beyond_it(key: str) -> None:
    made = make_plan(right_plan() | {key: "9999-12-31T23:59:59.999999Z"})
    name = "notBefore" if key == "not_before" else "notAfter"
    assert made.rules.fields()[name] == MOST - 1
    # The log tells the same moment as the record.
    assert made.rules.wire()[name] == "9999-12-31T23:59:59.999000Z"


def test_where_the_setting_names_groups_a_tenant_is_of_no_other() -> None:
    plan = fleet(3)
    for tenant, group in zip(plan["tenants"], ("db-7", "db7", "db7"), strict=True):
        tenant["groups"] = [group]
    assert validate_plan(plan, settings=Settings()).plan is not None
    (error,) = validate_plan(plan, settings=Settings(groups={"db-7": 2})).errors
    assert (error.path, error.value) == ("tenants[1].groups", "db7")
    assert "db-7" in error.message
    assert "1 more tenant" in error.message
    own = plan | {"group_limits": {"db7": 1}}
    assert validate_plan(own, settings=Settings(groups={"db-7": 2})).plan is not None


@pytest.mark.parametrize(
    ("keys", "path", "said"),
    [
        ({"group_limits": {"db-8": 2}}, "group_limits.db-8", "unknown group"),
        ({"group_limits": {"db-7": 0}}, "group_limits.db-7", "at least 1"),
        ({"priority": 101}, "priority", "at most 100"),
        ({"starts_per_minute": 0}, "starts_per_minute", "at least 1"),
        ({"not_before": "2026-12-01T02:00:00"}, "not_before", "expected a time with its zone"),
        ({"not_after": "tomorrow"}, "not_after", "expected a time with its zone"),
        (
            {"not_before": "2026-12-02T02:00:00Z", "not_after": "2026-12-01T02:00:00Z"},
            "not_after",
            "expected a time after not_before (2026-12-02T02:00:00.000Z)",
        ),
    ],
)
def test_wrong_pace_is_named(keys: dict[str, Any], path: str, said: str) -> None:
    plan = right_plan()
    plan["tenants"][0]["groups"] = ["db-7"]
    found = validate_plan(plan | keys).errors
    assert any(problem.path == path and said in problem.message for problem in found), found


def test_times_hide_no_other_mistake() -> None:
    specs = waves({"tenants": {"where": "tenant.("}, "gate": {"url": "ftp://x"}}, {}, {})
    times = {"not_before": "2030-01-02T00:00:00Z", "not_after": "2030-01-01T00:00:00Z"}
    found = errors(fleet(4, waves=specs, **times))
    assert [line.partition(":")[0] for line in found] == [
        "waves[0].gate.url",
        "not_after",
        "waves[1].tenants",
        "waves[0].tenants.where",
    ]


SECRET_URL = "https://ci:HIDDEN@host/ok?token=HIDDEN"


@pytest.mark.parametrize(
    "gate",
    [
        SECRET_URL,
        {"url": "http://h/?token=HIDDEN&x=" + "a" * 2000},
        {"url": "http://u:" + "p" * 300 + "HIDDEN@h/" + "a" * 2000},
        {"url": "http://u:HIDDEN@h/\u202e"},
        {"url": "http://u:HIDDEN@169.254.169.254/?token=HIDDEN"},
        {"uri": SECRET_URL},
        {"url": "http://h/ok?a=1&\ntoken=HIDDEN\n"},
        {"url": "http://h/ok a?token=HIDDEN"},
        {"url": "h.example/ok?token=HIDDEN"},
        "h.example/ok?token=HIDDEN",
        "ci:HIDDEN@h.example/ok",
        *({"url": "http://h/ok", key: "HIDDEN"} for key in ("token", "authorization", "headers", "body")),
        {"url": "http://h/ok", "headers": "Authorization: Bearer HIDDEN"},
    ],
)
def test_no_gate_that_is_wrong_shows_what_its_address_hides(gate: Any) -> None:
    found = validate_plan(fleet(waves=waves({**count(1), "gate": gate}, {}))).errors
    assert any("gate" in one.path for one in found)
    assert "HIDDEN" not in str(found)
    assert "pppp" not in str(found)


def test_an_address_is_hidden_wherever_it_stands_by_mistake() -> None:
    plan = fleet(max_concurrency=SECRET_URL, on_breach=SECRET_URL, not_before=f"see {SECRET_URL}")
    plan |= {"token": "HIDDEN", "headers": "Authorization: Bearer HIDDEN9", "gate": "h/?token=HIDDEN", "key": "a\nb"}
    plan["tenants"][0]["network_endpoints"] = SECRET_URL
    found = str(validate_plan(plan).errors)
    assert "HIDDEN" not in found
    assert found.count("https://***@host/ok") >= 3


def test_a_gate_without_an_address_is_a_mistake_and_manual_is_said() -> None:
    (error,) = errors(fleet(waves=waves({**count(1), "gate": {"url": None}}, {})))
    assert "expected 'manual', or a mapping with a url" in error


def test_a_bound_is_told_as_people_write_it() -> None:
    (error,) = errors(fleet(failure_tolerance={"count": 1_000_001}))
    assert "at most 1000000 " in error
