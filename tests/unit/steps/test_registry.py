from __future__ import annotations

import pickle
import re
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

import steps.registry
from steps import (
    ConfigWrite,
    Done,
    DuplicateStep,
    InvalidStep,
    Noop,
    NoopParameters,
    Outcome,
    Step,
    StepContext,
    StepRegistry,
    UnknownStep,
    load_registry,
)
from tests.support.agreed_lists import must_agree

TESTS = Path(__file__).parents[2]
SERVERLESS = {"Noop", "Wait"}
"""Steps that ask nobody: their tests are in ``tests/unit/steps``."""


class Drain(Step[NoopParameters]):
    name = "drain"
    Parameters = NoopParameters

    def run(self, parameters: NoopParameters, context: StepContext) -> Outcome:
        return Done()


class SecondNoop(Drain):
    name = "noop"


class Shouting(Drain):
    name = "Drain Queue"


class NoParameters(Drain):
    Parameters = dict  # type: ignore[assignment]  # the mistake under test


class NoRun(Step[NoopParameters]):
    name = "no-run"
    Parameters = NoopParameters


not_a_class = 42


def install(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    """As if packages with these entry points were installed; the loading itself is real."""

    def installed(*, group: str) -> EntryPoints:
        return EntryPoints(EntryPoint(f"point-{n}", value, group) for n, value in enumerate(values))

    monkeypatch.setattr(steps.registry, "entry_points", installed)


def test_built_in() -> None:
    """All of them, so that none is left out by mistake: a new one is named here too."""
    registry = load_registry()
    must_agree(
        registry.names(),
        [
            "broadcast",
            "config-write",
            "health-check",
            "http-request",
            "noop",
            "notify",
            "poll",
            "redis-ack",
            "wait",
        ],
        lacking="{} is in steps/registry.py: it is named here too, and has its section in docs/steps.md",
        left_over="{} is named here, and not in steps/registry.py",
    )
    assert isinstance(registry.get("config-write"), ConfigWrite)
    assert registry.get("config-write") is registry.get("config-write")


def test_every_step_is_run_by_a_test() -> None:
    sources = {
        room: "".join(path.read_text() for path in (TESTS / room / "steps").glob("test_*.py"))
        for room in ("integration", "unit")
    }
    lacking = [
        f"{step.__name__} is made and run nowhere in tests/{room}/steps/"
        for step in steps.registry.BUILT_IN
        for room in ["unit" if step.__name__ in SERVERLESS else "integration"]
        if not re.search(rf"\b{step.__name__}\(\)", sources[room])
    ]
    assert not lacking, "\n".join(["", *lacking, "One that needs no server is named in SERVERLESS here."])


def test_what_each_says_of_itself() -> None:
    registry = load_registry()
    told = (
        "{} says %s: if that is meant, it is named here; if not, it goes (steps/contract.py says what follows from it)"
    )
    gone = "{} does not say %s, though this test names it"
    for word, named in {
        "writes": ["config-write", "http-request", "redis-ack"],
        "confirms_health": ["health-check", "redis-ack"],
    }.items():
        saying = [name for name in registry.names() if getattr(registry.get(name), word)]
        must_agree(saying, named, lacking=told % word, left_over=gone % word)


def test_a_step_of_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, f"{__name__}:Drain")
    registry = load_registry()
    assert "drain" in registry.names()
    # By name: under a second import of this module the class would be another object.
    assert type(registry.get("drain")).__name__ == "Drain"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module:Step", "cannot be imported"),
        (f"{__name__}:Missing", "cannot be imported"),
        (f"{__name__}:not_a_class", "not a subclass"),
        (f"{__name__}:NoRun", "no run method"),
        (f"{__name__}:Shouting", "kebab-case"),
        (f"{__name__}:NoParameters", "'Parameters'"),
    ],
)
def test_unusable_entry_points_are_named(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    install(monkeypatch, value)
    with pytest.raises(InvalidStep, match=message) as caught:
        load_registry()
    assert f"point-0 = {value}" in str(caught.value)


def test_duplicates_name_both(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, f"{__name__}:SecondNoop")
    with pytest.raises(DuplicateStep, match=r"steps\.noop\.Noop and .*SecondNoop"):
        load_registry()


def test_unknown_name_gives_the_nearest() -> None:
    registry = load_registry()
    with pytest.raises(UnknownStep, match="unknown step 'helth-check'; did you mean 'health-check'") as caught:
        registry.get("helth-check")
    assert caught.value.nearest == "health-check"
    copy: Any = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)


def test_unknown_name_with_nothing_near() -> None:
    with pytest.raises(UnknownStep, match="unknown step 'zzz'; known: noop") as caught:
        StepRegistry([Noop()]).get("zzz")
    assert caught.value.nearest is None


def test_a_huge_name_is_cut() -> None:
    with pytest.raises(UnknownStep) as caught:
        load_registry().get("x" * 200_000)
    assert len(str(caught.value)) < 400
