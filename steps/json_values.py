"""JSON values that a template computed: measured before anything copies them, and copied into plain containers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from jinja2 import Undefined

from steps.opaque import Opaque

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
VALUE_DEPTH = 64


class LimitExceeded(ValueError):
    """A template wants more than it may have; the message says what."""


def canonical_json(value: Any) -> str:
    """The one compact text of a JSON value: keys sorted, no spaces, no NaN (``ValueError``)."""
    return _encoder.encode(value)


def read_json_text(body: bytes, **hooks: Any) -> Any:
    """What somebody else sent as JSON; ``hooks`` as of ``json.loads``. Raises ``ValueError``.

    Half a surrogate pair, raw or as an escape, is no text: no UTF-8 could carry it on.
    """
    try:
        text = body.decode(json.detect_encoding(body))
        value = json.loads(text, **hooks)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def json_size(value: Any, limit: int) -> int:
    """Characters and values in ``value``, those of inner lists included. Raises ``LimitExceeded`` past ``limit``."""
    size = 0
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Opaque):
            item = item.reveal()
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, dict):
            stack.extend(islice(item.values(), limit))
            stack.extend(islice(item.keys(), limit))
        elif isinstance(item, list | tuple):
            stack.extend(islice(item, limit))
        size += 1
        if size + len(stack) > limit:
            raise LimitExceeded(f"longer than {limit} characters")
    return size


def json_value(value: Any, limit: int) -> Any:
    """A deep copy in plain containers, secrets as text: what leaves an evaluation.

    Raises ``LimitExceeded`` past ``limit``, ``TypeError`` for what JSON lacks.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if not isinstance(value, str | float | Mapping | list | tuple | Undefined | Opaque) and hasattr(value, "__iter__"):
        value = list(islice(value, limit + 1))
    json_size(value, limit)
    return _copy(value, 0)


def _copy(value: Any, depth: int) -> Any:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Opaque):
        return value.reveal()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise LimitExceeded(f"gives {value}, which is not a JSON number")
        return value
    if depth > VALUE_DEPTH:
        raise LimitExceeded(f"nested more than {VALUE_DEPTH} levels deep")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("gives a mapping whose keys are not text")
        return {key: _copy(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(item, depth + 1) for item in value]
    raise TypeError(f"gives a {type(value).__name__}, which is not a JSON value")
