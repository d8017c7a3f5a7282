"""``freeze``: a step of the tests that holds the interpreter's lock in C, as a step of a user's might by mistake."""

from __future__ import annotations

from pathlib import Path

from steps import Done, Outcome, Step, StepContext, StepParameters
from tests.support.installed_package import install_package


class Freeze(Step[StepParameters]):
    """Calculates a power that takes hours; no other thread of the process runs meanwhile."""

    name = "freeze"
    Parameters = StepParameters

    def run(self, parameters: StepParameters, context: StepContext) -> Outcome:
        return Done({"bits": (3**10**10).bit_length()})


def install(folder: Path) -> Path:
    """Makes the step known to every process whose module path holds the answer and this repository."""
    return install_package(folder, "freezing-step", "[changeover.steps]\nfreeze = tests.support.freezing_step:Freeze\n")
