"""A rollback strategy or middleware that no package brings is told of before a stage needs it."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from orchestrator.coordinator.process import run_coordinator
from orchestrator.domain.errors import InvalidInput
from orchestrator.embedded.up import run_up
from orchestrator.embedded.up_options import UpOptions
from orchestrator.settings import extensions
from orchestrator.settings.extensions import MIDDLEWARES, missing_extensions
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan

STRATEGY = "unknown rollback strategy; did you mean 'previous'?"
MIDDLEWARE = "unknown middleware; known: none"


def test_all_that_is_missing_is_named() -> None:
    assert missing_extensions(Settings()) == []
    found = missing_extensions(Settings(rollback_strategy="previuos", middlewares=["nosuch"]))
    assert [(one.path, one.message) for one in found] == [
        ("rollback_strategy", STRATEGY),
        ("middlewares[0]", MIDDLEWARE),
    ]


def test_a_plan_is_right_and_warned_of_it() -> None:
    validated = validate_plan(right_plan(), settings=Settings(rollback_strategy="previuos"))
    assert not validated.errors
    assert f"setting rollback_strategy: {STRATEGY} (got 'previuos'); no worker starts with it" in [
        str(one) for one in validated.warnings
    ]


def test_a_coordinator_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_ROLLBACK_STRATEGY", "previuos")
    monkeypatch.setenv("CHANGEOVER_MIDDLEWARES", '["broken"]')
    points = EntryPoints([EntryPoint("broken", "no.such.module:Thing", MIDDLEWARES)])
    monkeypatch.setattr(extensions, "entry_points", points.select)
    with pytest.raises(InvalidInput, match="rollback_strategy: unknown rollback strategy") as told:
        run_coordinator()
    assert [one.path for one in told.value.problems] == ["rollback_strategy", "middlewares[0]"]


def test_up_starts_nothing_with_what_its_processes_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("broken", "no.such.module:Thing", MIDDLEWARES)])
    monkeypatch.setattr(extensions, "entry_points", points.select)
    for settings, wrong in (
        (Settings(rollback_strategy="previuos", middlewares=["nosuch"]), ["rollback_strategy", "middlewares[0]"]),
        (Settings(middlewares=["broken", "nosuch"]), ["middlewares[1]", "middlewares[0]"]),
    ):
        with pytest.raises(InvalidInput) as told:
            run_up(UpOptions(), settings)
        assert [one.path for one in told.value.problems] == wrong
    assert "entry point broken = no.such.module:Thing cannot be used: " in str(told.value)
