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
_BUILT_IN: Final = {STRATEGIES: (BUILT_IN_STRATEGY,)}


def missing_extensions(settings: Settings) -> list[Problem]:
    """Each name that no package installed here brings, with the nearest known. Nothing is loaded.

    A worker that lacks one does not start; where only workers have them, it is no fault elsewhere.
    """
    asked = [(f"middlewares[{at}]", "middleware", MIDDLEWARES, name) for at, name in enumerate(settings.middlewares)]
    if settings.rollback_strategy != BUILT_IN_STRATEGY:
        asked.insert(0, ("rollback_strategy", "rollback strategy", STRATEGIES, settings.rollback_strategy))
    problems = []
    for path, kind, group, name in asked:
        known = [*_BUILT_IN.get(group, ()), *entry_points(group=group).names]
        if name not in known:
            problems.append(Problem(path, name, unknown(kind, name, known)))
    return problems
