"""What a plan says of its tenants together, in numbers: what its waves are and how many failures each bears.

The scripts go by fields of the plan's record, which are made here; ``includes/waves.lua`` and ``includes/breaker.lua``
read them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from orchestrator.fleet.start_rules import NO_START_RULES, StartRules

if TYPE_CHECKING:
    # Every command loads this module, and pydantic takes its time.
    from orchestrator.domain.fleet_config import FailureTolerance, Gate, WaveSpec

Fields = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """So many failures are borne. ``strict``: so few are admitted beside them that one more is all that can come."""

    count: int
    strict: bool

    def wire(self) -> dict[str, Any]:
        """As events and answers tell it."""
        return {"count": self.count, "mode": "strict" if self.strict else "soft"}


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of a plan: so many tenants. ``gate`` is '', 'manual' or the JSON of an HTTP gate. ``only_waits``: its
    soak has nothing to ask of any tenant."""

    name: str
    tenants: int
    max_concurrency: int | None = None
    tolerance: Tolerance | None = None
    soak_seconds: float | None = None
    soak_interval_seconds: float = 30.0
    gate: str = ""
    only_waits: bool = False

    def fields(self, index: int) -> Fields:
        """What the plan's record says of it."""
        found: Fields = {"name": self.name, "total": self.tenants}
        if self.max_concurrency is not None:
            found["max"] = self.max_concurrency
        if self.tolerance is not None:
            found["tolerance"] = self.tolerance.count
            if self.tolerance.strict:
                found["strict"] = 1
        if self.soak_seconds is not None:
            found["soak"] = round(self.soak_seconds * 1000)
            found["interval"] = round(self.soak_interval_seconds * 1000)
            if self.only_waits:
                found["onlyWaits"] = 1
        if self.gate:
            found["gate"] = self.gate
        return {f"wave:{index}:{name}": value for name, value in found.items()}

    def wire(self) -> dict[str, Any]:
        """As events and answers tell it."""
        return {
            "name": self.name,
            "tenants": self.tenants,
            "maxConcurrency": self.max_concurrency,
            "failureTolerance": self.tolerance.wire() if self.tolerance else None,
            "soakSeconds": self.soak_seconds,
            "gate": ("manual" if self.gate == "manual" else "http") if self.gate else None,
        }


@dataclass(frozen=True, slots=True)
class FleetRules:
    """All of it; of a plan that says nothing there is nothing to say."""

    tenants: int
    tolerance: Tolerance | None = None
    on_breach: str = "pause"
    waves: tuple[Wave, ...] = ()
    pace: StartRules = NO_START_RULES
    auto_rollback: bool = False

    @property
    def has_breaker(self) -> bool:
        """Whether so many failures can stop it."""
        return self.tolerance is not None or any(wave.tolerance is not None for wave in self.waves)

    def only_waiting(self) -> FleetRules:
        """The same of stages that ask no tenant for its health."""
        return replace(self, waves=tuple(replace(wave, only_waits=True) for wave in self.waves))

    def fields(self) -> Fields:
        """What the plan's record says of it."""
        found: Fields = {}
        if self.tolerance is not None:
            found["tolerance"] = self.tolerance.count
            if self.tolerance.strict:
                found["strict"] = 1
        if self.has_breaker:
            found["onBreach"] = self.on_breach
        if self.auto_rollback:
            found["autoRollback"] = 1
        if self.waves:
            found |= {"waves": len(self.waves), "wave": 0, "passed": 0}
        for index, wave in enumerate(self.waves):
            found |= wave.fields(index)
        return found | self.pace.fields()

    def wire(self) -> dict[str, Any]:
        """What PlanCreated tells of it."""
        found: dict[str, Any] = {}
        if self.tolerance is not None:
            found["failureTolerance"] = self.tolerance.wire()
        if self.has_breaker:
            found["onBreach"] = self.on_breach
        if self.auto_rollback:
            found["autoRollback"] = "task"
        if self.waves:
            found["waves"] = [wave.wire() for wave in self.waves]
        return found | self.pace.wire()

    def line(self) -> str:
        """The numbers: `canary: 2 tenants, tolerance 0; plan: 5,000 tenants, tolerance 100`; "" for none."""
        if not self.waves and self.tolerance is None:
            return ""
        parts = [_said(wave.name, wave.tenants, wave.tolerance) for wave in self.waves]
        return "; ".join([*parts, _said("plan", self.tenants, self.tolerance)])


NO_RULES: Final = FleetRules(0)


def _said(name: str, tenants: int, tolerance: Tolerance | None) -> str:
    words = f"{name}: {tenants:,} tenant{'' if tenants == 1 else 's'}"
    if tolerance is None:
        return words
    return f"{words}, tolerance {tolerance.count:,}{' (strict)' if tolerance.strict else ''}"


def tolerance_of(spec: FailureTolerance | None, tenants: int, mode: str = "soft") -> Tolerance | None:
    """The number for so many tenants; ``mode`` where it says none."""
    if spec is None:
        return None
    return Tolerance(spec.of(tenants), (spec.mode or mode) == "strict")


def wave_of(spec: WaveSpec, tenants: int, mode: str) -> Wave:
    """A wave that takes so many tenants."""
    return Wave(
        spec.name,
        tenants,
        spec.max_concurrency,
        tolerance_of(spec.failure_tolerance, tenants, mode),
        spec.soak.seconds if spec.soak else None,
        spec.soak.interval_seconds if spec.soak else 30.0,
        _gate(spec.gate),
    )


def _gate(gate: Gate | None) -> str:
    if gate is None or gate.url is None:
        return "manual" if gate else ""
    told: Mapping[str, Any] = {
        "url": gate.url,
        "interval": round(gate.interval_seconds * 1000),
        "timeout": round(gate.timeout_seconds * 1000),
    }
    return json.dumps(told, separators=(",", ":"))
