"""What the settings name and an installed package has to bring: the rollback strategy, middlewares."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import unknown
from orchestrator.settings.model import Settings
from steps.raised import is_for_process
from steps.told import words_of

STRATEGIES: Final = "changeover.rollback_strategies"
"""Group of entry points."""

MIDDLEWARES: Final = "changeover.middlewares"
"""Group of entry points."""

BUILT_IN_STRATEGY: Final = "previous"
_KINDS: Final = {STRATEGIES: "rollback strategy", MIDDLEWARES: "middleware"}
_BUILT_IN: Final = {STRATEGIES: (BUILT_IN_STRATEGY,)}


def missing_extensions(settings: Settings) -> list[Problem]:
    """Each name that no package installed here brings, with the nearest known. Nothing is loaded.

    A worker that lacks one does not start; where only workers have them, it is no fault elsewhere.
    """
    problems = []
    for path, group, name in _asked(settings):
        known = [*_BUILT_IN.get(group, ()), *entry_points(group=group).names]
        if name not in known:
            problems.append(Problem(path, name, unknown(_KINDS[group], name, known)))
    return problems


def unusable_extensions(settings: Settings) -> list[Problem]:
    """The same, and each name whose package cannot be loaded, and why; nothing of it is made."""
    problems = missing_extensions(settings)
    for path, group, name in _asked(settings):
        for point in entry_points(group=group, name=name):
            try:
                point.load()
            except BaseException as error:
                if is_for_process(error):
                    raise
                problems.append(Problem(path, name, unusable(point, error)))
    return problems


def unusable(point: EntryPoint, error: BaseException) -> str:
    """What is told of an entry point that raised."""
    return f"entry point {point.name} = {point.value} cannot be used: {words_of(error)}"


def _asked(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Of each that is no built-in: where the settings name it, its group, its name."""
    if settings.rollback_strategy != BUILT_IN_STRATEGY:
        yield "rollback_strategy", STRATEGIES, settings.rollback_strategy
    for at, name in enumerate(settings.middlewares):
        yield f"middlewares[{at}]", MIDDLEWARES, name
