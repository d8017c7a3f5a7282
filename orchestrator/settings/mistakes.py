"""What pydantic finds wrong with settings, in our words: setting, value (unless it may be secret), where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from orchestrator.domain.errors import Problem
from orchestrator.domain.few_mistakes import few_of
from orchestrator.domain.wording import first_problems_of, join
from orchestrator.secrets.masking import masked_setting
from orchestrator.secrets.notations import names_secret
from orchestrator.settings.environment import annotation_at, kinds_of, parts_of
from orchestrator.settings.given import Given, with_where

_USER: Final = re.compile("@|%40")
MOST_TOLD = 100
"""Mistakes that are told; the rest are counted."""


def setting_problems(error: ValidationError, model: type[BaseModel], sources: Sequence[Given]) -> Iterator[Problem]:
    """One problem each, in order, and how many more there are; ``sources`` as they go before each other."""
    problems, more = first_problems_of(error, model, most=MOST_TOLD)
    for problem in problems:
        path, message, value = problem.path, problem.message, problem.value
        head, colon, rest = message.partition(": ")
        if colon and annotation_at(model, parts_of(join(path, head))) is not None:
            # A rule between settings names its place itself.
            path, message, value = join(path, head), rest, None
        if message.startswith("unknown key") and not path.startswith("services."):
            message = "unknown setting" + message.removeprefix("unknown key")
        told = None if message.startswith("unknown") else _told(value, model, path)
        yield Problem(path, told, with_where(message, path, sources))
    if more:
        yield Problem("", None, f"and {more} more problem{'s' if more > 1 else ''}")


def cut_to_few(given: Given, model: type[BaseModel]) -> None:
    """Leaves out what is beyond the bounds of a large file, and says so among its problems."""
    few = few_of(model, given.values)
    given.values = few.value
    for one in few.problems:
        given.problems.append(replace(one, message=with_where(one.message, one.path, [given])))
    if few.left_out:
        given.problems.append(Problem("", None, f"and {few.left_out} more unknown settings"))


def _told(value: object, model: type[BaseModel], path: str) -> JsonValue:
    """The value as the error may show it."""
    parts = parts_of(path)
    annotation = annotation_at(model, parts)
    if annotation is None and not path.startswith("services."):
        # A name that we do not know may hold anything.
        return None
    if SecretStr in kinds_of(annotation) or any(names_secret(part) for part in parts):
        return None
    if isinstance(value, str) and "://" not in value and _USER.search(value):
        # In the place of a host, of which nobody knows where the password is in it.
        return None
    told: JsonValue = masked_setting(value, parts[-1] if parts else "")
    return told
