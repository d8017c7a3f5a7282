"""Tests that ``make test-long`` runs and ``make test``, which has a bound, does not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final

import pytest

IS_LONG: Final = "CHANGEOVER_TEST_LONG" in os.environ

long = pytest.mark.skipif(not IS_LONG, reason="takes minutes; make test-long")


def mostly_long(names: Iterable[object], *short: object) -> list[Any]:
    """Cases of a class for ``parametrize``: the ``short`` ones in ``make test``, the others in ``make test-long``."""
    return [name if name in short else pytest.param(name, marks=long) for name in names]
