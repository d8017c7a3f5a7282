"""Through what clients and commands of a test work: straight on Redis, or through a console."""

from __future__ import annotations

import os
from typing import Final

import pytest

DOOR: Final = os.environ.get("CHANGEOVER_TEST_DOOR", "redis")
"""``redis`` or ``console``; the second is a part of ``make test-long``."""


def _on_redis(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(DOOR != "redis", reason=reason)


on_redis = _on_redis("about the way to Redis itself")
names_actors = _on_redis("asks under several names; through a console the token says who asks")
has_own_console = _on_redis("opens a console of its own, and compares")
of_this_shell = _on_redis("about settings of this shell, which a command through a console does not use")
