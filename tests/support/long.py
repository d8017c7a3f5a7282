"""Tests that ``make test-long`` runs and ``make test``, which has a bound, does not."""

from __future__ import annotations

import os
from typing import Final

import pytest

IS_LONG: Final = "CHANGEOVER_TEST_LONG" in os.environ

long = pytest.mark.skipif(not IS_LONG, reason="takes minutes; make test-long")
