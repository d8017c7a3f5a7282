"""What a worker takes from its lanes: messages of our dispatcher, and nothing else.

Celery trusts what stands in a queue: what is no JSON, lacks a header or holds a list where a number belongs ends the
whole worker, or stays unacknowledged and comes back each hour. Whoever reaches the broker's Redis can put such a thing
there, and so can a bug. So every item is checked before Celery sees it; what is refused was already taken from the
list, is logged and is gone. Messages are hints: a task whose message is lost is published again by its lease.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC
from typing import Annotated, Any, Final, Literal, NotRequired, get_args

from celery.utils.time import maybe_iso8601, maybe_make_aware
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from orchestrator.broker.messages import MOST_TURNS, ROUND, RUN_STAGE
from orchestrator.domain import formats

ITEM_LIMIT_BYTES: Final = 1024 * 1024
"""The longest message of ours, 100 stages of the longest ids, has a tenth of this."""


def _is_moment(value: str) -> str:
    """As Celery will read it: what it cannot put into its own time stays unacknowledged and comes back each hour."""
    try:
        maybe_make_aware(maybe_iso8601(value)).astimezone(UTC).timestamp()
    except (ArithmeticError, OSError, TypeError, ValueError):
        raise ValueError("expected a moment that can be waited for") from None
    return value


_Text = Annotated[str, Field(min_length=1, max_length=1024)]
_Number = Annotated[int, Field(ge=0, lt=2**53)]
_Task = Literal["changeover.run_stage"]
assert get_args(_Task) == (RUN_STAGE,)


_named: Final[TypeAdapter[Any]] = TypeAdapter(tuple[_Text, _Number, _Number, _Number])
_round: Final[TypeAdapter[Any]] = TypeAdapter(
    Annotated[list[Annotated[list[Any], Field(min_length=4, max_length=100)]], Field(max_length=MOST_TURNS)]
)


def _names_a_turn(arguments: list[Any]) -> list[Any]:
    _named.validate_python(tuple(arguments[:4]), strict=True)
    return arguments


def _names_turns(named: dict[str, Any]) -> dict[str, Any]:
    for turn in _round.validate_python(named.get(ROUND, []), strict=True):
        _names_a_turn(turn)
    return named


class _Destination(TypedDict):
    exchange: str
    routing_key: str


class _Properties(TypedDict):
    delivery_tag: _Text
    delivery_info: _Destination
    body_encoding: Literal["base64"]


class _Headers(TypedDict):
    task: _Task
    id: _Text
    eta: NotRequired[Annotated[_Text, AfterValidator(_is_moment)] | None]
    expires: NotRequired[None]
    retries: NotRequired[_Number | None]
    timelimit: NotRequired[Annotated[list[None], Field(min_length=2, max_length=2)] | None]
    compression: NotRequired[None]
    format: NotRequired[Annotated[int, Field(ge=1, le=formats.MESSAGE)]]


_Envelope = TypedDict(
    "_Envelope",
    {
        "body": str,
        "content-type": Literal["application/json"],
        "content-encoding": Literal["utf-8"],
        "headers": _Headers,
        "properties": _Properties,
    },
)


class _Link(TypedDict):
    task: _Task
    args: list[Any]


class _Embedded(TypedDict):
    chain: list[_Link] | None
    callbacks: NotRequired[None]
    errbacks: NotRequired[None]
    chord: NotRequired[None]


# Whatever a newer release has added behind the turn, or by name, is its own matter.
_Turn = Annotated[list[Any], Field(min_length=4, max_length=100), AfterValidator(_names_a_turn)]
_Names = Annotated[dict[str, Any], Field(max_length=100), AfterValidator(_names_turns)]

_envelope: Final = TypeAdapter(_Envelope)
_body: Final[TypeAdapter[Any]] = TypeAdapter(tuple[_Turn, _Names, _Embedded])


def why_refused(item: Any) -> str | None:
    """Why what was read from a lane is no message of ours, in a few words; None when it is one."""
    try:
        body = _envelope.validate_python(item, strict=True)["body"]
        # Strict in the manner of JSON: its arrays are tuples.
        _body.validate_json(base64.b64decode(body, validate=True), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    except binascii.Error:
        return "body: expected base64"
    return None
