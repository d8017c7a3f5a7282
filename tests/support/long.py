"""Tests that ``make test-long`` runs and ``make test``, which has a bound, does not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final

import pytest

IS_LONG: Final = "CHANGEOVER_TEST_LONG" in os.environ

long = pytest.mark.long
"""Of a test that ``make test`` leaves out."""
longer = pytest.mark.longer
"""Of a test that ``make test`` runs with fewer cases."""


def leave_out(items: Iterable[pytest.Item]) -> None:
    """Skips what is long, unless it is wanted."""
    for item in items:
        if not IS_LONG and item.get_closest_marker(long.name):
            item.add_marker(pytest.mark.skip(reason="takes minutes; make test-long"))


def mostly_long(names: Iterable[object], *short: object) -> list[Any]:
    """Cases of a class for ``parametrize``: the ``short`` ones in ``make test``, the others in ``make test-long``."""
    return [name if name in short else pytest.param(name, marks=long) for name in names]
