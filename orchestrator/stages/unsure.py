"""Which parameters of a step can be judged only when all is known: a template's text stands for what it will give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from orchestrator.templates.templates import has_template
from steps.contract import StepParameters
from steps.numbers_only import no_truth_for_a_number

WHOLE = ""
"""In the place of a parameter's name: the rules over all of them."""


def unsure_parameters(model: type[StepParameters], given: Mapping[str, Any]) -> frozenset[str]:
    """By field, the parameters of which nothing that is wrong is sure as long as some that are ``given`` are templates:
    these, others whose rules read one of them, and ``WHOLE``."""
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
    return frozenset((WHOLE, *templated, *(name for name in after if name in readers & here)))


@lru_cache(maxsize=256)
def _readers(model: type[StepParameters]) -> tuple[bool, frozenset[str]]:
    """Whether a rule over all parameters sees them before they are judged one by one, and may change them; and the
    fields whose rules are told of the others."""
    validators = model.__pydantic_decorators__.model_validators.values()
    schema: Any = model.__pydantic_core_schema__
    known = {one["ref"]: one for one in schema.get("definitions", ())}
    fields = _fields(schema)
    readers = (name for name, one in fields.items() if any(map(_is_told, _functions(one, known))))
    return any(one.info.mode != "after" for one in validators), frozenset(readers)


def _fields(schema: Any) -> dict[str, Any]:
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    found: dict[str, Any] = schema["fields"]
    return found


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
