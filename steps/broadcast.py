"""``broadcast``: tell the tenant's instances over Redis pub/sub that there is something new to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, JsonValue

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
from steps.redis.parameters import Channel, ConnectionName, redis_needs


class BroadcastParameters(StepParameters):
    """``channel`` and ``message``: a string is sent as it is, any other JSON value as compact JSON, keys sorted.

    ``connection``: a Redis of the settings; without it Changeover's own.
    """

    channel: Channel
    message: Annotated[JsonValue, AfterValidator(checked)]
    connection: ConnectionName | None = None

    def needs(self) -> Needs:
        return redis_needs(self.connection, channels={"channel": self.channel})


class Broadcast(Step[BroadcastParameters]):
    """PUBLISH. Outputs: ``receivers``, how many subscribers got it; none is not a failure, the health check will tell.

    Subscribers must bear a message twice: the step may be repeated. It is not fenced, and so should carry no config,
    only the word that there is one. An unreachable target is ridden out for about a minute, then ``TargetUnavailable``.
    """

    name = "broadcast"
    Parameters = BroadcastParameters

    def run(self, parameters: BroadcastParameters, context: StepContext) -> Outcome:
        """Publish once."""
        try:
            receivers = context.target_for(parameters.connection).publish(
                parameters.channel, encode_value(parameters.message)
            )
        except TargetUnavailable as error:
            return ride_out(error, context)
        except TargetRefused as error:
            return Failed(error.kind, str(error))
        return Done({"receivers": receivers})
