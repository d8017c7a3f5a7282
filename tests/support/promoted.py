"""A Redis that has lost its last writes, as a replica that is promoted without them."""

from __future__ import annotations

from typing import Any, cast

import redis


def snapshot(url: str) -> dict[bytes, Any]:
    with redis.Redis.from_url(url) as raw:
        return {key: raw.dump(key) for key in cast(list[bytes], raw.keys("*"))}


def restore(url: str, kept: dict[bytes, Any]) -> None:
    """Everything is as it was."""
    with redis.Redis.from_url(url) as raw:
        raw.flushdb()
        for key, value in kept.items():
            raw.restore(key, 0, value)
