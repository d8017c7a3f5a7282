"""A ``StepContext`` with everything filled in; a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steps import FenceToken, Http, HttpAnswer, HttpRequest, InstanceLists, Instances, StepContext, Target, WriteAnswer


class Forbidden:
    """A target and client for steps that must touch neither."""

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        raise AssertionError("wrote to the target")

    def publish(self, channel: str, message: str) -> int:
        raise AssertionError("published")

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        raise AssertionError("sent a request")


def token(
    epoch: int = 7, incarnation: str = "first", holder_value: str | None = None, tenant_id: str = "acme"
) -> FenceToken:
    return FenceToken(incarnation, epoch, "ledger:tenants", "acme", holder_value or str(epoch), tenant_id)


def context(
    *,
    config: Mapping[str, Any] | None = None,
    attempt: int = 1,
    fence: FenceToken | None = None,
    target: Target | None = None,
    http: Http | None = None,
    state: Mapping[str, Any] | None = None,
    targets: Mapping[str, Target] | None = None,
    instances: InstanceLists | None = None,
    other_config: Mapping[str, Any] | None = None,
) -> StepContext:
    return StepContext(
        tenant_id="acme",
        config=config or {},
        attempt=attempt,
        state=state or {},
        token=fence or token(),
        idempotency_key="task-1/1/0/0",
        target=target or Forbidden(),
        http=http or Forbidden(),
        targets=targets or {},
        instances=instances or Instances({}),
        other_config=other_config,
    )
