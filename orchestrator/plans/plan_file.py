"""Reads a plan file: YAML or JSON text in, plain JSON values out, every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.text_file import read_text, refuse_file
from orchestrator.files.yaml_text import read_yaml

MAX_BYTES = 256 * 1024 * 1024


def read_plan_file(path: str | Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The file's top mapping; keys are as written, nothing is checked but its syntax.

    Raises ``InvalidInput`` for a file that is missing, no regular file, not readable, larger than ``max_bytes``, not
    UTF-8, empty, not valid YAML or JSON (naming line and column), nested too deeply, or not a mapping.
    """
    name = str(path)
    text = read_text(Path(path), name, max_bytes)
    return parse_plan(text, name, is_json=Path(path).suffix.lower() == ".json")


def parse_plan(text: str, name: str, *, is_json: bool = False) -> dict[str, Any]:
    """The same of text that is no file; ``name`` is what mistakes call it."""
    if not text.strip():
        refuse_file(name, "the file is empty; expected a plan with name, max_concurrency, stages and tenants")
    value = _json(text, name) if is_json else read_yaml(text, name)
    if value is None:
        refuse_file(name, "the file holds no plan, only comments or null")
    if not isinstance(value, dict):
        refuse_file(name, f"expected a mapping with name, max_concurrency, stages and tenants, not {_kind(value)}")
    return value


def _json(text: str, name: str) -> Any:
    try:
        return parse_json(text)
    except JsonMistake as error:
        refuse_file(name, str(error))


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"a single value ({str(value)[:40]})"
