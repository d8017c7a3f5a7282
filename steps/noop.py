"""``noop``: does nothing and succeeds; for benchmarks and dry runs."""

from __future__ import annotations

from steps.contract import Done, Outcome, Step, StepContext, StepParameters


class NoopParameters(StepParameters):
    """None."""


class Noop(Step[NoopParameters]):
    """Nothing in, nothing out."""

    name = "noop"
    Parameters = NoopParameters

    def run(self, parameters: NoopParameters, context: StepContext) -> Outcome:
        """Succeed at once."""
        return Done()
