"""Names that no step may use, wherever a step takes one."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import StageFactory
from steps import (
    BroadcastParameters,
    ConfigWriteParameters,
    HealthCheckParameters,
    RedisAckParameters,
    StepParameters,
    load_registry,
)
from steps.redis.reserved import channel_is_reserved, key_is_reserved

CHANNELS = [
    "changeover:default:/1.celery.pidbox",
    "changeover:fence:{k}",
    "/1.celery.pidbox",
    "/0.other.pidbox",
    "app:/3.celery.pidbox",
    "reply.celery.pidbox",
    "/1.celeryev/worker.heartbeat",
    "/1.CELERY.PIDBOX",
    "celeryev",
    "_kombu.binding.lane-0",
    "__sentinel__:hello",
    "__keyspace@0__:k",
    "__keyevent@0__:del",
    "__redis__:invalidate",
]
KEYS = [
    "changeover:{default}:meta",
    "changeover:default:lane-0",
    "changeover:fence:{k}",
    "lane-0",
    "lane-12\x06\x163",
    "celery",
    "unacked",
    "unacked_index",
    "unacked_mutex",
    "_kombu.binding.celery",
    "app:_kombu.binding.lane-1",
    "celery.pidbox",
    "_kombu.binding.celeryev",
]
FREE = ["tenant_config", "tenant_config:acme", "changeover", "lane-0:acme", "road:lane-0", "my.celery", "unacked:acme"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_reserved_channels(channel: str) -> None:
    assert channel_is_reserved(channel)


@pytest.mark.parametrize("key", KEYS)
def test_reserved_keys(key: str) -> None:
    assert key_is_reserved(key)


@pytest.mark.parametrize("name", FREE)
def test_free_names(name: str) -> None:
    assert key_is_reserved(name) is None
    assert channel_is_reserved(name) is None


ACK = {"key": "k", "footprint": "$.v", "value": {"v": 1}, "channel": "c", "message": 1}


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (BroadcastParameters, {"channel": "/1.celery.pidbox", "message": 1}),
        (RedisAckParameters, {**ACK, "channel": "/1.celery.pidbox"}),
        (RedisAckParameters, {**ACK, "key": "lane-0"}),
        (HealthCheckParameters, {"rebroadcast": {"channel": "/1.celery.pidbox", "message": 1}}),
        (ConfigWriteParameters, {"key": "lane-0", "value": 1}),
    ],
)
def test_every_step_that_takes_one(model: type[StepParameters], given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="kept for Celery"):
        model.model_validate(given)


def test_the_rendered_value_counts() -> None:
    factory = StageFactory(load_registry(), Settings())
    spec = {"type": "broadcast", "channel": "{{ tenant.variables.a }}.{{ secret.B }}", "message": 1}
    step = factory.read_step(spec, "stages[0].steps[0]")
    variables = {"tenant": {"variables": {"a": "/1.celery"}}, "secret": {"B": "pidbox"}}
    [problem] = step.look(variables, None)[1]
    assert "kept for Celery" in problem.message
