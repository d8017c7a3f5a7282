"""What a step or a middleware has answered, as it may be recorded: one of the contract's, of its types, masked.

From here on it is stored, logged, and told to middlewares and traces.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from checkpoint import SIZE_LIMIT, CheckpointTooLarge
from orchestrator.domain.errors import quoted_value
from orchestrator.domain.stored_json import DamagedJson, TooLong, as_stored
from orchestrator.secrets.masking import mask, mask_value
from steps import Done, Failed, Outcome, PollAgain
from steps.told import MOST_SAID, exact_text, type_name, words_of

KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,99}")
"""A failure's type: people filter by it, and metrics and events are told apart by it."""

CURSOR_LIMIT: Final = 256 * 1024
"""Largest cursor in bytes of its JSON: what steps keep from one poll to the next."""

_EXPECTED: Final = "expected a CamelCase word of at most 100 letters and digits"


def recordable(outcome: Outcome, who: str, fallback: str, most: int = SIZE_LIMIT) -> Outcome:
    """The outcome without the secrets that its giver was given; ``Failed`` with the type ``fallback``, which says what
    ``who`` answered, in the place of one that is none. ``most``: bytes that a checkpoint may have."""
    match outcome:
        case Done(outputs) if not outputs:
            return outcome
        case Done(outputs):
            return _done(outputs, who, fallback, most)
        case PollAgain(after_seconds, note, state):
            if wrong := _wrong_poll(after_seconds, note):
                return Failed(fallback, mask(f"{who} answered PollAgain with {wrong}"))
            return _poll(after_seconds, exact_text(note, MOST_SAID), state, who, fallback)
        case Failed():
            return recordable_failure(outcome, who, fallback)
        case _:
            return Failed(fallback, f"{who} answered a {type_name(outcome)}, not Done, PollAgain or Failed")


def _done(outputs: Mapping[str, Any], who: str, fallback: str, most: int) -> Outcome:
    try:
        return Done(mask_value(_kept(outputs, most)))
    except TooLong:
        limit = f"{most} are allowed (checkpoint.size_limit_bytes); let steps return less, or raise the limit"
        return Failed(CheckpointTooLarge.__name__, f"{who} answered values of more bytes than that: {limit}")
    except DamagedJson as error:
        return _not_kept(error, who, fallback)


def _poll(after_seconds: float, note: str, state: Mapping[str, Any], who: str, fallback: str) -> Outcome:
    try:
        return PollAgain(after_seconds, mask(note), mask_value(_kept(state, CURSOR_LIMIT)))
    except TooLong:
        return state_too_large(who)
    except DamagedJson as error:
        return _not_kept(error, who, fallback)


def state_too_large(who: str) -> Failed:
    """What becomes of a poll of which more is kept than the cursor may hold."""
    return Failed("StateTooLarge", f"{who} keeps more than {CURSOR_LIMIT} bytes between polls")


def _not_kept(error: DamagedJson, who: str, fallback: str) -> Failed:
    return Failed(fallback, mask(f"{who} answered values that cannot be kept: {error}"))


def recordable_failure(failed: Failed, who: str, fallback: str) -> Failed:
    """A failure that may be recorded: its type a CamelCase word that holds no secret, its message masked text."""
    kind, message = failed.kind, failed.message
    kept = _seen(failed.state)
    if isinstance(message, str):
        said = exact_text(message, MOST_SAID)
    else:
        said = f"({_given(message)} for a message, expected text)"
    if isinstance(kind, str) and KIND.fullmatch(kind) and mask(kind) == kind:
        return Failed(kind, mask(said), kept)
    return Failed(fallback, mask(f"{who} answered Failed of the type {_given(kind)}, {_EXPECTED}: {said}"), kept)


def _seen(state: object) -> Mapping[str, Any] | None:
    """What cannot be kept of it is left out: the reason counts."""
    try:
        found: Mapping[str, Any] | None = None
        if isinstance(state, Mapping):
            found = mask_value(_kept(state, CURSOR_LIMIT))
    except DamagedJson:
        return None
    return found


def _given(value: object) -> str:
    return quoted_value(exact_text(value, MOST_SAID)) if isinstance(value, str) else f"a {type_name(value)}"


def _wrong_poll(after_seconds: object, note: object) -> str:
    if isinstance(after_seconds, bool) or not isinstance(after_seconds, int | float):
        return f"{_given(after_seconds)} for after_seconds, expected a number"
    if math.isnan(after_seconds):
        return "nan for after_seconds, expected a number"
    return "" if isinstance(note, str) else f"{_given(note)} for a note, expected text"


def _kept(values: Any, most: int) -> Any:
    """As they are read again where they are to be recorded. Raises ``DamagedJson`` if nobody could, and ``TooLong``
    before anything of more than ``most`` characters is looked through for secrets, which takes its time."""
    try:
        by_step = {"0": values if isinstance(values, dict) else dict(values)}
    except (TypeError, ValueError):
        raise DamagedJson("JSON cannot hold it") from None
    # As a checkpoint has them, by stage and step.
    return as_stored({"outputs": {"stage": by_step}}, most)["outputs"]["stage"]["0"]


def failure_of(error: BaseException, who: str, kind: str) -> Failed:
    """The failure that an error of user's code is."""
    return Failed(kind, mask(f"{who}{words_of(error)}"))
