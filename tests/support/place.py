"""Where one test keeps its state."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from uuid import uuid4


@dataclass(frozen=True)
class Place:
    """Where one test keeps its state: nothing else uses this namespace or these two databases."""

    redis_url: str
    broker_url: str
    namespace: str = field(default_factory=lambda: f"test-{uuid4().hex[:12]}")

    @property
    def admin_url(self) -> str:
        """The ledger's database for the test itself: Changeover's own user may not do everything."""
        return re.sub("//.*@", "//", self.redis_url)

    @property
    def admin_broker_url(self) -> str:
        """The same for the broker's."""
        return re.sub("//.*@", "//", self.broker_url)

    def environment(self) -> dict[str, str]:
        return {
            "CHANGEOVER_NAMESPACE": self.namespace,
            "CHANGEOVER_REDIS_URL": self.redis_url,
            "CHANGEOVER_BROKER_URL": self.broker_url,
        }
