"""Types of parameters of the steps that work on a Redis: key, channel, connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from steps.contract import Needs
from steps.redis.reserved import channel_is_reserved, key_is_reserved


def _free_key(key: str) -> str:
    if (reason := key_is_reserved(key)) is not None:
        raise ValueError(reason)
    return key


def _free_channel(channel: str) -> str:
    if (reason := channel_is_reserved(channel)) is not None:
        raise ValueError(reason)
    return channel


Key = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_free_key)]
HashField = Annotated[str, Field(min_length=1, max_length=1024)]
Channel = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_free_channel)]
ConnectionName = Annotated[str, Field(min_length=1, max_length=200)]


def redis_needs(
    connection: str | None, *, keys: Mapping[str, str] | None = None, channels: Mapping[str, str] | None = None
) -> Needs:
    """The needs of a step that writes these keys or publishes on these channels, by parameter, over a connection."""
    connections = {} if connection is None else {"connection": connection}
    return Needs(connections=connections, keys=keys or {}, channels=channels or {})
