"""The step library: the contract of a step, the built-in steps, and the real HTTP client and Redis target they use.

Knows nothing of plans. A step of your own subclasses ``Step`` and is named by an entry point of ``changeover.steps``.
"""

from steps.broadcast import Broadcast, BroadcastParameters
from steps.config_write import ConfigWrite, ConfigWriteParameters
from steps.contract import (
    Done,
    Failed,
    FenceToken,
    Http,
    HttpAnswer,
    HttpRequest,
    Outcome,
    PollAgain,
    Step,
    StepContext,
    StepParameters,
    Target,
    TargetRefused,
    TargetUnavailable,
    WrongType,
)
from steps.encoding import encode_value
from steps.endpoints import Endpoint, EndpointProblem, MalformedEndpoints, health_endpoints
from steps.fence_key import FENCE_PREFIX, fence_key
from steps.health_check import HealthCheck, HealthCheckParameters
from steps.http_pool import HttpPool
from steps.noop import Noop, NoopParameters
from steps.redis_target import RedisTarget
from steps.registry import (
    ENTRY_POINT_GROUP,
    DuplicateStep,
    InvalidStep,
    StepRegistry,
    StepRegistryError,
    UnknownStep,
    load_registry,
)

# Grouped by what a reader looks for, not by letter.
__all__ = [  # noqa: RUF022
    # The contract
    "Step",
    "StepParameters",
    "StepContext",
    "Outcome",
    "Done",
    "PollAgain",
    "Failed",
    # What a step works on
    "FenceToken",
    "Target",
    "TargetUnavailable",
    "TargetRefused",
    "WrongType",
    "Http",
    "HttpRequest",
    "HttpAnswer",
    # Built-in steps
    "ConfigWrite",
    "ConfigWriteParameters",
    "Broadcast",
    "BroadcastParameters",
    "HealthCheck",
    "HealthCheckParameters",
    "Noop",
    "NoopParameters",
    # Which steps there are
    "StepRegistry",
    "load_registry",
    "ENTRY_POINT_GROUP",
    "StepRegistryError",
    "UnknownStep",
    "DuplicateStep",
    "InvalidStep",
    # Checks at submit
    "Endpoint",
    "EndpointProblem",
    "MalformedEndpoints",
    "health_endpoints",
    "encode_value",
    # The real target and client
    "RedisTarget",
    "FENCE_PREFIX",
    "fence_key",
    "HttpPool",
]
