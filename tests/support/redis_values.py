"""What stands in keys of any type, in two round trips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis


def values_of(client: redis.Redis, names: Sequence[str]) -> dict[str, Any]:
    """The value of each key, in the form of its type; None for one that is not there."""
    with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.type(name)
        kinds = pipeline.execute()
        for name, kind in zip(names, kinds, strict=True):
            match kind:
                case "hash":
                    pipeline.hgetall(name)
                case "zset":
                    pipeline.zrange(name, 0, -1, withscores=True)
                case "set":
                    pipeline.smembers(name)
                case "stream":
                    pipeline.xrange(name)
                case "list":
                    # None of ours: what a hand has put there.
                    pipeline.lrange(name, 0, -1)
                case _:
                    pipeline.get(name)
        return dict(zip(names, pipeline.execute(), strict=True))
