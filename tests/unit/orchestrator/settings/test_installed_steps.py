"""A broken package of steps or sources is one masked line with exit code 2, wherever it is met."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import redis

from orchestrator.domain.errors import InvalidInput
from orchestrator.drift.health_looks import HealthLooks
from orchestrator.embedded.up import run_up
from orchestrator.embedded.up_options import UpOptions
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import Reader
from orchestrator.observability.refusals import refusal_lines
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.installed_steps import installed_sources, installed_steps
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.preview import preview_plan
from steps import Done, InstanceSource, Outcome, Step, StepContext, StepParameters, StepRegistry, load_registry
from steps.instances import sources
from steps.registry import ENTRY_POINT_GROUP
from tests.support.hostile_errors import SECRET
from tests.support.plans import plan, tenant

HERE = "tests.unit.orchestrator.settings.test_installed_steps"


class NoParameters(StepParameters):
    """None."""


class Unmade(Step[NoParameters]):
    name = "unmade"
    Parameters = NoParameters

    def __init__(self) -> None:
        raise SystemExit(f"bad {SECRET}")

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        return Done()


class UnmadeSource(InstanceSource):
    def __init__(self) -> None:
        raise SystemExit(f"bad {SECRET}")

    def find(self, name: str) -> list[str] | None:
        return None


@pytest.fixture(autouse=True)
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    step = EntryPoint("one", f"{HERE}:Unmade", ENTRY_POINT_GROUP)
    monkeypatch.setattr("steps.registry.entry_points", lambda group: [step])
    source = EntryPoint("one", f"{HERE}:UnmadeSource", sources.SOURCES_GROUP)
    monkeypatch.setattr(sources, "entry_points", lambda group: [source])


class Renamed(Step[NoParameters]):
    name = "renamed"
    Parameters = NoParameters

    def __init__(self) -> None:
        self.__dict__["name"] = None

    def run(self, parameters: NoParameters, context: StepContext) -> Outcome:
        return Done()


class Listed(Renamed):
    def __init__(self) -> None:
        self.__dict__["name"] = []


class Unwritten(Renamed):
    @property
    def writes(self) -> bool:  # type: ignore[override]
        raise SystemExit(0)


class Unparsed(Renamed):
    def __init__(self) -> None:
        self.__dict__["Parameters"] = dict


class Unwell(Renamed):
    def __init__(self) -> None:
        self.__dict__["confirms_health"] = None


class Flips(Renamed):
    def __init__(self) -> None:
        pass

    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(0)


def a_plan() -> dict[str, Any]:
    return plan("p", [tenant("a")], [{"name": "s", "steps": [{"type": "noop"}]}])


def previewed() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("steps.registry.entry_points", lambda group: [])
        checked = validate_plan(a_plan(), registry=load_registry(), settings=Settings()).require()
    return list(preview_plan(checked, Settings()))


def nobodys() -> Reader:
    """It is not asked."""
    return Reader(redis.Redis(), Keys("nobody"))


@pytest.mark.parametrize(
    ("met", "whose"),
    [
        (installed_steps, "Unmade"),
        (installed_sources, "UnmadeSource"),
        (lambda: validate_plan(a_plan(), settings=Settings()), "Unmade"),
        (previewed, "Unmade"),
        (lambda: HealthLooks(nobodys(), Settings()), "Unmade"),
        (lambda: HealthLooks(nobodys(), Settings(), StepRegistry([])), "UnmadeSource"),
        (lambda: run_up(UpOptions(), Settings()), "Unmade"),
    ],
    ids=["steps", "sources", "validate", "preview", "looks", "sources of looks", "up"],
)
def test_it_is_bad_input(met: Callable[[], object], whose: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        met()
    said = f"error: entry point one = {HERE}:{whose} cannot be used: SystemExit: bad ***"
    # Masked in itself: it is shown also by what prints no refusals.
    assert refusal_lines(refused.value) == [said] == [f"error: {refused.value}"]
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "met",
    [
        installed_steps,
        lambda: validate_plan(a_plan(), settings=Settings()),
        previewed,
        lambda: run_up(UpOptions(), Settings()),
    ],
    ids=["steps", "validate", "preview", "up"],
)
def test_a_broken_source_alone_is_told_too(met: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steps.registry.entry_points", lambda group: [])
    with pytest.raises(InvalidInput, match="UnmadeSource cannot be used: SystemExit: bad"):
        met()


@pytest.mark.parametrize("kind", ["Renamed", "Listed"])
def test_a_name_that_its_object_sets_is_checked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = EntryPoint("one", f"{HERE}:{kind}", ENTRY_POINT_GROUP)
    monkeypatch.setattr("steps.registry.entry_points", lambda group: [step])
    with pytest.raises(InvalidInput, match=f"entry point one = {HERE}:{kind} needs a kebab-case class attribute"):
        installed_steps()


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Unwritten", "needs a class attribute 'writes"),
        ("Unparsed", "needs a class attribute 'Parameters"),
        ("Unwell", "needs a class attribute 'confirms"),
        ("Flips", "has a __getattribute__ of its own"),
    ],
)
def test_what_a_step_says_of_itself_is_no_code(kind: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = EntryPoint("one", f"{HERE}:{kind}", ENTRY_POINT_GROUP)
    monkeypatch.setattr("steps.registry.entry_points", lambda group: [step])
    with pytest.raises(InvalidInput, match=f"entry point one = {HERE}:{kind} {wanted}"):
        installed_steps()
