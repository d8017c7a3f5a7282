"""What a worker takes from remote control's channel: a command that looks, in the form that Celery's own callers send.

Whoever can publish on the broker's server can send anything there, and Celery trusts it: an array ends every worker, a
pattern is matched in the worker for as long as it takes, and an unknown command is logged with a traceback, each time.
So each message is checked before Celery sees it, made anew of what is known here, or dropped. ``destination`` names
workers; ``pattern`` and ``matcher`` are not taken. A dropped message is logged once a reason.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Annotated, Any, Final, Literal, NotRequired
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from typing_extensions import TypedDict

from workers.gate import NotOurs
from workers.remote_control import ALLOWED

BODY_LIMIT: Final = 64 * 1024
"""Characters; a request of Flower's has a few hundred."""

_Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class _ReplyTo(TypedDict):
    exchange: Annotated[str, Field(pattern=r"^reply\.celery\.pidbox$")]
    routing_key: _Name


class _RemoteCommand(TypedDict):
    method: _Name
    arguments: NotRequired[dict[str, Any] | None]
    destination: NotRequired[Annotated[list[_Name], Field(max_length=1000)] | None]
    pattern: NotRequired[None]
    matcher: NotRequired[None]
    ticket: NotRequired[_Name | None]
    reply_to: NotRequired[_ReplyTo | None]


class _CommandProperties(TypedDict):
    body_encoding: NotRequired[Literal["base64"]]


_Envelope = TypedDict(
    "_Envelope",
    {
        "body": Annotated[str, Field(max_length=BODY_LIMIT)],
        "content-type": Literal["application/json"],
        "properties": _CommandProperties,
    },
)

_envelope: Final = TypeAdapter(_Envelope)
_command: Final = TypeAdapter(_RemoteCommand)


class _Known(TypedDict):
    """The arguments of the commands that look; what is not here is left out."""

    with_defaults: NotRequired[bool]
    taskinfoitems: NotRequired[Annotated[list[_Name], Field(max_length=100)]]
    safe: NotRequired[bool | None]


_known: Final = TypeAdapter(_Known)


def is_command_queue(queue: str) -> bool:
    """Whether a worker hears commands there; what replies to them has such a name too."""
    return queue.endswith(".celery.pidbox") and not queue.endswith(".reply.celery.pidbox")


def command_made_anew(item: Any, commands: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The message that an item of the channel is, of one of these commands. Raises ``NotOurs``."""
    try:
        envelope = _envelope.validate_python(item)
        text = envelope["body"].encode()
        if "body_encoding" in envelope["properties"]:
            text = base64.b64decode(text, validate=True)
        command = _command.validate_json(text, strict=True)
        handler = commands.get(command["method"])
        if handler is None:
            raise NotOurs("method: expected a command that workers obey")
        given = command.get("arguments") or {}
        told = {**command, "arguments": _arguments(command["method"], handler, given)}
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join("*" if isinstance(part, int) else str(part) for part in first["loc"])
        raise NotOurs(f"{place}: {first['msg']}" if place else str(first["msg"])) from None
    except (binascii.Error, UnicodeEncodeError):
        raise NotOurs("body: expected base64") from None
    return {
        "body": base64.b64encode(to_json(told)).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": {
            "delivery_tag": uuid4().hex,
            "delivery_info": {"exchange": "celery.pidbox", "routing_key": ""},
            "body_encoding": "base64",
        },
    }


def _arguments(method: str, handler: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Those that the command takes: it is called with them by name, behind the worker's own state."""
    if method in ALLOWED:
        taken = signature(handler).parameters
        return {name: value for name, value in _known.validate_python(given, strict=True).items() if name in taken}
    try:
        signature(handler).bind(None, **given)
    except TypeError:
        raise NotOurs("arguments: expected those of the command") from None
    return given
