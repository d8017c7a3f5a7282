"""JSON values, under the name that this package uses for them; they live beside the sandbox, which steps need too."""

from __future__ import annotations

from steps.json_values import LimitExceeded, canonical_json, json_size, json_value

__all__ = ["LimitExceeded", "canonical_json", "json_size", "json_value"]
