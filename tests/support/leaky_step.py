"""``leave-context``: a step of the tests that binds its tenant to the log context, says a line, and leaves it bound."""

from __future__ import annotations

from pathlib import Path

import structlog

from steps import Done, Outcome, Step, StepContext, StepParameters

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
    found = folder / "leaky_step-0.dist-info"
    found.mkdir(parents=True)
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky-step\nVersion: 0\n")
    (found / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder
