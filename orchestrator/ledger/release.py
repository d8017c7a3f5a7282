"""Which release a process is of and what it knows: told with its presence, so that one that is too old can be named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from checkpoint.contract import FORMAT as CHECKPOINT_FORMAT
from orchestrator.domain import formats

FORMATS: Final = {
    "ledger": formats.LEDGER,
    "message": formats.MESSAGE,
    "cursor": formats.CURSOR,
    "checkpoint": CHECKPOINT_FORMAT,
    "spec": formats.SPEC,
    "event": formats.EVENT,
}
"""The newest of each that this process reads."""


@lru_cache(maxsize=1)
def own_release() -> str:
    """This process' release; empty when it runs from files that were never installed."""
    try:
        return version("changeover")
    except PackageNotFoundError:
        return ""


def self_description() -> dict[str, Any]:
    """What every process tells of itself."""
    return {"release": own_release(), "formats": FORMATS}


def reads(known: Mapping[str, int], form: str) -> int:
    """The newest format of the form that a process reads which told this; one that does not say reads the first."""
    return known.get(form, 1)
