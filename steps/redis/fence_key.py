"""The name of the fence that guards a key of the user's: its own key, in the same cluster slot, one for each key.

Redis hashes what stands between the first ``{`` and the first ``}`` after it, if that is not empty, else the whole
key. So there are three cases, and no two keys share a fence (the part up to the first ``}`` tells the cases apart):

- no ``}`` in the key: the whole key is hashed, and can be our tag:      ``changeover:fence:{<key>}``
- the key has a tag: it is ours too, and the key follows:                ``changeover:fence:{<tag>}:<key>``
- the whole key is hashed, but it holds a ``}`` (``a}b``, ``{}a``): it cannot stand between braces, so a number with
  the same slot takes its place:                                         ``changeover:fence:{<number>}:<key>``
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from redis.crc import key_slot

FENCE_PREFIX = "changeover:fence:"


def hash_tag(key: str) -> str | None:
    """What Redis Cluster hashes instead of the whole key; None when it hashes the whole."""
    start = key.find("{")
    end = key.find("}", start + 1)
    return key[start + 1 : end] if start >= 0 and start + 1 < end else None


def fence_key(key: str) -> str:
    """The fence of ``key``: always in the slot of ``key``, never the fence of another key."""
    tag = hash_tag(key)
    if tag is not None:
        return f"{FENCE_PREFIX}{{{tag}}}:{key}"
    if key and "}" not in key:
        return f"{FENCE_PREFIX}{{{key}}}"
    return f"{FENCE_PREFIX}{{{_number_in(key_slot(key.encode()))}}}:{key}"


@lru_cache(maxsize=1024)
def _number_in(slot: int) -> int:
    """The smallest number whose decimal text hashes to ``slot``; every slot has one (some 10 ms to find it)."""
    return next(number for number in count() if key_slot(b"%d" % number) == slot)
