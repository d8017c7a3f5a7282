"""What users of the package may import, pinned: a change here is a change of the interface."""

from __future__ import annotations

import steps


def test_public_names() -> None:
    assert sorted(steps.__all__) == [
        "Broadcast",
        "BroadcastParameters",
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
        "HttpPool",
        "HttpRequest",
        "InvalidStep",
        "MalformedEndpoints",
        "Noop",
        "NoopParameters",
        "Outcome",
        "PollAgain",
        "RedisTarget",
        "Step",
        "StepContext",
        "StepParameters",
        "StepRegistry",
        "StepRegistryError",
        "Target",
        "TargetRefused",
        "TargetUnavailable",
        "UnknownStep",
        "WrongType",
        "encode_value",
        "fence_key",
        "health_endpoints",
        "load_registry",
    ]
    assert all(hasattr(steps, name) for name in steps.__all__)
