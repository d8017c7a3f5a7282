"""What an answer means to a step that sent one request: its JSON, and what the other side said, bounded."""

from __future__ import annotations

from typing import Any, NoReturn

from pydantic import JsonValue

from steps.contract import HttpAnswer
from steps.json_values import read_json_text
from steps.wording import cut

SAID_LIMIT = 1000
"""A failure quotes this many characters of an answer: enough to read a list of partial failures."""

JSON_LIMIT = 8 * 1024
"""An answer of up to this many bytes is kept as JSON in the outputs; of a longer one, its beginning as text."""


class NotJson(ValueError):
    """The answer is no JSON."""


def read_json(answer: HttpAnswer) -> JsonValue:
    """The answer's JSON. Raises ``NotJson``."""
    try:
        value: JsonValue = read_json_text(answer.body, parse_constant=_no_constant)
    except ValueError as error:
        raise NotJson(f"did not answer JSON{said(answer)}") from error
    return value


def said(answer: HttpAnswer) -> str:
    """``: `` and the answer's text on one line, bounded; empty when there is none."""
    # Whole, as it came within its bound: cut by bytes, what is left of it may look like all.
    text = cut(answer.body.decode(errors="replace"), SAID_LIMIT)
    return f": {text}" if text else ""


def trouble(answer: HttpAnswer) -> str:
    """What to say of an answer that could not be used, or that came with an unwelcome status."""
    if answer.refused:
        return f"not sent: {cut(answer.error or '')}"
    if answer.status is None:
        return f"unreachable ({cut(answer.error or '')})"
    if answer.error is not None:
        return f"answered status {answer.status} and sent an unusable answer ({cut(answer.error)})"
    location = answer.headers.get("location")
    where = f" to {cut(location)} (redirects are not followed)" if location and 300 <= answer.status < 400 else ""
    return f"answered status {answer.status}{where}{said(answer)}"


def outputs(answer: HttpAnswer) -> dict[str, Any]:
    """``status``, and ``json`` if the body is JSON and short enough to be kept, else ``text``, its beginning."""
    found: dict[str, Any] = {"status": answer.status}
    if len(answer.body) <= JSON_LIMIT:
        try:
            return {**found, "json": read_json(answer)}
        except NotJson:
            pass
    return {**found, "text": said(answer).removeprefix(": ")}


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")
