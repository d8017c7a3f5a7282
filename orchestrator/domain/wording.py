"""pydantic's errors in plain words: the path as the plan's author sees it, the value, and what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final, get_args

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.domain.errors import QUOTE_LIMIT, Problem, cut_text, cut_url
from orchestrator.domain.naming import in_spelling_of, nearest, snake_case, unknown

JSON_VALUE: Final = "a JSON value (text, number, true or false, null, list, mapping)"
_MOST_STRANGE: Final = 100
"""Keys of one mapping among which a meant one is looked for."""
_UNION_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_EXPECTED = {
    "string_type": "text",
    "string_unicode": "text in valid Unicode",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "datetime_type": "a time such as 2026-12-01T02:00:00Z",
    "datetime_parsing": "a time such as 2026-12-01T02:00:00Z",
    "datetime_from_date_parsing": "a time such as 2026-12-01T02:00:00Z",
    "timezone_aware": "a time with its zone, such as 2026-12-01T02:00:00Z",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
    "invalid-json-value": JSON_VALUE,
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', beginning with a letter or digit",
    r"^[A-Za-z0-9][A-Za-z0-9._/-]*$": "letters, digits, '.', '_', '/' and '-', beginning with a letter or digit",
    r"^[A-Za-z0-9._-]{1,64}$": "1 to 64 letters, digits, '.', '_' and '-'",
    r"^[^\s\x00-\x1f\x7f{}]+$": "text without spaces, braces or control characters",
}


def problems_of(error: ValidationError, model: type[BaseModel], path: str = "") -> list[Problem]:
    """Each mistake once, in order; ``path`` goes before the place inside ``model``."""
    return first_problems_of(error, model, path)[0]


def first_problems_of(
    error: ValidationError, model: type[BaseModel], path: str = "", most: int | None = None
) -> tuple[list[Problem], int]:
    """The same of the first mistakes, about ``most`` of them, and how many more there are, which are only counted."""
    unions: dict[str, list[str]] = {}
    found: dict[tuple[str, str], Problem] = {}
    items = _without_what_is_meant(error.errors(include_url=False), model)
    for done, item in enumerate(items):
        if most is not None and len(found) >= most:
            return list(found.values()), len(items) - done
        place, inner = _place(item["loc"], model)
        full = join(path, place)
        tag = item["loc"][-1] if item["loc"] else None
        if tag in _UNION_WORDS and item["type"].endswith("_type") and not full.endswith(str(tag)):
            unions.setdefault(full, []).append(_UNION_WORDS[str(tag)])
            message = "expected " + " or ".join(unions[full])
            if isinstance(item["input"], float) and "text" in unions[full]:
                message += "; quote it: as numbers 1.10 is 1.1 and 1e3 is 1000.0"
            found[(full, "union")] = Problem(full, shown(item["input"]), message)
            continue
        if item["type"] == "missing" and (key := written_for(str(item["loc"][-1]), item["input"], inner)) is not None:
            full = join(path, _place((*item["loc"][:-1], key), model)[0])
            message = f"unknown key; did you mean {item['loc'][-1]!r}?"
            found.setdefault((full, "extra_forbidden"), Problem(full, shown(item["input"][key]), message))
            continue
        value = None if item["type"] == "missing" else shown(item["input"])
        found.setdefault((full, item["type"]), Problem(full, value, _message(item, inner)))
    return list(found.values()), 0


def _without_what_is_meant(items: list[ErrorDetails], model: type[BaseModel]) -> list[ErrorDetails]:
    """All but the missing keys for which one that there is not was meant."""
    missing = {_key(item["loc"], model)[:2] for item in items if item["type"] == "missing"}
    inside = {place for place, _ in missing}
    meant = set()
    for item in items if missing else ():
        if item["type"] == "extra_forbidden" and item["loc"][:-1] in inside:
            place, name, inner = _key(item["loc"], model)
            meant.add((place, meant_key(name, inner)))
    if missing.isdisjoint(meant):
        return items
    return [item for item in items if item["type"] != "missing" or _key(item["loc"], model)[:2] not in meant]


def written_for(name: str, given: object, model: type[BaseModel]) -> str | None:
    """Of a mapping that may have any keys besides the model's: the one that was most likely meant for this name."""
    if model.model_config.get("extra") != "allow" or not isinstance(given, Mapping):
        return None
    known = {spelling for pair in _spellings(model) for spelling in pair}
    strange = (key for key in given if isinstance(key, str) and key not in known)
    return next((key for key in islice(strange, _MOST_STRANGE) if meant_key(key, model) == name), None)


def _key(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[tuple[int | str, ...], str, type[BaseModel]]:
    """Where it is, its name as its model has it, and that model."""
    inner = _place(loc, model)[1]
    name = str(loc[-1])
    return loc[:-1], next((own for own, alias in _spellings(inner) if alias == name), name), inner


def join(path: str, place: str) -> str:
    """Two parts of a path as one."""
    return f"{path}{'.' if path and place and not place.startswith('[') else ''}{place}"


def first_key(path: str) -> str:
    """The key that a path begins with."""
    return path.partition(".")[0].partition("[")[0]


def shown(value: object) -> JsonValue:
    """The value as an error may carry it: scalars themselves, text cut, containers by kind and size."""
    if value is None or isinstance(value, bool | float):
        return value if value is None or (value == value and abs(value) != float("inf")) else str(value)
    if isinstance(value, int):
        return value if value.bit_length() <= 64 else "a number too large"
    if isinstance(value, str):
        if len(value) > QUOTE_LIMIT and "://" in value:
            return cut_url(len(value))
        return cut_text(value).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def _message(item: ErrorDetails, model: type[BaseModel]) -> str:
    if item["type"] == "extra_forbidden":
        name = str(item["loc"][-1])
        if any(name in pair for pair in _spellings(model)):
            return f"given twice, in two spellings ({snake_case(name)})"
        keys = {own: field.alias or own for own, field in model.model_fields.items()}
        return unknown("key", name, in_spelling_of(name, keys))
    return expectation(item)


def expectation(item: ErrorDetails) -> str:
    """What one error of pydantic asks for in the value's place, whatever model it belongs to."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "missing; this key is required"
    if kind == "invalid_key" or "[key]" in item["loc"][-2:]:
        return _expected_of_key(item)
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        bound = context[name]
        return f"expected a {'whole ' if isinstance(bound, int) else ''}number of {words} {bound:.15g}"
    if kind in ("string_too_long", "string_too_short"):
        few = kind == "string_too_short"
        bound = context["min_length" if few else "max_length"]
        return f"expected text of {'at least' if few else 'at most'} {bound} character{'s' if bound > 1 else ''}"
    if kind in ("too_long", "too_short"):
        few = kind == "too_short"
        bound = context["min_length" if few else "max_length"]
        return f"expected {'at least' if few else 'at most'} {bound} of them"
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS.get(context['pattern'], 'text matching ' + str(context['pattern']))}"
    if kind in ("literal_error", "enum"):
        return f"expected {context['expected']}"
    if kind in ("recursion_loop", "recursion_depth_exceeded"):
        return "nested too deeply, or inside itself"
    if kind in ("value_error", "assertion_error"):
        said = str(context.get("error", item["msg"]))
        return said if said.strip() else "is refused by a check that does not say why"
    return item["msg"]


def _expected_of_key(item: ErrorDetails) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"expected a key of {_PATTERNS.get(context['pattern'], 'text matching ' + str(context['pattern']))}"
    if kind == "string_too_short":
        return "expected a key that is not empty"
    if kind == "string_too_long":
        return f"expected a key of at most {context['max_length']} characters"
    return "expected a key that is text"


def _place(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, type[BaseModel]]:
    """The path as text, and the model that its last key belongs to."""
    place, free = "", False
    parts = list(loc)
    for index, part in enumerate(parts):
        if isinstance(part, int):
            place = join(place, str(part)) if free and parts[index - 1] == "dict" else f"{place}[{part}]"
            continue
        follows = parts[index + 1] if index + 1 < len(parts) else None
        if part == "[key]" or (free and (part, type(follows)) in (("list", int), ("dict", int), ("dict", str))):
            continue
        known = {alias: name for name, alias in _spellings(model)}
        if not free and index and part in _UNION_WORDS and part not in known:
            continue
        name = part if free else known.get(part, part)
        place = join(place, cut_text(name))
        if name in model.model_fields and not free:
            inner = model_in(model.model_fields[name].annotation)
            free = inner is None and follows is not None and "dict" in str(model.model_fields[name].annotation)
            free = free or (inner is None and "JsonValue" in str(model.model_fields[name].annotation))
            if inner is not None and follows is not None:
                model = inner
    return place, model


def _spellings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield name, name
        yield name, field.alias or name


def meant_key(name: str, model: type[BaseModel]) -> str | None:
    """The key of the model that was most likely meant by one that it does not have."""
    return _meant_key(name, model) if len(name) <= QUOTE_LIMIT else None


@lru_cache(maxsize=1024)
def _meant_key(name: str, model: type[BaseModel]) -> str | None:
    # Each of a plan's tenants may have the same one.
    return nearest(name, model.model_fields)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field's annotation speaks of, alone or in a list or union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := model_in(one))), None)
