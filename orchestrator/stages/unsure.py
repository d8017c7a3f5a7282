"""Which parameters of a step can be judged only when all is known: a template's text stands for what it will give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.few_mistakes import few_of
from orchestrator.stages.package_code import package_code
from orchestrator.templates.templates import has_template
from steps.contract import StepParameters
from steps.numbers_only import no_truth_for_a_number

WHOLE = ""
"""In the place of a parameter's name: the rules over all of them."""

_AROUND: Final = ("default", "nullable", "function-before", "function-after")
"""Schemas of one value that only add something to that of the same value within."""


def unsure_parameters(model: type[StepParameters], given: Mapping[str, Any]) -> frozenset[str]:
    """By field, the parameters of which nothing that is wrong is sure as long as some that are ``given`` are templates:
    these, others that are right but for a rule which reads one of them, and ``WHOLE``."""
    templated = {name for name, one in given.items() if has_template(one)}
    if not templated:
        return frozenset()
    rewrites, readers = _readers(model)
    if rewrites:
        return frozenset((WHOLE, *model.model_fields))
    # pydantic shows a field's rules what stands before it in the model.
    after = iter(model.model_fields)
    _ = next((name for name in after if name in templated), None)
    # No rule is asked of what is missing.
    here = {name for name, field in model.model_fields.items() if name in given or not field.is_required()}
    unsure = (name for name in after if name in readers and name in here)
    return frozenset((WHOLE, *templated, *(name for name in unsure if not _is_wrong(model, name, given, readers))))


def _is_wrong(
    model: type[StepParameters], name: str, given: Mapping[str, Any], readers: Mapping[str, SchemaValidator | None]
) -> bool:
    """Whether a field's value is refused before its rule that is told of others is asked."""
    alone = readers[name]
    if alone is None or name not in given:
        return False
    try:
        with package_code("", ""):
            alone.validate_python(few_of(model, {name: given[name]}).value)
    except (ValidationError, InvalidInput):
        return True
    return False


@lru_cache(maxsize=256)
def _readers(model: type[StepParameters]) -> tuple[bool, Mapping[str, SchemaValidator | None]]:
    """Whether a rule over all parameters sees them before they are judged one by one, and may change them; and the
    fields whose rules are told of the others, each with what judges it before these, where that can be told apart."""
    validators = model.__pydantic_decorators__.model_validators.values()
    schema: Any = model.__pydantic_core_schema__
    definitions = schema.get("definitions", [])
    known = {one["ref"]: one for one in definitions}
    fields, config = _fields(schema, known)
    readers: dict[str, SchemaValidator | None] = {}
    for name, one in fields.items():
        if any(map(_is_told, _functions(one, known))):
            alone = {key: part for key, part in _before_told(one).items() if key != "validation_alias"}
            is_alone = not any(map(_is_told, _functions(alone, known)))
            judged: Any = {"type": "model-fields", "fields": {name: alone}}
            judged = {"type": "definitions", "schema": judged, "definitions": definitions}
            readers[name] = SchemaValidator(judged, config) if is_alone else None
    return any(one.info.mode != "after" for one in validators), readers


def _before_told(schema: Any) -> Any:
    """The schema of a value without the last rules of it, from the first that is told of others."""
    inner = schema.get("schema")
    if inner is None or schema["type"] not in (*_AROUND, "model-field"):
        return schema
    before = _before_told(inner)
    if schema["type"] == "function-after" and (before is not inner or _is_told(schema["function"])):
        return before
    return schema if before is inner else {**schema, "schema": before}


def _fields(schema: Any, known: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """With the model's configuration. One that has itself in a field is known by its name."""
    config = None
    while schema["type"] != "model-fields":
        config = schema.get("config", config)
        schema = known[schema["schema_ref"]] if schema["type"] == "definition-ref" else schema["schema"]
    return schema["fields"], config


def _functions(schema: Any, known: dict[str, Any]) -> Iterator[Any]:
    """Those that judge a value of this schema; not those within another model, which are told of its fields alone."""
    below, seen = [schema], set()
    while below:
        one = below.pop()
        if isinstance(one, list | tuple):
            below += one
        elif isinstance(one, dict) and one.get("type") in ("with-info", "no-info"):
            yield one
        elif isinstance(one, dict) and one.get("type") == "definition-ref":
            ref = one["schema_ref"]
            below += [known[ref]] if ref in known and ref not in seen else []
            seen.add(ref)
        elif isinstance(one, dict) and one.get("type") not in ("model", "dataclass", "typed-dict"):
            below += one.values()


def _is_told(function: Any) -> bool:
    own = getattr(function["function"], "__func__", function["function"])
    return function["type"] == "with-info" and own is not no_truth_for_a_number
