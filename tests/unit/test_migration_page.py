"""What docs/migration.md gives as the new name of an old one is a name."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

import pytest

from orchestrator import facade
from orchestrator.domain.config import NetworkEndpoint, PlanSpec, TenantDeployConfig
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.facade import DeploymentTaskFacade
from orchestrator.settings.extensions import MIDDLEWARES, STORES, STRATEGIES
from orchestrator.validation.extra import ENTRY_POINT_GROUP as VALIDATORS
from steps import load_registry
from steps.registry import ENTRY_POINT_GROUP as STEPS
from tests.support.doc_page import ROOT

PAGE = (ROOT / "docs" / "migration.md").read_text()
METRICS = (ROOT / "docs" / "metrics.md").read_text()
STATES = {state.value for state in (*TaskState, *PlanState)}
EVENTS = {model.__name__ for model in EVENT_TYPES}
GROUPS = {STEPS, MIDDLEWARES, STRATEGIES, STORES, VALIDATORS}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def new(title: str) -> str:
    """The second columns of a section's table, a line each, without what is explained behind a colon."""
    rows = re.findall(r"^\| .*? \| (.*?) (?:\| .*)?\|$", section(title), re.MULTILINE)
    return "\n".join(rows[1:])


def test_the_facade_s_operations_are_those_of_the_page() -> None:
    operations = {name for name in vars(DeploymentTaskFacade) if not name.startswith("_")}
    words = section("Facade calls")
    assert operations <= set(re.findall(r"`([a-z_]+)[`(]", words))
    assert set(re.findall(r"`([a-z]+_[a-z_]+)[`(]", words)) <= operations


def test_what_the_facade_answers_is_as_the_page_has_it() -> None:
    answers = dict(re.findall(r"`(Task\w+)(?:\(([\w, ]+)\))?`", section("Facade calls")))
    kinds = {name: kind for name, kind in vars(facade).items() if name in answers and is_dataclass(kind)}
    assert set(kinds) == set(answers)
    told = {name: words.split(", ") for name, words in answers.items() if words}
    assert told == {name: [one.name for one in fields(kinds[name])] for name in told}


def test_the_keys_of_a_tenant_and_a_plan_are_such() -> None:
    said = set(re.findall(r"`\.?(?:\w+\[\]\.)?([a-z]+(?:_[a-z]+)+)`", new("The list of configs")))
    known = {name for model in (TenantDeployConfig, NetworkEndpoint, PlanSpec) for name in model.model_fields}
    assert len(said) > 5
    assert said <= known


@pytest.mark.parametrize(
    ("title", "form", "known"),
    [
        ("Events", r"`([A-Z]\w+)`", EVENTS),
        ("States", r"\b([A-Z]{4,}(?:_[A-Z]+)*)\b", STATES),
        ("Metrics", r"`(changeover_\w+)`", set(re.findall(r"changeover_\w+", METRICS))),
        ("Extension points", r"`(changeover\.\w+)`", GROUPS),
        ("Extension points", r"`([a-z]+-[a-z]+)`", set(load_registry().names())),
    ],
)
def test_each_new_name_is_known(title: str, form: str, known: set[str]) -> None:
    said = set(re.findall(form, new(title)))
    assert said
    assert said <= known
