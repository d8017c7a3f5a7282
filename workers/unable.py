"""What a worker cannot run: it is too old for a form, or lacks what the plan's stages need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.control.hand_backs import STAGE, STEP
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.naming import step_type

LONGEST = 1000
"""Characters kept of what cannot be built."""


@dataclass(frozen=True, slots=True)
class Unable:
    """``why`` is one word: ``step``, ``stage``, or the form that is too new; ``what`` says what about it."""

    why: str
    what: str


class TurnUnable(Exception):
    """The turn is to be handed back."""

    def __init__(self, unable: Unable) -> None:
        super().__init__(unable)
        self.unable = unable


def cannot_build(error: InvalidInput, stages: Sequence[Mapping[str, Any]], known: Collection[str]) -> Unable:
    """Stages that were built at submit: what is missing is missing here. ``known``: the types of steps there are."""
    types = {str(step.get("type")) for stage in stages for step in stage.get("steps", ())}
    missing = sorted(name for name in types if name not in known and step_type(name) not in known)
    return Unable(STEP, ", ".join(missing)[:LONGEST]) if missing else Unable(STAGE, str(error)[:LONGEST])
