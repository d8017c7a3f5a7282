"""What one instance's answer means: it runs the expected version, or what it said instead, in a few words."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from steps.contract import HttpAnswer
from steps.wording import cut, quote


def version_text(version: JsonValue) -> str:
    """A version as text, so that 42 and "42" are one: strings as they are, the rest as JSON writes it (true, null)."""
    return version if isinstance(version, str) else json.dumps(version, ensure_ascii=False)


def miss(answer: HttpAnswer, version_key: str, expected: str) -> str | None:
    """None when the instance reports ``expected``, else what it said, bounded, to be read after the instance's name."""
    if answer.status is not None and not 200 <= answer.status < 300:
        return f"answered status {answer.status}" + (f": {_said(answer)}" if answer.body else "")
    if answer.error is not None:
        what = "unreachable" if answer.status is None else "sent an unusable answer"
        return f"{what} ({cut(answer.error)})"
    try:
        # Numbers keep their spelling: 1.10 is not 1.1, and a thousand digits are no reason to fail.
        report: Any = json.loads(answer.body, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return f"did not answer JSON: {_said(answer)}"
    if not isinstance(report, dict):
        return f"answered JSON that is no object: {_said(answer)}"
    if version_key not in report:
        return f"has no key {quote(version_key)} in its answer: {_said(answer)}"
    version = report[version_key]
    if isinstance(version, dict | list):
        return f"says a version that is no single value: {_said(answer)}"
    # An instance that says null has no version yet, whatever is expected of it.
    if version is not None and version_text(version) == expected:
        return None
    return f"says version {cut(version_text(version)) or repr('')}"


class _Number(str):
    """A number's own spelling."""

    __slots__ = ()


def _said(answer: HttpAnswer) -> str:
    return quote(answer.body.decode(errors="replace"))
