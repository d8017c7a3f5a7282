"""Records that nobody can read, since a hand or a lost disk has changed them: shown as such, in nobody else's way."""

from __future__ import annotations

from typing import Final

DAMAGED: Final = "DAMAGED"
"""Stands where the state of a plan or task would, when its record cannot be read."""

UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What reading such a record raises: no number, no JSON, a field that is missing, a value of another kind."""
