"""What one instance's answer means: it runs the expected version, or what it said instead, in a few words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from steps.contract import HttpAnswer
from steps.expressions.json_path import NotThere, find
from steps.instances.health_matrix import InstanceState
from steps.json_values import read_json_text
from steps.wording import cut, quote

_PASSING = frozenset((408, 425, 429))
"""4xx that say "not now" rather than "never"."""


def version_text(version: JsonValue) -> str:
    """A version as text, so that 42 and "42" are one: strings as they are, the rest as JSON writes it (true, null)."""
    return version if isinstance(version, str) else json.dumps(version, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one instance's answer means. ``said``: bounded, to be read after its name; empty when it is there.

    ``version``: the one it reports, if it reports one. ``hopeless``: it will not get there by waiting.
    """

    state: InstanceState
    said: str = ""
    version: str | None = None
    hopeless: bool = False


def read(answer: HttpAnswer, version_key: str, expected: str, old: str | None) -> Reading:
    """The reading of an answer; ``old`` is the version that the tenant comes from, where that is known."""
    bad, status = InstanceState.BAD_ANSWER, answer.status
    if answer.refused:
        return Reading(bad, f"was not asked ({cut(answer.error or '')})", hopeless=True)
    if status is not None and not 200 <= status < 300:
        said = f"answered status {status}" + (f": {_said(answer)}" if answer.body else "")
        return Reading(bad, said, hopeless=400 <= status < 500 and status not in _PASSING)
    if answer.error is not None:
        if status is None:
            return Reading(InstanceState.UNREACHABLE, f"unreachable ({cut(answer.error)})")
        return Reading(bad, f"sent an unusable answer ({cut(answer.error)})")
    try:
        report = read_exact(answer.body)
    except ValueError:
        return Reading(bad, f"did not answer JSON: {_said(answer)}")
    if not isinstance(report, dict) and not version_key.startswith("$"):
        return Reading(bad, f"answered JSON that is no object: {_said(answer)}")
    try:
        version = find(report, version_key)
    except NotThere as error:
        what = (
            f"has nothing at {version_key}: {error}"
            if version_key.startswith("$")
            else f"has no key {quote(version_key)}"
        )
        return Reading(bad, f"{what} in its answer: {_said(answer)}")
    if isinstance(version, dict | list):
        return Reading(bad, f"says a version that is no single value: {_said(answer)}")
    text = version_text(version)
    said = f"says version {cut(text) or repr('')}"
    if version is None:
        # An instance that says null has no version yet, whatever is expected of it.
        return Reading(bad, said)
    if text == expected:
        return Reading(InstanceState.OK, version=text)
    if old is None or text == old:
        return Reading(InstanceState.OLD_VERSION, said, text)
    return Reading(InstanceState.WRONG_VERSION, f"{said} (neither old nor expected)", text, hopeless=True)


def read_exact(body: bytes) -> Any:
    """JSON whose numbers keep their spelling: 1.10 is not 1.1, and a thousand digits are no reason to fail.

    Raises ``ValueError``.
    """
    return read_json_text(body, parse_float=_Number, parse_int=_Number, parse_constant=_Number)


class _Number(str):
    """A number's own spelling."""

    __slots__ = ()


def _said(answer: HttpAnswer) -> str:
    return quote(answer.body.decode(errors="replace"))
