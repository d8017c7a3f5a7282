"""Where one test keeps its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4


@dataclass(frozen=True)
class Place:
    """Where one test keeps its state: nothing else uses this namespace or these two databases."""

    redis_url: str
    broker_url: str
    namespace: str = field(default_factory=lambda: f"test-{uuid4().hex[:12]}")

    def environment(self) -> dict[str, str]:
        return {
            "CHANGEOVER_NAMESPACE": self.namespace,
            "CHANGEOVER_REDIS_URL": self.redis_url,
            "CHANGEOVER_BROKER_URL": self.broker_url,
        }
