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
from orchestrator.secrets.masking import masked_config, quotable
from orchestrator.secrets.notations import key_of_member, key_of_word, names_secret, speaks_of_secret
from orchestrator.secrets.quotations import requoted
from orchestrator.secrets.quoted import MOST_LOOKED_THROUGH, REFUSED, Unquoted
from orchestrator.templates.templates import is_template

_PART: Final = re.compile(r"\[(\d+)\]|([^.\[]+)")


def without_given(
    problems: Iterable[Problem], sources: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[Problem]:
    """Problems with parameters. ``sources``: these as they are written; ``given``: what that gave. A check of one of
    them may have looked at others, so each message is told without what any of them has of a secret, and of a text
    that it quotes as a config is shown."""
    secret = list(_secrets_in(sources, given, ""))
    unquoted = Unquoted(secret) if secret else None
    for problem in problems:
        value = problem.value
        message = problem.message if len(problem.message) <= MOST_LOOKED_THROUGH else REFUSED
        if unquoted is not None:
            is_of_one = value is not None and _is_of_secret(sources, given, problem.path)
            value, message = MASK if is_of_one else value, unquoted.told(message)
        yield replace(problem, value=value, message=requoted(quotable(message), masked_config))


def _secrets_in(source: Any, given: Any, key: str) -> Iterator[Any]:
    """What was given that is not to be told, piece by piece; ``key`` is what it stands under."""
    if _is_secret(source, key):
        yield given
    elif isinstance(source, Mapping) and isinstance(given, Mapping):
        for name, one in source.items():
            if name in given:
                yield from _secrets_in(one, given[name], _key_of_member(source, given, str(name)))
    elif isinstance(source, list | tuple) and isinstance(given, list | tuple):
        for index, (one, item) in enumerate(zip(source, given, strict=False)):
            yield from _secrets_in(one, item, key_of_word(source, index, key))
    elif source is not given:
        # A template gave it as a whole.
        yield from _secrets_in(given, given, key)


def _key_of_member(source: Mapping[str, Any], given: Mapping[str, Any], name: str) -> str:
    """Also where a template gave the name that it stands beside."""
    own = key_of_member(source, name)
    return own if source is given or names_secret(own) else key_of_member(given, name)


def _is_secret(source: Any, key: str) -> bool:
    return names_secret(key) or (is_template(source) and speaks_of_secret(source))


def _is_of_secret(source: Any, given: Any, path: str) -> bool:
    """Whether what stands at the path is not to be told, or has a part that is not. A path that leads nowhere in what
    is given is one into what a check has made of it."""
    key = ""
    for index, name in _PART.findall(path):
        if _is_secret(source, key):
            return True
        if not isinstance(source, Mapping | list | tuple):
            source = given
        if isinstance(source, Mapping) and (own := next((one for one in (name, to_camel(name)) if one in source), "")):
            key = _key_of_member(source, given, own) if isinstance(given, Mapping) else key_of_member(source, own)
            source, given = source[own], given.get(own) if isinstance(given, Mapping) else None
        elif isinstance(source, list | tuple) and index and int(index) < len(source):
            key = key_of_word(source, int(index), key)
            is_there = isinstance(given, list | tuple) and int(index) < len(given)
            source, given = source[int(index)], given[int(index)] if is_there else None
        else:
            break
    return any(True for _ in _secrets_in(source, given, key))
