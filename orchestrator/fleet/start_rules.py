"""What a plan says of when its moves start and beside whom: limits of groups, priority, rate, and its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # Every command loads this module, and pydantic takes its time.
    from orchestrator.domain.fleet_config import FleetHeader


@dataclass(frozen=True, slots=True)
class StartRules:
    """All of it; ``includes/pace.lua`` and ``includes/group_places.lua`` go by the fields."""

    group_limits: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    starts_per_minute: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    def fields(self) -> dict[str, str | int]:
        """What the plan's record says of it; of a plan that says nothing, nothing."""
        found: dict[str, str | int] = {f"group:{name}": most for name, most in sorted(self.group_limits.items())}
        if self.priority:
            found["priority"] = self.priority
        if self.starts_per_minute is not None:
            found["rate"] = self.starts_per_minute
        for name, moment in (("notBefore", self.not_before), ("notAfter", self.not_after)):
            if moment is not None:
                found[name] = round(moment.timestamp() * 1000)
        if {"rate", "notBefore", "notAfter"} & found.keys():
            found["paced"] = 1
        return found

    def wire(self) -> dict[str, Any]:
        """What PlanCreated tells of it."""
        found: dict[str, Any] = {
            "groupLimits": dict(sorted(self.group_limits.items())),
            "priority": self.priority,
            "startsPerMinute": self.starts_per_minute,
            "notBefore": _iso(self.not_before),
            "notAfter": _iso(self.not_after),
        }
        return {name: value for name, value in found.items() if value}


NO_START_RULES: Final = StartRules()


def start_rules_of(header: FleetHeader) -> StartRules:
    """As the plan's head says it."""
    return StartRules(
        header.group_limits, header.priority, header.starts_per_minute, header.not_before, header.not_after
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
