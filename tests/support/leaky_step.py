"""``leave-context``: a step of the tests that binds its tenant to the log context, says a line, and leaves it bound."""

from __future__ import annotations

from pathlib import Path

import structlog

from steps import Done, Outcome, Step, StepContext, StepParameters
from tests.support.installed_package import install_package

ENTRY_POINTS = "[changeover.steps]\nleave-context = tests.support.leaky_step:LeaveContext\n"


class LeaveContext(Step[StepParameters]):
    """Asks nothing, does nothing else."""

    name = "leave-context"
    Parameters = StepParameters
    writes = True

    def run(self, parameters: StepParameters, context: StepContext) -> Outcome:
        structlog.contextvars.bind_contextvars(leaked=context.tenant_id)
        structlog.get_logger(__name__).info("said by the step")
        return Done()


def install(folder: Path) -> Path:
    """Makes the step known to every process whose module path holds the answer and this repository."""
    return install_package(folder, "leaky-step", ENTRY_POINTS)
