"""What a step or a middleware has answered, as it may be recorded: one of the contract's, of its types, masked.

From here on it is stored, logged, and told to middlewares and traces.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from orchestrator.domain.errors import quoted_value
from orchestrator.domain.stored_json import DamagedJson, read_stored
from orchestrator.secrets.masking import mask, mask_value
from steps import Done, Failed, Outcome, PollAgain
from steps.told import type_name, words_of

KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,99}")
"""A failure's type: people filter by it, and metrics and events are told apart by it."""

_EXPECTED: Final = "expected a CamelCase word of at most 100 letters and digits"


def recordable(outcome: Outcome, who: str, fallback: str) -> Outcome:
    """The outcome without the secrets that its giver was given; ``Failed`` with the type ``fallback``, which says what
    ``who`` answered, in the place of one that is none."""
    match outcome:
        case Done(outputs) if not outputs:
            return outcome
        case Done(outputs) | PollAgain(state=outputs) if wrong := _not_kept(outputs):
            return Failed(fallback, mask(f"{who} answered values that {wrong}"))
        case Done(outputs):
            return Done(mask_value(outputs))
        case PollAgain(after_seconds, note, state):
            if wrong := _wrong_poll(after_seconds, note):
                return Failed(fallback, mask(f"{who} answered PollAgain with {wrong}"))
            return PollAgain(after_seconds, mask(note), mask_value(state))
        case Failed():
            return recordable_failure(outcome, who, fallback)
        case _:
            return Failed(fallback, f"{who} answered a {type_name(outcome)}, not Done, PollAgain or Failed")


def recordable_failure(failed: Failed, who: str, fallback: str) -> Failed:
    """A failure that may be recorded: its type a CamelCase word that holds no secret, its message masked text."""
    kind, message, state = failed.kind, failed.message, failed.state
    # What cannot be kept is left out: the reason counts.
    kept = mask_value(state) if isinstance(state, Mapping) and not _not_kept(state) else None
    said = message if isinstance(message, str) else f"({_given(message)} for a message, expected text)"
    if isinstance(kind, str) and KIND.fullmatch(kind) and mask(kind) == kind:
        return Failed(kind, mask(said), kept)
    return Failed(fallback, mask(f"{who} answered Failed of the type {_given(kind)}, {_EXPECTED}: {said}"), kept)


def _given(value: object) -> str:
    return quoted_value(value) if isinstance(value, str) else f"a {type_name(value)}"


def _wrong_poll(after_seconds: object, note: object) -> str:
    if isinstance(after_seconds, bool) or not isinstance(after_seconds, int | float):
        return f"{_given(after_seconds)} for after_seconds, expected a number"
    if math.isnan(after_seconds):
        return "nan for after_seconds, expected a number"
    return "" if isinstance(note, str) else f"{_given(note)} for a note, expected text"


def _not_kept(values: Any) -> str:
    """Why nobody could read them again where they are to be recorded; "" if all can."""
    try:
        # As a checkpoint has them, by stage and step.
        kept = {"outputs": {"stage": {"0": values if isinstance(values, dict) else dict(values)}}}
        read_stored(json.dumps(kept, allow_nan=False, ensure_ascii=False))
    except DamagedJson as error:
        return f"cannot be kept: {error}"
    except (TypeError, ValueError, RecursionError):
        return "JSON cannot hold"
    return ""


def failure_of(error: BaseException, who: str, kind: str) -> Failed:
    """The failure that an error of user's code is."""
    return Failed(kind, mask(f"{who}{words_of(error)}"))
