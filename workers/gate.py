"""What a worker takes from its lanes: messages of our dispatcher, and nothing else.

Celery trusts what stands in a queue: what is no JSON, lacks a header or holds a list where a text belongs ends the
whole worker, or keeps a place of the prefetch for ever and outlives every restart. Whoever reaches the broker's Redis
can put such a thing there, and so can a bug. So every item is checked before Celery sees it, and Celery is not handed
the item, but a message made anew of the parts that we know: what nobody here has typed, Celery does not read. What is
refused was already taken from the list, is logged and is gone. Messages are hints: a task whose message is lost is
published again by its lease.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC
from typing import Annotated, Any, Final, Literal, NotRequired, get_args

from celery.utils.time import maybe_iso8601, maybe_make_aware
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from typing_extensions import TypedDict

from orchestrator.broker.messages import ASK_GATE, CANARY_HEADER, LOOK, MOST_TURNS, ROUND, RUN_STAGE
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


_Text = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
_Shown = Annotated[str, Field(max_length=4096)]
"""Of a row in Flower, which escapes it."""
_Number = Annotated[int, Field(ge=0, lt=2**53)]
_Task = Literal["changeover.run_stage", "changeover.look", "changeover.ask_gate"]
assert get_args(_Task) == (RUN_STAGE, LOOK, ASK_GATE)
_Stage = Literal["changeover.run_stage"]

_OWN_NAMES: Final = frozenset({"self", "task_id", "epoch", "stage", "turn", "number", "plan_id", "wave"})
"""Of the tasks' parameters, which a message gives by place."""
_KOMBU_MARK: Final = b'"__type__":'
"""What kombu's reader makes other things of than JSON."""


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TURN: Final = "expected a turn: a task's id and three numbers"
_look: Final[TypeAdapter[Any]] = TypeAdapter(tuple[_Text, _Number])
_question: Final[TypeAdapter[Any]] = TypeAdapter(tuple[_Text, _Number, _Number])
_round: Final[TypeAdapter[Any]] = TypeAdapter(
    Annotated[list[Annotated[list[Any], Field(min_length=4, max_length=100)]], Field(max_length=MOST_TURNS)]
)


def _names_a_turn(arguments: list[Any]) -> list[Any]:
    # By hand: it is most of what a long chain costs here.
    task_id, *numbers = arguments[:4]
    if type(task_id) is not str or not 0 < len(task_id) <= 1024 or _CONTROL.search(task_id):
        raise ValueError(_TURN)
    if any(type(number) is not int or not 0 <= number < 2**53 for number in numbers):
        raise ValueError(_TURN)
    return arguments


def _names_a_look(arguments: list[Any]) -> list[Any]:
    _look.validate_python(tuple(arguments[:2]), strict=True)
    return arguments


def _names_a_question(arguments: list[Any]) -> list[Any]:
    _question.validate_python(tuple(arguments[:3]), strict=True)
    return arguments


def _names_turns(named: dict[str, Any]) -> dict[str, Any]:
    if _OWN_NAMES & named.keys():
        raise ValueError("expected the turn by place, not by name")
    for turn in _round.validate_python(named.get(ROUND, []), strict=True):
        _names_a_turn(turn)
    return named


# Whatever a newer release has added behind the turn, or by name, is its own matter.
_Turn = Annotated[list[Any], Field(min_length=4, max_length=100), AfterValidator(_names_a_turn)]
_Names = Annotated[dict[str, Any], Field(max_length=100), AfterValidator(_names_turns)]


class _Destination(TypedDict):
    exchange: _Shown
    routing_key: _Text


class _Properties(TypedDict):
    delivery_tag: _Text
    delivery_info: _Destination
    body_encoding: Literal["base64"]


class _OwnHeaders(TypedDict):
    """Of a message, and of each link of its chain. What is not here and in ``_Headers`` is dropped: a release that
    needs another header raises the format."""

    lane: NotRequired[_Number]
    format: NotRequired[Annotated[int, Field(ge=1, le=formats.MESSAGE)]]
    traceparent: NotRequired[_Text]


class _Headers(_OwnHeaders):
    task: _Task
    id: _Text
    eta: NotRequired[Annotated[_Text, AfterValidator(_is_moment)] | None]
    expires: NotRequired[None]
    retries: NotRequired[_Number | None]
    timelimit: NotRequired[Annotated[list[None], Field(min_length=2, max_length=2)] | None]
    compression: NotRequired[None]
    root_id: NotRequired[_Text | None]
    parent_id: NotRequired[_Text | None]
    argsrepr: NotRequired[_Shown | None]
    kwargsrepr: NotRequired[_Shown | None]
    origin: NotRequired[_Text | None]
    canary: NotRequired[_Text]


assert CANARY_HEADER in _Headers.__annotations__

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


class _Options(TypedDict):
    headers: NotRequired[_OwnHeaders]
    argsrepr: NotRequired[_Shown]


class _Link(TypedDict):
    task: _Stage
    args: _Turn
    kwargs: NotRequired[_Names]
    options: NotRequired[_Options]


class _Embedded(TypedDict):
    chain: list[_Link] | None
    callbacks: NotRequired[None]
    errbacks: NotRequired[None]
    chord: NotRequired[None]


_Look = Annotated[list[Any], Field(min_length=2, max_length=100), AfterValidator(_names_a_look)]
_Question = Annotated[list[Any], Field(min_length=3, max_length=100), AfterValidator(_names_a_question)]

_envelope: Final = TypeAdapter(_Envelope)
_bodies: Final[dict[str, TypeAdapter[Any]]] = {
    RUN_STAGE: TypeAdapter(tuple[_Turn, _Names, _Embedded]),
    LOOK: TypeAdapter(tuple[_Look, _Names, _Embedded]),
    ASK_GATE: TypeAdapter(tuple[_Question, _Names, _Embedded]),
}


_LINK: Final[dict[str, Any]] = {"kwargs": {}, "options": {}, "subtask_type": None, "immutable": True}
"""What a link is whatever it says."""


class NotOurs(Exception):
    """What was read from a lane is no message of ours; its text says why in a few words and quotes nothing of it."""


def made_anew(item: Any) -> dict[str, Any]:
    """The message that an item of a lane is, with nothing in it that is not typed here. Raises ``NotOurs``."""
    try:
        message: Any = _envelope.validate_python(item, strict=True)
        body = base64.b64decode(message["body"], validate=True)
        # Strict in the manner of JSON: its arrays are tuples.
        arguments, named, embedded = _bodies[message["headers"]["task"]].validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotOurs(f"{place}: {first['msg']}" if place else str(first["msg"])) from None
    except binascii.Error:
        raise NotOurs("body: expected base64") from None
    links = embedded["chain"] and [{**_LINK, **link} for link in embedded["chain"]]
    # Numbers that JSON does not have become null.
    text = to_json([arguments, named, {"callbacks": None, "errbacks": None, "chain": links, "chord": None}])
    if _KOMBU_MARK in text:
        raise NotOurs("body: expected JSON, not kombu's types")
    message["body"] = base64.b64encode(text).decode()
    message["headers"] |= {"lang": "py", "ignore_result": True}
    message["properties"] |= {"correlation_id": message["headers"]["id"], "delivery_mode": 2, "priority": 0}
    return message  # type: ignore[no-any-return]
