"""Settings out of the environment: ``CHANGEOVER_`` and the name in capitals, ``__`` where the name has a dot.

Every variable is a setting, or one of those that are listed here as something else; a name that is neither is an error,
since a typo would leave a limit off in silence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import nearest
from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.settings.given import Given

PREFIX: Final = "CHANGEOVER_"

UP_VARIABLE: Final = "CHANGEOVER_UP"
"""Set for every child of a ``changeover up``, and their offspring: the absolute path of its data folder. They are
handed the URLs of the servers that it found itself."""

NOT_SETTINGS: Final[Mapping[str, str]] = {
    "CHANGEOVER_CONFIG": "the settings file",
    UP_VARIABLE: "marks the processes of a `changeover up`",
    "CHANGEOVER_PULSE_FD": "where a child of `changeover up` says that it lives",
    "CHANGEOVER_SOCKET_FD": "the socket that `changeover up` hands to a child",
    "CHANGEOVER_CRASH_AT": "where a process of a test dies",
    "CHANGEOVER_API_URL": "the HTTP API that a command talks to",
    "CHANGEOVER_API_TOKEN": "the token that it shows there",
}
_VALUES: Final = "CHANGEOVER_SECRET_"
_ONE_LETTER: Final = 0.95
"""Of names that long: ``CHANGEOVER_SECRET_DIRS`` is near ``CHANGEOVER_SECRETS_DIR``, ``..._SECRET_DB`` is not."""
PREFIXES: Final[Mapping[str, str]] = {
    _VALUES: "a secret's value",
    "CHANGEOVER_TEST_": "for the test suite",
}
"""Variables that begin so are no settings either, whatever follows."""


def read_environment(model: type[BaseModel], environment: Mapping[str, str]) -> Given:
    """What the variables give for ``model``; what is wrong with each is a problem, and the others go on."""
    given = Given()
    known = {variable_name(place) for place in _places(model)}
    # A table given as JSON first, then single values of it by name.
    for variable in sorted(environment, key=lambda name: (name.count("__"), name)):
        name = variable.upper()
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        parts = _place_of(variable)
        annotation = annotation_at(model, parts)
        if annotation is None:
            if not name.startswith(tuple(PREFIXES)):
                given.problems.append(Problem(variable, None, _unknown(name, known)))
            continue
        place = ".".join(parts)
        if _SURROGATE.search(environment[variable]):
            given.problems.append(Problem(place, None, f"expected text in UTF-8, in {variable}"))
            continue
        try:
            value = _value(annotation, environment[variable])
        except JsonMistake as error:
            kind = "a list" if list in kinds_of(annotation) else "a mapping"
            given.problems.append(Problem(place, None, f"expected {kind} as JSON: {error}, in {variable}"))
            continue
        given.put(parts, value, variable)
    return given


def mistaken_secrets(model: type[BaseModel], environment: Mapping[str, str], scopes: Any) -> Iterator[Problem]:
    """Variables that would be taken for a secret's value, and are but for one letter the name of a setting; those that
    have one of the ``scopes`` are secrets."""
    known = {variable_name(place) for place in _places(model)}
    for variable in sorted(environment):
        name = variable.upper()
        has_scope = isinstance(scopes, Mapping) and variable.removeprefix(_VALUES) in scopes
        if has_scope or not name.startswith(_VALUES):
            continue
        near = _with_its_s(model, variable[len(_VALUES) :])
        if near is None:
            found = difflib.get_close_matches(name, known, n=1, cutoff=_ONE_LETTER)
            near = found[0] if found else None
        if near is not None:
            message = f"a secret of this name would be read from it, which no scope speaks of; did you mean {near}?"
            yield Problem(variable, None, message)


def _with_its_s(model: type[BaseModel], rest: str) -> str | None:
    """The setting that was meant by ``CHANGEOVER_SECRET_`` and this, or the value of the secret that it is about."""
    meant = f"CHANGEOVER_SECRETS_{rest}"
    place = _place_of(meant)
    if annotation_at(model, place) is None:
        return None
    if place[0] == "secrets" and len(place) == 2:
        return f"{meant} (who may read it) or {_VALUES}{place[1]} (its value)"
    return meant


def _place_of(variable: str) -> tuple[str, ...]:
    """What the variable is the setting of. A secret's name has its own case, as in a plan and in the variable that
    holds its value."""
    parts = variable[len(PREFIX) :].split("__")
    place = [part.lower() for part in parts]
    if place[0] == "secrets":
        place[1:2] = parts[1:2]
    return tuple(place)


def variable_name(place: tuple[str, ...]) -> str:
    """``CHANGEOVER_HEALTH_CHECK__PATH`` for ``("health_check", "path")``."""
    return PREFIX + "__".join(place).upper()


def annotation_at(annotation: Any, parts: tuple[str, ...]) -> Any:
    """The type of the value at this place within ``annotation``; None when there can be no such place."""
    if not parts:
        return annotation
    for kind in kinds_of(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(parts[0])
            return None if field is None else annotation_at(field.annotation, parts[1:])
        if get_origin(kind) is dict and parts[0]:
            return annotation_at(get_args(kind)[1], parts[1:])
    return None


def kinds_of(annotation: Any) -> list[Any]:
    """The types that a union is made of, without their constraints; ``list[int]`` counts as ``list`` too."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for one in get_args(annotation) for kind in kinds_of(one)]
    origin = get_origin(annotation)
    return [annotation, origin] if origin in (list, dict, tuple, set) else [annotation]


def _value(annotation: Any, text: str) -> Any:
    """The text as the type takes it. Raises ``JsonMistake`` where only JSON will do."""
    kinds = kinds_of(annotation)
    if any(kind in (str, Path, SecretStr) or get_origin(kind) is Literal for kind in kinds):
        return text
    if any(kind in (list, dict) or (isinstance(kind, type) and issubclass(kind, BaseModel)) for kind in kinds):
        return parse_json(text)
    try:
        value = parse_json(text)
    except JsonMistake:
        return text
    if value is None:
        return None if type(None) in kinds else text
    # `true` is no number, though Python takes it for one.
    return value if isinstance(value, bool) == (bool in kinds) and isinstance(value, int | float) else text


def _places(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        yield (*above, name)
        for kind in kinds_of(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _places(kind, (*above, name))


def _unknown(name: str, known: set[str]) -> str:
    # Without the prefix, which would make all of them near.
    near = nearest(name.removeprefix(PREFIX), (one.removeprefix(PREFIX) for one in known | NOT_SETTINGS.keys()))
    return f"unknown variable; {f'did you mean {PREFIX}{near}?' if near else '`changeover config` names all settings'}"


_SURROGATE = re.compile("[\ud800-\udfff]")
"""How Python spells the bytes of a variable that are not UTF-8."""
_SEGMENT = re.compile(r"[^.\[\]]+")


def parts_of(path: str) -> tuple[str, ...]:
    """``a.b[0].c`` as its names, indexes left out."""
    return tuple(part for part in _SEGMENT.findall(path) if not part.isdigit())
