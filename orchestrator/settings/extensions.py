"""What the settings name and an installed package has to bring: the rollback strategy, middlewares."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import unknown
from orchestrator.settings.model import Settings

STRATEGIES: Final = "changeover.rollback_strategies"
"""Group of entry points."""

MIDDLEWARES: Final = "changeover.middlewares"
"""Group of entry points."""

BUILT_IN_STRATEGY: Final = "previous"


def missing_extensions(settings: Settings) -> list[Problem]:
    """Each name that no package installed here brings, with the nearest known. Nothing is loaded.

    A worker that lacks one does not start; where only workers have them, it is no fault elsewhere.
    """
    problems = []
    if settings.rollback_strategy != BUILT_IN_STRATEGY:
        known = [BUILT_IN_STRATEGY, *entry_points(group=STRATEGIES).names]
        if settings.rollback_strategy not in known:
            message = unknown("rollback strategy", settings.rollback_strategy, known)
            problems.append(Problem("rollback_strategy", settings.rollback_strategy, message))
    if settings.middlewares:
        brought = entry_points(group=MIDDLEWARES).names
        problems += [
            Problem(f"middlewares[{index}]", name, unknown("middleware", name, brought) if brought else _NONE)
            for index, name in enumerate(settings.middlewares)
            if name not in brought
        ]
    return problems


_NONE: Final = "unknown middleware; no installed package brings any"
