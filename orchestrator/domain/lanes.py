"""Lanes: the broker queues between which tenants are spread, always the same lane for the same tenant."""

from __future__ import annotations

import zlib
from typing import Final

_PREFIX: Final = "lane-"


def lane_of(tenant_id: str, lanes: int) -> int:
    """The lane (queue number) of a tenant: the same for every plan and process."""
    return zlib.crc32(tenant_id.encode()) % lanes


def lane_name(lane: int) -> str:
    """The queue's name."""
    return f"{_PREFIX}{lane}"


def is_lane(queue: str) -> bool:
    """Whether a queue of this name is one of the lanes."""
    return queue.startswith(_PREFIX)


def lane_names(lanes: int) -> list[str]:
    """The queues that a worker consumes unless told otherwise."""
    return [lane_name(lane) for lane in range(lanes)]
