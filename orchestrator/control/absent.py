"""The error for what is not there: it names the namespace, since the wrong one is the usual reason."""

from __future__ import annotations

from orchestrator.domain.errors import NotFound, quoted_value
from orchestrator.ledger.reader import Reader


def absent(reader: Reader, kind: str, identifier: str, hint: str = "") -> NotFound:
    """Of the plan, task or tenant of this id; ``hint`` follows."""
    what = f"{kind} {quoted_value(identifier)}"
    return NotFound(f"no {what} in namespace {reader.namespace!r}" + (f"; {hint}" if hint else ""))
