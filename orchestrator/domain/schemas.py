"""The plan file and the events as JSON Schema, for editors and for consumers in other languages."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from pydantic.alias_generators import to_camel

from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import EVENT

SchemaName = Literal["plan", "events"]

SCHEMAS: Final[tuple[SchemaName, ...]] = ("plan", "events")


def json_schema(name: SchemaName) -> dict[str, Any]:
    """JSON Schema 2020-12 of a plan file (both spellings of its keys), or of one event as it is printed."""
    found = PlanSpec.model_json_schema(by_alias=False) if name == "plan" else EVENT.json_schema(mode="serialization")
    if name == "plan":
        for part in (found, *found.get("$defs", {}).values()):
            _both_spellings(part)
    title = "A plan of Changeover" if name == "plan" else "An event of Changeover"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": title}


def schema_text(name: SchemaName) -> str:
    """The same as text."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"


def _both_spellings(part: dict[str, Any]) -> None:
    properties = part.get("properties", {})
    required = part.pop("required", [])
    for name in list(properties):
        if (camel := to_camel(name)) != name:
            properties[camel] = properties[name]
    needed = [[name] if to_camel(name) == name else [name, to_camel(name)] for name in required]
    if needed:
        part["allOf"] = [{"anyOf": [{"required": [name]} for name in names]} for names in needed]
