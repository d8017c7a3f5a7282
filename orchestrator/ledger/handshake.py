"""The first words with what answers as a Redis: what it says that no Redis does is one error, and no fault of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any, Final

import redis
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, RedisError, ResponseError
from redis.utils import check_protocol_version

_NOT_ITS_WORDS: Final = "its greeting is none of a Redis"
_ARGUMENTS: Final = re.compile(r",? with args beginning with.*", re.DOTALL)
"""An old Redis repeats what it was sent, which holds the password."""


class StrangeAnswer(RedisConnectionError):
    """Something answers, and not as a Redis that knows our client. It may be in the place of the right one for a while,
    as a proxy is, so it counts as away."""


class _Greeting:
    """Of a connection: its errors of the handshake; and of one that was idle, any answer tells that it stands: a Redis
    that cannot save to its disk refuses even a PING, and answers what reads."""

    password: str | None
    protocol: Any
    handshake_metadata: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"driver_info": _driver(), **options})

    def on_connect_check_health(self, check_health: bool = True) -> None:
        try:
            with strange_answers():
                super().on_connect_check_health(check_health)  # type: ignore[misc]
            # The client itself looks at it only when there is no password.
            if check_protocol_version(self.protocol, 3) and not isinstance(self.handshake_metadata, Mapping):
                raise StrangeAnswer(_NOT_ITS_WORDS)
        except ResponseError as error:
            # What is a kind of its own (no permission, loading) is told as that one.
            if type(error) is not ResponseError:
                raise
            raise StrangeAnswer(self._without_password(error)) from None
        except RedisError:
            raise
        except (AttributeError, LookupError, TypeError, ValueError):
            # The client takes apart what it does not doubt.
            raise StrangeAnswer(_NOT_ITS_WORDS) from None

    def _without_password(self, error: ResponseError) -> str:
        said = _ARGUMENTS.sub("", str(error))
        return said.replace(self.password, "***") if self.password else said

    def _send_ping(self) -> None:
        with suppress(ResponseError), strange_answers():
            super()._send_ping()  # type: ignore[misc]


@contextmanager
def strange_answers() -> Iterator[None]:
    """Turns what is none of Redis' protocol into ``StrangeAnswer``."""
    try:
        yield
    except InvalidResponse as error:
        raise StrangeAnswer(str(error)) from None


@cache
def _driver() -> DriverInfo:
    """What the client tells a server of itself. Left to itself it reads its package's metadata for each connection,
    which costs more than connecting."""
    return DriverInfo()


@lru_cache
def greeting(kind: type[Any]) -> type[Any]:
    """A kind of connection that doubts what greets it."""
    return type(kind.__name__, (_Greeting, kind), {})


def greet(client: redis.Redis) -> None:
    """Has the client's connections doubt what greets them."""
    client.connection_pool.connection_class = greeting(client.connection_pool.connection_class)
