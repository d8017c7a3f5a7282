"""What of a part of a plan is looked at when it has more unknown keys than can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from orchestrator.domain.wording import model_in


def without_unknown_keys(model: type[BaseModel], item: Any, kept: int) -> tuple[Any, int]:
    """The item with only the first ``kept`` of the unknown keys of each mapping in it that is read as a model, and how
    many were left out."""
    if isinstance(item, list | tuple):
        pairs = [without_unknown_keys(model, one, kept) for one in item]
        return [one for one, _ in pairs], sum(more for _, more in pairs)
    if not isinstance(item, Mapping) or model.model_config.get("extra") != "forbid":
        return item, 0
    fields = {spelling: field for name, field in model.model_fields.items() for spelling in (name, field.alias or name)}
    found: dict[Any, Any] = {}
    strange = left_out = 0
    for key, value in item.items():
        field = fields.get(key) if isinstance(key, str) else None
        inner = model_in(field.annotation) if field else None
        if inner is not None:
            found[key], more = without_unknown_keys(inner, value, kept)
            left_out += more
            continue
        strange += field is None
        if field is not None or strange <= kept:
            found[key] = value
    return found, left_out + max(strange - kept, 0)
