"""The error for what is not there: it names the namespace, since the wrong one is the usual reason."""

from __future__ import annotations

from orchestrator.domain.errors import NotFound
from orchestrator.ledger.reader import Reader


def absent(reader: Reader, what: str, hint: str = "") -> NotFound:
    """``what`` as in ``plan 'p'``; ``hint`` follows."""
    return NotFound(f"no {what} in namespace {reader.namespace!r}" + (f"; {hint}" if hint else ""))
