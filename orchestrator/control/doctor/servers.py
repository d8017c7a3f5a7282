"""The rows of the two Redis servers, and of this machine's clock beside them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import redis

from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.explain.scene import clock_words, seconds_words
from orchestrator.control.worrying import SKEW_SECONDS
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.server_state import memory_text
from orchestrator.secrets.masking import redact

NEARLY_FULL: Final = 0.9
"""The share of its memory above which a server is not well."""

PINGS: Final = 5
SLOW_MS: Final = 100.0
"""A stage takes several round trips: from here on they are most of its time."""


def server(name: str, client: redis.Redis, url: str) -> Iterator[Check]:
    """``name``: state or broker."""
    found, persistence = cast(Any, client.info("server")), cast(Any, client.info("persistence"))
    memory = cast(Any, client.info("memory"))
    is_one = found.get("redis_mode") != "cluster"
    finding = f"Redis {found['redis_version']} at {redact(url)}"
    finding += "" if is_one else ": a node of a Redis Cluster; give a server without cluster mode"
    yield check(Row.SERVER, f"{name} server", finding, good=is_one)
    if name == "state":
        yield _persistence(persistence)
    yield _memory(name, int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0)))
    policy = memory.get("maxmemory_policy", "noeviction")
    keeps = policy == "noeviction" or not memory.get("maxmemory")
    finding = f"maxmemory-policy {policy}" + ("" if keeps else ": Redis may drop what is needed; set `noeviction`")
    yield check(Row.EVICTION, f"{name} eviction", finding, good=keeps)
    yield _latency(name, client)


def this_clock(redis_seconds: float, wall_seconds: float) -> Check:
    """This machine's clock beside Redis', which decides."""
    return clock("clock of this machine", wall_seconds - redis_seconds)


def clock(name: str, ahead_seconds: float) -> Check:
    """How far a clock is ahead of Redis'."""
    off = abs(ahead_seconds)
    where = "ahead of" if ahead_seconds > 0 else "behind"
    if off < SKEW_SECONDS:
        return check(Row.CLOCK, name, f"within {SKEW_SECONDS:g} s of Redis'")
    finding = f"{off:.0f} s {where} Redis': no lease goes by it, but times in its log and of its certificates are off"
    return check(Row.CLOCK, name, f"{finding}; set it by NTP", good=False)


def shown_clock(reader: Reader) -> Iterator[Check]:
    """The time that people are shown, where it stands still; no row where it goes on, as it nearly always does."""
    found = reader.shown_time()
    if found.ahead_seconds < SKEW_SECONDS:
        return
    ahead, stands = seconds_words(found.ahead_seconds), clock_words(found.shown_ms)
    finding = (
        f"{ahead} ahead of Redis' clock, which was put back: it stands at {stands} until Redis' clock is there "
        f"too, in {ahead}. Till then a freeze or a soak that began lasts on, and a plan's not_before and "
        "not_after come early: lift a freeze by `changeover unfreeze`, pause a plan that is not to start yet"
    )
    yield check(Row.CLOCK, "time that is shown", finding, good=False)


def _persistence(found: Mapping[str, Any]) -> Check:
    finding = "on"
    if found.get("aof_enabled") != 1:
        finding = "off: a restart of Redis loses all plans; set `appendonly yes`"
    elif found.get("aof_last_write_status", "ok") != "ok":
        finding = "its last write failed: see the log of Redis, and the space on its disk"
    return check(Row.APPEND_ONLY, "append-only file", finding, good=finding == "on")


def _memory(name: str, used: int, limit: int) -> Check:
    full = bool(limit) and used > limit * NEARLY_FULL
    finding = f"{memory_text(used, limit)} used" + ("" if limit else ", no limit")
    if full:
        finding += ": a full Redis takes no writes and nothing moves; raise its maxmemory"
    return check(Row.MEMORY, f"{name} memory", finding, good=not full)


def _latency(name: str, client: redis.Redis) -> Check:
    times = []
    for _ in range(PINGS):
        began = time.perf_counter()
        # Not PING: a Redis that cannot save to its disk refuses that, as if it were a write.
        client.time()
        times.append((time.perf_counter() - began) * 1000)
    median = statistics.median(times)
    finding = f"{median:.1f} ms a round trip from this machine"
    if median >= SLOW_MS:
        finding += ": every stage takes several; move the processes nearer to it, or look what slows it"
    return check(Row.LATENCY, f"{name} latency", finding, good=median < SLOW_MS)
