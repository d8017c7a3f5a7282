"""Many records in few round trips; one that a hand has made another kind of value is told apart, and hides no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import redis
from redis.exceptions import ResponseError

PAGE: Final = 1000
"""Records read in one round trip."""

NO_RECORD: Final = "noRecord"
"""The only field of what stands where a record should, and is none: why."""


def read_hashes(client: redis.Redis, keys: Sequence[str]) -> list[dict[str, str]]:
    """The record at each key, in order; an empty one where there is none. Raises what the client raises."""
    records: list[dict[str, str]] = []
    for start in range(0, len(keys), PAGE):
        with client.pipeline(transaction=False) as pipeline:
            for key in keys[start : start + PAGE]:
                pipeline.hgetall(key)
            records += [_record(answer) for answer in pipeline.execute(raise_on_error=False)]
    return records


def _record(answer: dict[str, str] | Exception) -> dict[str, str]:
    if not isinstance(answer, Exception):
        return answer
    if isinstance(answer, ResponseError) and "WRONGTYPE" in str(answer):
        return {NO_RECORD: "it is no hash"}
    raise answer
