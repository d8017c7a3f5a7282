"""What a check answers: for each invariant the places where it did not hold, and the events that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.events import EventBase

INVARIANTS: Final = tuple(f"I{number}" for number in range(1, 20))


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an invariant did not hold; ``events`` are the sequence ids of the events that show it."""

    invariant: str
    message: str
    events: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = f" (events {', '.join(map(str, self.events))})" if self.events else ""
        return f"{self.invariant}: {self.message}{where}"


@dataclass(slots=True)
class Report:
    """All violations found, in order."""

    violations: list[Violation] = field(default_factory=list)

    def add(self, invariant: str, message: str, *events: EventBase | int) -> None:
        """Notes a violation and the events that show it, as such or by sequence id (0 is none)."""
        ids = (event if isinstance(event, int) else event.sequence_id for event in events)
        self.violations.append(Violation(invariant, message, tuple(number for number in ids if number)))

    @property
    def holds(self) -> bool:
        return not self.violations

    def of(self, invariant: str) -> Sequence[Violation]:
        """The violations of one invariant."""
        return [violation for violation in self.violations if violation.invariant == invariant]

    def __str__(self) -> str:
        lines = [str(violation) for violation in self.violations]
        kept = [name for name in INVARIANTS if not self.of(name)]
        return "\n".join([*lines, f"held: {', '.join(kept)}"])
