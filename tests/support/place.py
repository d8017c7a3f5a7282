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
    console: tuple[str, str] | None = None
    """Address and token of the console that clients are to work through, as ``CHANGEOVER_TEST_DOOR=console`` asks."""

    @property
    def admin_url(self) -> str:
        """The ledger's database for the test itself: Changeover's own user may not do everything."""
        return re.sub("//.*@", "//", self.redis_url)

    @property
    def admin_broker_url(self) -> str:
        """The same for the broker's."""
        return re.sub("//.*@", "//", self.broker_url)

    def environment(self) -> dict[str, str]:
        through = (
            {"CHANGEOVER_API_URL": self.console[0], "CHANGEOVER_API_TOKEN": self.console[1]} if self.console else {}
        )
        return {
            "CHANGEOVER_NAMESPACE": self.namespace,
            "CHANGEOVER_REDIS_URL": self.redis_url,
            "CHANGEOVER_BROKER_URL": self.broker_url,
            **through,
        }

    def asked_by(self, actor: str) -> list[str]:
        """Options of a command that say who asks; a console knows that by the token, and takes no other name."""
        return [] if self.console else ["--actor", actor]
