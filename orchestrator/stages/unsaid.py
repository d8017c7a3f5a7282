"""What is wrong with parameters, told without what a template that speaks of a secret has given, and what stands under
a key that names one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic.alias_generators import to_camel

from orchestrator.domain.errors import Problem
from orchestrator.secrets.known import MASK
from orchestrator.secrets.notations import key_of_member, key_of_word, names_secret, speaks_of_secret
from orchestrator.secrets.quoted import without_quoted
from orchestrator.templates.templates import is_template

_PART: Final = re.compile(r"\[(\d+)\]|([^.\[]+)")


def without_given(
    problems: Iterable[Problem], sources: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[Problem]:
    """Problems with parameters. ``sources``: these as they are written; ``given``: what that gave. A check of one of
    them may have looked at others, so each message is told without what any of them has of a secret."""
    secret = list(_secrets_in(sources, given, ""))
    for problem in problems:
        if not secret:
            yield problem
            continue
        is_of_one = problem.value is not None and _is_of_secret(sources, problem.path)
        value = MASK if is_of_one else problem.value
        yield replace(problem, value=value, message=without_quoted(problem.message, secret))


def _secrets_in(source: Any, given: Any, key: str) -> Iterator[Any]:
    """What was given that is not to be told, piece by piece; ``key`` is what it stands under."""
    if _is_secret(source, key):
        yield given
    elif isinstance(source, Mapping) and isinstance(given, Mapping):
        for name, one in source.items():
            if name in given:
                yield from _secrets_in(one, given[name], key_of_member(source, str(name)))
    elif isinstance(source, list | tuple) and isinstance(given, list | tuple):
        for index, (one, item) in enumerate(zip(source, given, strict=False)):
            yield from _secrets_in(one, item, key_of_word(source, index, key))


def _is_secret(source: Any, key: str) -> bool:
    return names_secret(key) or (is_template(source) and speaks_of_secret(source))


def _is_of_secret(source: Any, path: str) -> bool:
    """Whether what stands at the path is not to be told, or has a part that is not. A path that leads nowhere in what
    is written is one into what a check has made of it."""
    key = ""
    for index, name in _PART.findall(path):
        if _is_secret(source, key):
            return True
        if isinstance(source, Mapping) and (own := next((one for one in (name, to_camel(name)) if one in source), "")):
            source, key = source[own], key_of_member(source, own)
        elif isinstance(source, list | tuple) and index and int(index) < len(source):
            source, key = source[int(index)], key_of_word(source, int(index), key)
        else:
            break
    return any(True for _ in _secrets_in(source, source, key))
