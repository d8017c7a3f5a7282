"""A plan that is submitted where no coordinator is alive: it is written, and stands still."""

from __future__ import annotations

from orchestrator.control.elsewhere import Elsewhere
from orchestrator.domain.errors import Problem
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.domain.typed import typed
from orchestrator.ledger.reader import Reader


def unserved(reader: Reader, state: str) -> list[Problem]:
    """The warning, with the command that helps; none where a coordinator is alive, or for a plan that has ended."""
    if state in PLAN_ENDED or any(one.role == "coordinator" for one in reader.alive()):
        return []
    message = f"none is alive in namespace {reader.namespace!r}, so nothing moves yet; start one: "
    message += f"`{typed('coordinator')}`"
    if found := Elsewhere(reader).find("coordinator"):
        message += f" (one is alive in namespace {found[0]!r})"
    return [Problem("coordinator", None, message)]
