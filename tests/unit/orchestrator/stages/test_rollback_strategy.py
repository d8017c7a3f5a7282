"""What a rollback goes back to, and that another choice can be put in its place."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import redis

from orchestrator.domain.errors import DamagedData, InvalidInput, NoSnapshot
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import TurnRecord
from orchestrator.settings.extensions import STRATEGIES
from orchestrator.stages import rollback_strategy
from orchestrator.stages.rollback_strategy import PreviousConfig, configs_for, load_strategy
from steps.raised import Escaped

NEW = '{"tenant_id": "a", "deploy_unit_version": 42, "deploy_unit_name": "green"%s}'
SOURCE = ', "source_tenant_deploy_config": {"deploy_unit_version": 41}'


def record(mode: TaskState, source: str = SOURCE, snapshot: str | None = None) -> TurnRecord:
    return TurnRecord(
        tenant_id="a",
        mode=mode,
        stage_index=0,
        stage_name="s",
        cursor={},
        config=NEW % source,
        snapshot=snapshot,
        attempt=1,
        incarnation="i",
        checkpoint={},
        forced=False,
        digest="d",
        rollbacks=0,
    )


class Factory(PreviousConfig):
    """Always back to version 1."""

    def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
        return {**new, "deploy_unit_version": 1}


def test_the_plans_own_source_goes_before_the_last_known_good() -> None:
    good = '{"tenant_id": "a", "deploy_unit_version": 40}'
    back, *_ = configs_for(record(TaskState.ROLLING_BACK, snapshot=good))
    assert (back["deploy_unit_version"], back["deploy_unit_name"]) == (41, "green")
    back, *_ = configs_for(record(TaskState.ROLLING_BACK, source="", snapshot=good))
    assert (back["deploy_unit_version"], back["deploy_unit_name"]) == (40, None)
    with pytest.raises(NoSnapshot):
        configs_for(record(TaskState.ROLLING_BACK, source=""))


def test_the_way_forward_is_not_the_strategys() -> None:
    assert configs_for(record(TaskState.RUNNING), Factory())[0]["deploy_unit_version"] == 42


def test_another_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("factory", f"{__name__}:Factory", STRATEGIES)
    monkeypatch.setattr(rollback_strategy, "entry_points", lambda group: [point])

    strategy = load_strategy("factory")

    assert configs_for(record(TaskState.ROLLING_BACK), strategy)[0]["deploy_unit_version"] == 1
    _, other, _ = configs_for(record(TaskState.RUNNING), strategy)
    assert other is not None
    assert other["deploy_unit_version"] == 1
    assert isinstance(load_strategy("previous"), PreviousConfig)
    with pytest.raises(InvalidInput, match="factory"):
        load_strategy("factori")


@pytest.mark.parametrize("value", ["x", "[1]", '"text"', "{"])
@pytest.mark.parametrize("field", ["config", "snapshot"])
def test_what_a_hand_has_made_of_a_stored_config_is_named(field: str, value: str) -> None:
    whole = record(TaskState.ROLLING_BACK, snapshot="{}")
    found = replace(whole, config=value) if field == "config" else replace(whole, snapshot=value)
    with pytest.raises(DamagedData, match=rf"the stored {field} of tenant .* expected a JSON object.*explain --tenant"):
        configs_for(found)


class Mute:
    def __str__(self) -> str:
        raise SystemExit("no words")

    __repr__ = __str__


class Odd(dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise SystemExit("no parts")

    get = __getitem__  # type: ignore[assignment]


class Answering:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> Any:
        return self.answer


@pytest.mark.parametrize("mode", [TaskState.RUNNING, TaskState.ROLLING_BACK])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("text", "answered a str, expected a dict or None"),
        (Mute(), "answered a Mute, expected a dict or None"),
        ({"a": Mute()}, "answered a config that cannot be kept: JSON cannot hold it"),
        ({"a": float("inf")}, "answered a config that cannot be kept: JSON cannot hold it"),
        ({"a": 10**300}, "answered a config that cannot be kept: '10000.* is no number that can be worked with"),
    ],
)
def test_what_a_strategy_answers_is_read_in_the_bounds_of_what_is_stored(
    mode: TaskState, answer: object, said: str
) -> None:
    with pytest.raises(NoSnapshot, match=f"^the rollback strategy {said}"):
        configs_for(record(mode), Answering(answer))


def test_of_what_a_strategy_answers_the_values_alone_are_taken() -> None:
    config, *_ = configs_for(record(TaskState.ROLLING_BACK), Answering(Odd(deploy_unit_version=1)))
    assert type(config) is dict
    assert config == {"deploy_unit_version": 1}


def test_an_error_of_a_strategy_is_its_own_whatever_its_kind() -> None:
    class Away(PreviousConfig):
        def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
            raise redis.ConnectionError("configs.internal")

    with pytest.raises(Escaped, match=r"^the rollback strategy raised ConnectionError: configs\.internal"):
        configs_for(record(TaskState.RUNNING), Away())
