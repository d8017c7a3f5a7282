"""What an operation is for, and who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TargetType = Literal["plan", "tenant", "task"]


@dataclass(frozen=True, slots=True)
class OperationTarget:
    """What an operation is for."""

    type: TargetType
    identifier: str
