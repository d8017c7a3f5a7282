"""``wait``: let time pass, without holding a worker slot."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from steps.contract import Done, Outcome, Step, StepContext, StepParameters
from steps.long_wait import begin_wait, waiting


class WaitParameters(StepParameters):
    """``seconds``: at least this long, up to 30 days."""

    seconds: Annotated[float, Field(ge=0, le=30 * 86_400, allow_inf_nan=False)]


class Wait(Step[WaitParameters]):
    """Done once the time is over. Outputs: ``seconds``. A worker's death costs at most the part under way again."""

    name = "wait"
    Parameters = WaitParameters

    def run(self, parameters: WaitParameters, context: StepContext) -> Outcome:
        """The first part, the next, or the end."""
        note = f"waits {parameters.seconds:g} s"
        if (part := waiting(context.state, note)) is not None:
            return part
        if context.state or parameters.seconds == 0:
            return Done({"seconds": parameters.seconds})
        return begin_wait(parameters.seconds, note, {})
