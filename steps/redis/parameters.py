"""Types of parameters of the steps that work on a Redis: key, channel, connection."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from steps.contract import NO_NEEDS, Needs

OWN_PREFIX = "changeover:"
"""Keys that begin so are Changeover's own: its ledger and its fences."""


def _not_ours(key: str) -> str:
    if key.startswith(OWN_PREFIX):
        raise ValueError(f"keys that begin with {OWN_PREFIX} are kept for Changeover itself")
    return key


Key = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_not_ours)]
HashField = Annotated[str, Field(min_length=1, max_length=1024)]
Channel = Annotated[str, Field(min_length=1, max_length=1024)]
Connection = Annotated[str, Field(min_length=1, max_length=200)]


def connection_needs(connection: str | None, parameter: str = "connection") -> Needs:
    """The needs of a step that reaches for this connection, if any."""
    return NO_NEEDS if connection is None else Needs(connections={parameter: connection})
