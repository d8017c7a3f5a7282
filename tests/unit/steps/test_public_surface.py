"""What users of the package may import, pinned: a change here is a change of the interface."""

from __future__ import annotations

import steps
from steps.registry import BUILT_IN
from tests.support.agreed_lists import must_agree


def test_public_names() -> None:
    must_agree(
        steps.__all__,
        [
            "AckResult",
            "AllowedHosts",
            "Broadcast",
            "BroadcastParameters",
            "Choice",
            "ConfigWrite",
            "ConfigWriteParameters",
            "Done",
            "DuplicateStep",
            "ENTRY_POINT_GROUP",
            "Endpoint",
            "EndpointProblem",
            "FENCE_PREFIX",
            "Failed",
            "FenceToken",
            "HealthCheck",
            "HealthCheckParameters",
            "Http",
            "HttpAnswer",
            "HttpCall",
            "HttpPool",
            "HttpRequest",
            "HttpRequestParameters",
            "InstanceList",
            "InstanceLists",
            "InstanceSource",
            "InstanceState",
            "Instances",
            "InvalidStep",
            "Judgement",
            "MAX_POLL_SECONDS",
            "MalformedEndpoints",
            "Needs",
            "Noop",
            "NoopParameters",
            "NotThere",
            "Notify",
            "NotifyParameters",
            "Outcome",
            "Poll",
            "PollAgain",
            "PollParameters",
            "RedisAck",
            "RedisAckParameters",
            "RedisTarget",
            "RetryParameters",
            "SOURCES_GROUP",
            "SourceUnavailable",
            "Step",
            "StepContext",
            "StepParameters",
            "StepRegistry",
            "StepRegistryError",
            "Target",
            "TargetRefused",
            "TargetUnavailable",
            "UnknownConnection",
            "UnknownInstances",
            "UnknownStep",
            "Wait",
            "WaitParameters",
            "WritableKeys",
            "WriteAnswer",
            "WrongType",
            "begin_wait",
            "check_expression",
            "encode_value",
            "fence_key",
            "find",
            "health_endpoints",
            "holds",
            "in_words",
            "load_registry",
            "load_sources",
            "verdict",
            "waiting",
        ],
        lacking="{} is in __all__ of steps/public.py: if users are to import it, it is named here too",
        left_over="{} is named here, and not in __all__ of steps/public.py: who imports it, loses it",
    )
    assert all(hasattr(steps, name) for name in steps.__all__)


def test_every_step_and_its_parameters_are_public() -> None:
    """Whoever makes a step of theirs from a built-in one, or tests with it, imports both."""
    lacking = sorted(
        one.__name__ for step in BUILT_IN for one in (step, step.Parameters) if one.__name__ not in steps.__all__
    )
    assert not lacking, f"of a built-in step, and not in steps/public.py (import and __all__): {lacking}"
