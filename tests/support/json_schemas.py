"""What JSON Schema says of a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def misfits(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Why the value does not fit; nothing if it does."""
    # Loading it takes seconds, for grammars of addresses that no schema here asks for: few processes of a run need it.
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    return [str(error.message) for error in Draft202012Validator(schema).iter_errors(value)]
