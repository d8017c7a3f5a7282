"""The names that a step, its tests and its users work with, in one place; ``steps`` gives them out."""

from steps.broadcast import Broadcast, BroadcastParameters
from steps.config_write import ConfigWrite, ConfigWriteParameters
from steps.contract import (
    MAX_POLL_SECONDS,
    Choice,
    Done,
    Endpoint,
    Failed,
    FenceToken,
    Http,
    HttpAnswer,
    HttpRequest,
    InstanceLists,
    Needs,
    Outcome,
    PollAgain,
    SourceUnavailable,
    Step,
    StepContext,
    StepParameters,
    Target,
    TargetRefused,
    TargetUnavailable,
    UnknownConnection,
    UnknownInstances,
    WriteAnswer,
    WrongType,
)
from steps.encoding import encode_value
from steps.expressions.json_path import NotThere, find
from steps.expressions.judgement import Judgement, check_expression, holds
from steps.health_check import HealthCheck, HealthCheckParameters
from steps.http.allowed_hosts import AllowedHosts
from steps.http.pool import HttpPool
from steps.http.retry import RetryParameters
from steps.http_request import HttpCall, HttpRequestParameters
from steps.instances.endpoints import EndpointProblem, MalformedEndpoints, health_endpoints
from steps.instances.health_matrix import InstanceState, in_words, verdict
from steps.instances.sources import SOURCES_GROUP, InstanceList, Instances, InstanceSource, load_sources
from steps.long_wait import begin_wait, waiting
from steps.noop import Noop, NoopParameters
from steps.notify import Notify, NotifyParameters
from steps.poll import Poll, PollParameters
from steps.redis.fence_key import FENCE_PREFIX, fence_key
from steps.redis.target import RedisTarget
from steps.redis.writable_keys import WritableKeys
from steps.redis_ack import AckResult, RedisAck, RedisAckParameters
from steps.registry import (
    ENTRY_POINT_GROUP,
    DuplicateStep,
    InvalidStep,
    StepRegistry,
    StepRegistryError,
    UnknownStep,
    load_registry,
)
from steps.wait import Wait, WaitParameters

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
    "MAX_POLL_SECONDS",
    "Needs",
    # What a step works on
    "FenceToken",
    "Target",
    "WriteAnswer",
    "TargetUnavailable",
    "TargetRefused",
    "WrongType",
    "Http",
    "HttpRequest",
    "HttpAnswer",
    "UnknownConnection",
    "InstanceLists",
    "Choice",
    "UnknownInstances",
    "SourceUnavailable",
    # Built-in steps
    "ConfigWrite",
    "ConfigWriteParameters",
    "Broadcast",
    "BroadcastParameters",
    "HealthCheck",
    "HealthCheckParameters",
    "HttpCall",
    "HttpRequestParameters",
    "RetryParameters",
    "Poll",
    "PollParameters",
    "RedisAck",
    "RedisAckParameters",
    "AckResult",
    "Wait",
    "WaitParameters",
    "Notify",
    "NotifyParameters",
    "Noop",
    "NoopParameters",
    # What steps are made of
    "check_expression",
    "holds",
    "Judgement",
    "find",
    "NotThere",
    "begin_wait",
    "waiting",
    "InstanceState",
    "in_words",
    "verdict",
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
    "WritableKeys",
    "FENCE_PREFIX",
    "fence_key",
    "HttpPool",
    "AllowedHosts",
    # Instances by name
    "InstanceSource",
    "InstanceList",
    "Instances",
    "load_sources",
    "SOURCES_GROUP",
]
