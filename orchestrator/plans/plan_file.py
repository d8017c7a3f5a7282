"""Reads a plan file: YAML or JSON text in, plain JSON values out, every mistake with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.plans.yaml_reader import read_yaml

MAX_BYTES = 256 * 1024 * 1024


def read_plan_file(path: str | Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The file's top mapping; keys are as written, nothing is checked but its syntax.

    Raises ``InvalidInput`` for a file that is missing, not readable, larger than ``max_bytes``, not UTF-8, empty,
    not valid YAML or JSON (naming line and column), or not a mapping.
    """
    name = str(path)
    text = _read_text(Path(path), max_bytes)
    if not text.strip():
        _refuse(name, "the file is empty; expected a plan with name, max_concurrency, stages and tenants")
    is_json = Path(path).suffix.lower() == ".json"
    value = _read_json(text, name) if is_json else read_yaml(text, name)
    if value is None:
        _refuse(name, "the file holds no plan, only comments or null")
    if not isinstance(value, dict):
        _refuse(name, f"expected a mapping with name, max_concurrency, stages and tenants, not {_kind(value)}")
    return value


def _read_text(path: Path, max_bytes: int) -> str:
    name = str(path)
    try:
        with path.open("rb") as file:
            # One byte more than allowed tells a large file, and a device without end, from one that just fits.
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        _refuse(name, "no such file")
    except (OSError, ValueError) as error:
        _refuse(name, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(data) > max_bytes:
        _refuse(name, f"larger than {max_bytes // (1024 * 1024)} MiB, the most a plan file may have")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(name, f"line {line}: not UTF-8 text ({error.reason})")


def _read_json(text: str, name: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_mapping, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _refuse(name, f"line {error.lineno}, column {error.colno}: not valid JSON: {error.msg}")
    except RecursionError:
        _refuse(name, "nested too deeply")
    except ValueError as error:
        _refuse(name, f"not valid JSON: {error}")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:200]!r} is given twice in one mapping")
    return mapping


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"a single value ({str(value)[:40]})"


def _refuse(name: str, message: str) -> NoReturn:
    raise InvalidInput([Problem(name, None, message)])
