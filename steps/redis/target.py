"""The target as it really is: one Redis, written under the fence by one script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from importlib.resources import files

import redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
    TryAgainError,
)

from steps.contract import FenceToken, TargetRefused, TargetUnavailable, WriteAnswer, WrongType
from steps.redis.fence_key import fence_key
from steps.redis.reserved import channel_is_reserved, key_is_reserved
from steps.wording import cut, quote

_AWAY = (ConnectionError, TimeoutError)
_CANNOT_NOW = (ReadOnlyError, OutOfMemoryError, ClusterDownError, MasterDownError, TryAgainError)
_FOR_NOW = re.compile(r"\b(READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|NOREPLICAS|OOM)\b")
"""Errors of a server that is up but cannot serve now: fail-over, start, full. They pass, or a person mends them. The
client takes the word away where it has a class for it."""


class FencedWriteCode(IntEnum):
    """What ``fenced_write.lua`` answers."""

    WRITTEN = 1
    NEWER_EPOCH = 2
    NOT_HOLDER = 3
    WRONG_TYPE = 4


class RedisTarget:
    """A ``Target`` on one Redis server.

    ``client``: any configured client, owned and closed by the caller. ``address``: how messages name the server; user,
    password and query are taken out here. ``own_ledger``: True only when the client is on the ledger's server *and*
    database; then a write is also refused once the ledger's record of the tenant's holder has changed.
    """

    def __init__(self, client: redis.Redis, address: str, own_ledger: bool) -> None:
        self.address = re.sub(r"//.*@", "//", address.partition("?")[0])
        self._client = client
        self._own_ledger = own_ledger
        self._fenced_write = client.register_script(files("steps.redis").joinpath("fenced_write.lua").read_text())

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        """Write under the fence; false when a newer holder has written the key, or holds the tenant now.

        Raises ``TargetUnavailable``, ``WrongType`` or ``TargetRefused``.
        """
        _require_free(key_is_reserved(key), "key", key)
        keys = [key, fence_key(key)]
        if self._own_ledger:
            keys.append(token.holder_key)
        verb = "SET" if field is None else "HSET"
        life = "" if ttl_seconds is None else str(ttl_seconds)
        arguments = [token.incarnation, str(token.epoch), verb, field or "", value, life]
        with self._translated(f"keys {', '.join(map(quote, keys))}"):
            arguments += [token.holder_field, token.holder_value, token.tenant_id]
            try:
                answer = self._fenced_write(keys, arguments)
            except NoScriptError:
                # Flushed between the client's load and its second try: sent whole, nothing can come between.
                answer = self._client.eval(str(self._fenced_write.script), len(keys), *keys, *arguments)
        code = FencedWriteCode(answer[0])
        if code is FencedWriteCode.WRONG_TYPE:
            needed = "a plain string" if field is None else "a hash"
            raise WrongType(f"key {quote(key)} on {self.address} holds another type of value than {needed}")
        if code is FencedWriteCode.WRITTEN:
            return WriteAnswer(True)
        if code is FencedWriteCode.NOT_HOLDER:
            return WriteAnswer(False, f"epoch {token.epoch} no longer holds tenant {quote(token.tenant_id)}")
        return WriteAnswer(False, _newer(token, *map(_text, answer[1:])))

    def publish(self, channel: str, message: str) -> int:
        """Publish and return how many subscribers received it. Raises ``TargetUnavailable`` or ``TargetRefused``."""
        _require_free(channel_is_reserved(channel), "channel", channel)
        with self._translated(f"channel {quote(channel)}"):
            return int(self._client.publish(channel, message))

    @contextmanager
    def _translated(self, used: str) -> Iterator[None]:
        try:
            yield
        except (AuthenticationError, AuthorizationError) as error:
            raise TargetRefused(f"Redis at {self.address} refused to let us in: {cut(str(error))}") from error
        except _AWAY as error:
            raise TargetUnavailable(f"Redis at {self.address} did not answer: {cut(str(error))}") from error
        except RedisError as error:
            if isinstance(error, _CANNOT_NOW) or _FOR_NOW.search(str(error)):
                raise TargetUnavailable(f"Redis at {self.address} cannot serve now: {cut(str(error))}") from error
            if isinstance(error, NoPermissionError):
                # Redis 6 does not say which.
                said = f"refused ({cut(str(error))}): its user needs {used}; see docs/security.md"
                raise TargetRefused(f"Redis at {self.address} {said}") from error
            raise TargetRefused(f"Redis at {self.address} refused: {cut(str(error))}") from error


def _newer(token: FenceToken, epoch: str, tenant_id: str) -> str:
    """Who has written the key: a newer holder of the same tenant, or another tenant, which is no holder of ours."""
    if tenant_id and token.tenant_id and tenant_id != token.tenant_id:
        return f"tenant {quote(tenant_id)} (epoch {epoch}) has written this key since; it is not this tenant's alone"
    whose = f"of tenant {quote(token.tenant_id)} " if tenant_id else ""
    return f"a newer holder {whose}(epoch {epoch}; this is epoch {token.epoch}) has written this key"


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _require_free(reason: str | None, what: str, name: str) -> None:
    """Parameters are checked where they are read; this is for steps of a user's own, whose names nobody checked."""
    if reason is not None:
        raise TargetRefused(f"{what} {quote(name)}: {reason}")
