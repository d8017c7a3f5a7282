"""What of an old list of configs an error may quote: a mapping, or what stands in one, may hold secrets."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.wording import shown


def quotable_of(value: Any) -> Any:
    """Names and numbers as they are, all else by its kind."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    return shown(value)


def told_in_words(value: Any) -> str:
    """The same within a sentence."""
    text = str(quotable_of(value))
    return text if len(text) <= 60 else text[:60] + "…"


def kind(value: Any) -> Any:
    """Of what is no config: of a text its length alone."""
    if value is None:
        return "null"
    return f"a text of {len(value)}" if isinstance(value, str) else shown(value)
