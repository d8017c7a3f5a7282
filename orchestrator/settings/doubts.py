"""What is allowed in the settings and probably not meant: another machine, or its packages, may know what we do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from orchestrator.domain.errors import Problem, cut_text
from orchestrator.domain.naming import unknown
from orchestrator.secrets.folder import NAME
from orchestrator.settings.extensions import missing_extensions
from orchestrator.settings.given import with_where
from orchestrator.settings.kept_data import DATABASE_STORE
from orchestrator.settings.model import Settings, sources

_WITHOUT_URL: Final = ("redis", "memory")
_WILD: Final = frozenset("*?[")


def doubts(settings: Settings, step_types: Iterable[str]) -> list[Problem]:
    """Each with where it was written. ``step_types``: those there are; none, if that is not known."""
    found = [*missing_extensions(settings), *_unused_url(settings), *_strange_secrets(settings, step_types)]
    given = sources()
    return [replace(one, message=with_where(one.message, one.path, given)) for one in found]


def _unused_url(settings: Settings) -> Iterator[Problem]:
    kept = settings.checkpoint
    if kept.url is not None and kept.store_type in _WITHOUT_URL:
        message = f"is not used with store_type {kept.store_type}; store_type {DATABASE_STORE} keeps checkpoints there"
        yield Problem("checkpoint.url", None, message)


def _strange_secrets(settings: Settings, step_types: Iterable[str]) -> Iterator[Problem]:
    known = frozenset(step_types)
    for name, scope in settings.secrets.items():
        if not NAME.fullmatch(name):
            message = "no plan can name such a secret: letters, digits and _, beginning with a letter"
            yield Problem(f"secrets.{cut_text(name)}", None, message)
        for index, pattern in enumerate(scope.steps or ()):
            if known and not _WILD & set(pattern) and pattern not in known:
                place = f"secrets.{name}.steps[{index}]"
                yield Problem(place, None, unknown("step type", pattern, known))
