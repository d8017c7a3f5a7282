"""What the settings name and an installed package has to bring: rollback strategy, checkpoint store, middlewares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Final

from checkpoint import registry as stores
from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import unknown
from orchestrator.settings.given import with_where
from orchestrator.settings.model import Settings, sources
from steps.installed import entry_points
from steps.raised import is_for_process
from steps.told import words_of

STRATEGIES: Final = "changeover.rollback_strategies"
"""Group of entry points."""

MIDDLEWARES: Final = "changeover.middlewares"
"""Group of entry points."""

STORES: Final = stores.ENTRY_POINT_GROUP
BUILT_IN_STRATEGY: Final = "previous"
_KINDS: Final = {STRATEGIES: "rollback strategy", MIDDLEWARES: "middleware", STORES: "store"}
_BUILT_IN: Final = {STRATEGIES: (BUILT_IN_STRATEGY,), STORES: (stores.LEDGER_STORE, *stores.BUILT_IN)}


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
    given = sources()
    problems = [replace(one, message=with_where(one.message, one.path, given)) for one in missing_extensions(settings)]
    for path, group, name in _asked(settings):
        for point in entry_points(group=group).select(name=name):
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
    if settings.checkpoint.store_type not in _BUILT_IN[STORES]:
        yield "checkpoint.store_type", STORES, settings.checkpoint.store_type
    for at, name in enumerate(settings.middlewares):
        yield f"middlewares[{at}]", MIDDLEWARES, name
