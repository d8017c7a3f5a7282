"""``config-write``: put a tenant's config into the target Redis, fenced against older holders of the tenant."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from steps.contract import (
    Done,
    Failed,
    Needs,
    Outcome,
    Step,
    StepContext,
    StepParameters,
    TargetRefused,
    TargetUnavailable,
)
from steps.encoding import checked, encode_value
from steps.redis.outage import ride_out
from steps.redis.parameters import ConnectionName, Key, redis_needs
from steps.wording import quote


class ConfigWriteParameters(StepParameters):
    """Where to write and what.

    ``key``: the Redis key. ``field``: a field of the hash at ``key``; without it the key is a plain string.
    ``value``: any JSON value; a string is written as it is, anything else as compact JSON with sorted keys.
    ``ttl_seconds``: the life of the *whole key* from this write on, with ``field`` too (Redis has no other before
    7.4). Without it a plain key lives for ever; a hash keeps the life that it had. ``connection``: a Redis of the
    settings; without it Changeover's own.
    """

    key: Key
    field: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    value: Annotated[JsonValue, AfterValidator(checked)]
    ttl_seconds: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None
    connection: ConnectionName | None = None

    def needs(self) -> Needs:
        return redis_needs(self.connection, keys={"key": self.key})


class ConfigWrite(Step[ConfigWriteParameters]):
    """SET or HSET under the fence.

    Outputs: ``key``, ``field`` (or null) and ``bytes``, the size of what was written. Fails with ``FencedOut`` when a
    newer holder of the tenant has written the key (or, on the ledger's own Redis, holds the tenant), ``WrongType``
    when the key holds another type, ``TargetRefused`` when Redis says no. An unreachable target is ridden out for
    about a minute, then ``TargetUnavailable``.
    """

    name = "config-write"
    Parameters = ConfigWriteParameters
    writes = True

    def run(self, parameters: ConfigWriteParameters, context: StepContext) -> Outcome:
        """Write once; the same write again leaves the same value (and restarts its life, if it has one)."""
        key, field = parameters.key, parameters.field
        value = encode_value(parameters.value)
        try:
            written = context.target_for(parameters.connection).write(
                context.token, key, field, value, parameters.ttl_seconds
            )
        except TargetUnavailable as error:
            return ride_out(error, context)
        except TargetRefused as error:
            return Failed(error.kind, str(error))
        if not written:
            return Failed("FencedOut", f"the write to {quote(key)} was refused: {written.reason}")
        return Done({"key": key, "field": field, "bytes": len(value.encode())})
