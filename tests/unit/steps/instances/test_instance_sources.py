from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from steps import (
    Done,
    Failed,
    HealthCheck,
    HealthCheckParameters,
    HttpAnswer,
    InstanceList,
    Instances,
    InstanceSource,
    PollAgain,
    SourceUnavailable,
    UnknownInstances,
)
from tests.support.step_context import context

LISTS = {
    "gateways": InstanceList(("http://g1", "http://g2/own"), "spare"),
    "empty": InstanceList((), "spare"),
    "spare": InstanceList(("http://s1",)),
    "a": InstanceList((), "b"),
    "b": InstanceList((), "a"),
}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Registry(InstanceSource):
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    def find(self, name: str) -> Sequence[str] | None:
        self.asked.append(name)
        if self.away:
            raise OSError("no route")
        return {"found": ["http://r1"], "bad": ["not a url"]}.get(name)


def urls(instances: Instances, name: str, choice: Any = "all") -> list[str]:
    return [endpoint.url for endpoint in instances.pick(name, choice, "/health")]


def test_all_of_a_list_with_its_paths() -> None:
    assert urls(Instances(LISTS), "gateways") == ["http://g1/health", "http://g2/own"]


def test_fallback_of_an_empty_list_and_lists_in_a_circle() -> None:
    assert urls(Instances(LISTS), "empty") == ["http://s1/health"]
    assert urls(Instances(LISTS), "a") == []


def test_one_avoids_what_failed_and_all_does_not() -> None:
    clock = Clock()
    instances = Instances(LISTS, clock=clock)
    instances.failed("http://g1/health")
    assert {tuple(urls(instances, "gateways", "one")) for _ in range(30)} == {("http://g2/own",)}
    assert len(urls(instances, "gateways")) == 2
    instances.failed("http://g2/own")
    assert urls(instances, "gateways", "one") == ["http://s1/health"]
    instances.failed("http://s1/health")
    assert len(urls(instances, "gateways", "one")) == 1
    clock.now += 31
    assert {tuple(urls(instances, "gateways", "one")) for _ in range(60)} == {("http://g1/health",), ("http://g2/own",)}


def test_a_source_is_asked_once_in_thirty_seconds() -> None:
    clock, source = Clock(), Registry()
    instances = Instances(LISTS, [source], clock)
    for _ in range(3):
        assert urls(instances, "found") == ["http://r1/health"]
    assert source.asked == ["found"]
    clock.now += 31
    urls(instances, "found")
    assert source.asked == ["found", "found"]
    with pytest.raises(UnknownInstances, match="no instance list named 'nobody'"):
        urls(instances, "nobody")
    with pytest.raises(SourceUnavailable, match="holds what is no URL"):
        urls(instances, "bad")


class Healthy:
    def fetch_all(self, requests: Any, timeout_seconds: float) -> list[HttpAnswer]:
        return [HttpAnswer(request.key, 200, b'{"version": 42}', None) for request in requests]


def test_a_health_check_of_a_named_list() -> None:
    source = Registry()
    instances = Instances(LISTS, [source])
    config = {"deploy_unit_version": 42}

    def check(attempt: int = 1, **given: Any) -> Any:
        parameters = HealthCheckParameters.model_validate(given)
        return HealthCheck().run(
            parameters, context(config=config, http=Healthy(), instances=instances, attempt=attempt, state={"x": 1})
        )

    done = check(instances="gateways")
    assert isinstance(done, Done)
    assert done.outputs["instances"] == 2
    one = check(instances="gateways", choose="one")
    assert isinstance(one, Done)
    assert one.outputs["instances"] == 1
    assert check(instances="nobody") == Failed("UnknownInstances", "no instance list named 'nobody'")
    assert isinstance(check(instances="a"), Failed)
    source.away = True
    again = check(instances="elsewhere")
    assert isinstance(again, PollAgain)
    assert again.state == {"x": 1}
    assert check(instances="elsewhere", attempt=10) == Failed("SourceUnavailable", "Registry cannot say: no route")


def test_a_source_that_fails_is_left_alone_for_a_while() -> None:
    now = [0.0]
    source = Counting()
    instances = Instances({}, [source], clock=lambda: now[0])
    assert [one.url for one in instances.pick("list", "all", "/health")] == ["http://10.0.0.1/health"]
    source.away = True
    now[0] = 31.0
    # The list that it last gave is better than none, and it is not asked again at once.
    assert len(instances.pick("list", "all", "/health")) == 1
    assert len(instances.pick("list", "all", "/health")) == 1
    assert source.asked == 2
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="no route"):
            instances.pick("new", "all", "/health")
    assert source.asked == 3
    now[0] = 40.0
    source.away = False
    assert len(instances.pick("new", "all", "/health")) == 1


class Counting(InstanceSource):
    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    def find(self, name: str) -> Sequence[str] | None:
        self.asked += 1
        if self.away:
            raise OSError("no route")
        return ["http://10.0.0.1"]
