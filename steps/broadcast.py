"""``broadcast``: tell the tenant's instances over Redis pub/sub that there is something new to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from steps.contract import Done, Failed, Outcome, Step, StepContext, StepParameters, TargetRefused, TargetUnavailable
from steps.encoding import checked, encode_value
from steps.target_outage import ride_out


class BroadcastParameters(StepParameters):
    """``channel`` and ``message``: a string is sent as it is, any other JSON value as compact JSON, keys sorted."""

    channel: Annotated[str, Field(min_length=1, max_length=1024)]
    message: Annotated[JsonValue, AfterValidator(checked)]


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
            receivers = context.target.publish(parameters.channel, encode_value(parameters.message))
        except TargetUnavailable as error:
            return ride_out(error, context)
        except TargetRefused as error:
            return Failed(error.kind, str(error))
        return Done({"receivers": receivers})
