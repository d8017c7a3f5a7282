"""Reads a plan file: YAML or JSON text in, plain JSON values out, every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.domain.errors import cut_text
from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.text_file import read_text, refuse_file
from orchestrator.files.yaml_text import read_yaml

MAX_BYTES = 256 * 1024 * 1024


def read_plan_file(path: str | Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The file's top mapping; keys are as written, nothing is checked but its syntax.

    Raises ``InvalidInput`` for a file that is missing, no regular file, not readable, larger than ``max_bytes``, not
    UTF-8, empty, not valid YAML or JSON (naming line and column), nested too deeply, or not a mapping.
    """
    value = read_document(path, "a plan with name, max_concurrency, stages and tenants", max_bytes)
    if value is None:
        refuse_file(str(path), "the file holds no plan, only comments or null")
    if not isinstance(value, dict):
        message = f"expected a mapping with name, max_concurrency, stages and tenants, not {_kind(value)}"
        refuse_file(str(path), message)
    return value


def read_document(path: str | Path, expected: str, max_bytes: int = MAX_BYTES) -> Any:
    """What the file holds, whatever it is; ``expected`` says what it should be. Raises as ``read_plan_file`` does."""
    name = str(path)
    text = read_text(Path(path), name, max_bytes)
    if not text.strip():
        refuse_file(name, f"the file is empty; expected {expected}")
    return _json(text, name) if Path(path).suffix.lower() == ".json" else read_yaml(text, name)


def _json(text: str, name: str) -> Any:
    try:
        return parse_json(text)
    except JsonMistake as error:
        refuse_file(name, str(error))


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"a single value ({cut_text(str(value), 40)})"
