"""Who is alive: every coordinator and worker keeps an entry in the ledger's Redis while it consumes.

The same sign of life keeps the ledger's clock going (see ``clock``) and tells the process how late it is.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

import redis
import structlog
from redis.exceptions import ResponseError

from orchestrator.background.loop import BackgroundLoop
from orchestrator.background.news import News
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.refusals import state_words
from orchestrator.ledger.release import self_description

BEAT_SECONDS: Final = 2.0
ALIVE_SECONDS: Final = 10.0
"""An entry older than this belongs to a process that is gone or stuck."""

GONE_SECONDS: Final = 600.0
"""An entry older than this is taken out: whoever looks after the installation has been told for ten minutes."""

SEARCH_SECONDS: Final = 0.5
"""How long other namespaces are looked for."""

ProcessRole = Literal["coordinator", "worker"]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """One live process, as it last described itself; ``queues`` are those that a worker consumes."""

    role: ProcessRole
    host: str
    pid: int
    queues: tuple[str, ...]
    age_seconds: float
    silent_seconds: float = 0.0
    """For how long its broker connection has given nothing, though something was due."""
    settings: Mapping[str, int] = field(default_factory=dict)
    """What it would go by; the scripts go by what the coordinators wrote into the ledger."""
    slots: int = 0
    """Stages that a worker runs at a time; 0 from one of a release that did not say."""
    clock_ahead_seconds: float = 0.0
    """By how much the clock of its machine is ahead of Redis'."""
    broker: str = ""
    """Host, port and database of its broker. This and what follows is empty from a release that did not say."""
    broker_run: str = ""
    """The identity of that server and database; "" when it was never there."""
    broker_away_seconds: float = 0.0
    """For how long that server has not answered; 0 when it does."""
    broker_refusal: str = ""
    """Why that server refuses the process, in the process' own words; "" when it does not."""
    steps: tuple[str, ...] = ()
    """Types of steps that other packages brought to a worker."""
    canary: str = ""
    """The last test message that a worker took."""
    busy: int = 0
    """Stages that a worker runs now."""
    knows: frozenset[str] | None = None
    """All types of steps of a worker; None when it does not say."""
    release: str = ""
    formats: Mapping[str, int] = field(default_factory=dict)
    """The newest of each form that it reads; see ``release``."""

    @property
    def name(self) -> str:
        """Host and pid."""
        return f"{self.host}:{self.pid}"


class Presence:
    """Keeps one process' entry fresh; started and stopped as ``background.loop`` says."""

    def __init__(
        self,
        ledger: Ledger,
        role: ProcessRole,
        queues: tuple[str, ...] = (),
        silent_seconds: Callable[[], float] = lambda: 0.0,
        on_time: Callable[[int], None] = lambda _: None,
        slots: int = 0,
        told: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """``on_time`` is told the ledger's time (ms) with every sign of life; ``told`` says what else to tell."""
        self._ledger = ledger
        self._key = ledger.keys.of("presence")
        self._field = f"{role}:{socket.gethostname()}:{os.getpid()}"
        self._queues = queues
        self._silent_seconds = silent_seconds
        self._loop = BackgroundLoop("presence", BEAT_SECONDS, self.beat, opening=self.beat, closing=self._remove)
        self._on_time = on_time
        self._slots = slots
        self._told = told
        self._news = News()
        self._is_missed = False

    def start(self) -> None:
        """Writes the entry now, then every two seconds."""
        self._loop.start()

    def stop(self) -> None:
        """Removes the entry."""
        self._loop.stop()

    def _remove(self) -> None:
        try:
            self._ledger.client.hdel(self._key, self._field)
        except ResponseError as error:
            # Damaged: there is no entry of ours.
            _log.info("presence not removed", action="presence-left", error=str(error))
        except UNREACHABLE as error:
            _log.info(f"presence not removed, {state_words(error)}", action="presence-left", error=str(error))

    def beat(self) -> None:
        """A sign of life. What keeps it from being given is said once, and then seldom, until it is over."""
        try:
            silent = round(self._silent_seconds(), 1)
            own = json.dumps(self._ledger.own_settings)
            told = json.dumps({**self_description(), **self._told(), "wall": round(time.time() * 1000)})
            entry = (self._field, json.dumps(self._queues), silent, own, self._slots, told)
            _, now_ms, is_written = self._ledger.call("beat", *entry)
        except UNREACHABLE as error:
            said = state_words(error)
            if self._news.is_new(self._field, said):
                _log.warning(said, action="presence-missed", error=str(error))
            self._is_missed = True
            return
        if self._is_missed:
            self._is_missed = False
            self._news.forget(self._field)
            _log.info("presence told again", action="presence-told-again")
        self._on_time(now_ms)
        if is_written:
            self._news.forget(self._key)
        elif self._news.is_new(self._key, "damaged"):
            said = "nobody sees that this process is alive: its key is damaged; `changeover doctor` names what mends it"
            _log.error(said, action="presence-damaged", key=self._key)


def processes(client: redis.Redis, keys: Keys) -> list[Process]:
    """Every process that has an entry, the stale ones included; ``age_seconds`` tells them apart. An entry that a hand
    has damaged is no process."""
    return [process for process in _entries(client, keys).values() if process is not None]


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the process told of itself besides, as far as it did."""
    told: Mapping[str, Any] = entry.get("told", {})
    return {
        "clock_ahead_seconds": (told.get("wall", entry["at"]) - entry["at"]) / 1000,
        "broker": str(told.get("broker", "")),
        "broker_run": str(told.get("brokerRun", "")),
        "broker_away_seconds": float(told.get("brokerAway", 0.0)),
        "broker_refusal": str(told.get("brokerRefusal", "")),
        "steps": tuple(map(str, told.get("steps", ()))),
        "canary": str(told.get("canary", "")),
        "busy": int(told.get("busy", 0)),
        "knows": frozenset(told["knows"]) if "knows" in told else None,
        "release": str(told.get("release", "")),
        "formats": {str(form): int(number) for form, number in told.get("formats", {}).items()},
    }


def alive(client: redis.Redis, keys: Keys) -> list[Process]:
    """Those that gave a sign within ``ALIVE_SECONDS``."""
    return [process for process in processes(client, keys) if process.age_seconds <= ALIVE_SECONDS]


def other_namespaces(client: redis.Redis, keys: Keys) -> dict[str, list[Process]]:
    """The other namespaces of this Redis that have live processes: as many as are found in half a second, may be
    read, and are what they should be."""
    found: dict[str, list[Process]] = {}
    pattern = Keys("*").of("presence")
    until = time.monotonic() + SEARCH_SECONDS
    cursor = -1
    while cursor != 0 and time.monotonic() < until:
        cursor, names = cast(tuple[int, list[str]], client.scan(max(cursor, 0), match=pattern, count=2_000))
        for name in names:
            namespace = name.partition("{")[2].partition("}")[0]
            # No permission, or another kind of value: each is nobody's who could be told of.
            with suppress(ResponseError):
                if namespace != keys.namespace and (there := alive(client, Keys(namespace))):
                    found[namespace] = there
    return found


def forget_gone(client: redis.Redis, keys: Keys) -> int:
    """Takes out the entries of processes that ended without doing so, and damaged ones; a process that lives writes its
    own anew. How many."""
    entries = _entries(client, keys)
    gone = [name for name, process in entries.items() if process is None or process.age_seconds > GONE_SECONDS]
    if gone:
        client.hdel(keys.of("presence"), *gone)
    return len(gone)


def _entries(client: redis.Redis, keys: Keys) -> dict[str, Process | None]:
    seconds, micros = client.time()
    now_ms = seconds * 1000 + micros // 1000
    entries = cast(Mapping[str, str], client.hgetall(keys.of("presence")))
    return {name: _process(name, entry, now_ms) for name, entry in entries.items()}


def _process(name: str, entry: str, now_ms: int) -> Process | None:
    try:
        role, host, pid = name.split(":", 2)
        known = read_stored(entry)
        return Process(
            role=cast(ProcessRole, role),
            host=host,
            pid=int(pid),
            queues=tuple(map(str, known["queues"])),
            # Written every two seconds: one from the future was left behind by a clock that has stepped back.
            age_seconds=abs(now_ms - known["at"]) / 1000,
            silent_seconds=float(known.get("silent", 0.0)),
            settings={str(key): int(value) for key, value in known.get("settings", {}).items()},
            slots=int(known.get("slots", 0)),
            **_told(known),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
