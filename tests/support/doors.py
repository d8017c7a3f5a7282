"""Through what clients and commands of a test work: straight on Redis, or through a console."""

from __future__ import annotations

import os
from typing import Final

import pytest

DOOR: Final = os.environ.get("CHANGEOVER_TEST_DOOR", "redis")
"""``redis`` or ``console``; the second is a part of ``make test-long``."""

on_redis = pytest.mark.skipif(DOOR != "redis", reason="about the way to Redis itself")
