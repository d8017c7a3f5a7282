"""``leave``: a step of the tests that raises what is no ``Exception``, or nothing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

from steps import Done, Outcome, Step, StepContext, StepParameters
from tests.support.hostile_errors import HOSTILE
from tests.support.installed_package import install_package

RAISED: Final[dict[str, type[BaseException]]] = {
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GreenletExit": import_module("greenlet").GreenletExit,
}


class LeaveParameters(StepParameters):
    """What it raises."""

    what: str


class Leave(Step[LeaveParameters]):
    """Raises it by its name, or an error whose parts are code; done for any other."""

    name = "leave"
    Parameters = LeaveParameters

    def run(self, parameters: LeaveParameters, context: StepContext) -> Outcome:
        if parameters.what in RAISED:
            raise RAISED[parameters.what]("bye")
        if parameters.what in HOSTILE:
            raise HOSTILE[parameters.what]()
        return Done()


def install(folder: Path) -> Path:
    """Makes the step known to every process whose module path holds the answer and this repository."""
    return install_package(folder, "leaving-step", "[changeover.steps]\nleave = tests.support.leaving_step:Leave\n")
