"""One reader of the feed for all streams of a process, however many there are.

A thread reads the feed while somebody follows it, and makes of each event the bytes that a stream sends. The newest of
them stay in a ring. A stream keeps a place in it, nothing else: it takes what is behind its place when there is
something new, so a slow reader costs nobody anything. One whose place has left the ring reads the log until it is back.
Readers with the same filter at the same place share the bytes as well.

A fail-over of Redis may take back events that were told (docs/delivery.md). The reader notices that the last one is
not the same any more, and says so: the streams tell it (``reset``) and go on with what there is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.events import Event
from orchestrator.domain.pattern import is_like
from orchestrator.secrets.masking import mask_json

RING: Final = 10_000
"""Events that are held: some megabytes."""

ROUND_SECONDS: Final = 0.05
"""Between two reads: what comes meanwhile is sent together."""

BLOCK_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 5.0
"""How long the feed is read when nobody follows any more: who comes back finds the ring as it was."""
AWAY_SECONDS: Final = 0.5
ONCE: Final = 1000
"""Events of one read, and of one piece of a stream."""

_log = structlog.get_logger(__name__)


class FeedReader(Protocol):
    """The feed, on a connection of its own; may raise a ``ChangeoverError``."""

    def last_sequence_id(self) -> int: ...

    def after(self, since: int, limit: int, block_seconds: float) -> list[Event]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """Which events a stream sends; what is None or empty narrows nothing."""

    plan_id: str | None = None
    types: frozenset[str] = frozenset()
    tenants: str | None = None

    def passes(self, told: Told) -> bool:
        """Whether it is one of them."""
        if self.plan_id is not None and told.plan_id != self.plan_id:
            return False
        if self.types and told.type not in self.types:
            return False
        return self.tenants is None or is_like(told.tenant_id, self.tenants)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as streams send it."""

    sequence_id: int
    plan_id: str
    tenant_id: str
    type: str
    sent: bytes


def told(event: Event) -> Told:
    """The event, its secrets masked."""
    data = mask_json(event.model_dump_json(by_alias=True))
    sent = f"id: {event.sequence_id}\ndata: {data}\n\n".encode("utf-8", "replace")
    tenant_id = getattr(event, "tenant_id", None) or ""
    return Told(event.sequence_id, event.plan_id or "", tenant_id, event.type, sent)


class EventHub:
    """Of one process and one event loop; ``open_feed`` makes a reader when the first stream comes."""

    def __init__(self, open_feed: Callable[[], FeedReader], ring: int = RING) -> None:
        self._open_feed = open_feed
        self._size = ring
        self._feed: FeedReader | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading = BackgroundLoop("event-hub", ROUND_SECONDS, self._round, opening=self._open, closing=self._shut)
        self._lock = threading.Lock()
        self._followers = 0
        self._left_at = 0.0
        self._news: asyncio.Event | None = None
        self._numbers: list[int] = []
        self._ring: list[Told] = []
        self._pieces: dict[tuple[Followed, int], tuple[bytes, int]] = {}
        self._read_to = 0
        self._last: Told | None = None
        self._doubtful = False
        self.base = self.position = 0
        """The ring holds what is behind ``base``, up to ``position``."""
        self.resets = self.back_to = 0
        """How often events were taken back, and the newest that was left at the last time."""

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """While somebody follows, and for some seconds after, the feed is read. Raises what the feed raises when it
        cannot be asked at first."""
        self._loop = asyncio.get_running_loop()
        # Counted before the start: a reader that is about to rest sees it, or is started anew.
        with self._lock:
            self._followers += 1
        try:
            await asyncio.to_thread(self._reading.start)
            yield
        finally:
            with self._lock:
                self._followers -= 1
                self._left_at = time.monotonic()

    @property
    def followers(self) -> int:
        """How many streams there are."""
        return self._followers

    @property
    def is_away(self) -> bool:
        """Whether the last look could not be made, or what it found is not yet believed."""
        return self._doubtful

    def close(self) -> None:
        """Gives back the connection; may be called twice, and not from the event loop's thread."""
        self._reading.stop()

    async def wait(self, position: int, seconds: float) -> bool:
        """True as soon as there is something behind the position; False after so many seconds without."""
        if self.position > position:
            return True
        self._news = self._news or asyncio.Event()
        try:
            # Not `wait_for`: that of Python 3.11 loses a cancellation that comes with the news.
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def piece(self, followed: Followed, position: int) -> tuple[bytes, int]:
        """What to send next to one who stands at ``position``, not before ``base``; and where it stands then."""
        key = (followed, position)
        if (known := self._pieces.get(key)) is None:
            first = bisect_right(self._numbers, position)
            found = self._ring[first : first + ONCE]
            to = found[-1].sequence_id if found else position
            known = b"".join(one.sent for one in found if followed.passes(one)), to
            self._pieces[key] = known
        return known

    def _open(self) -> None:
        self._feed = self._open_feed()
        # What was told while nobody followed is in the log: the ring begins anew.
        self.base = self.position = self._read_to = self._feed.last_sequence_id()
        self._last = self._told_at(self._feed, self._read_to)
        self._numbers, self._ring, self._pieces, self._doubtful = [], [], {}, False

    def _shut(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _rests(self) -> bool:
        with self._lock:
            nobody = self._followers == 0 and time.monotonic() - self._left_at > LINGER_SECONDS
            if nobody:
                self._reading.stop()
            return nobody

    def _round(self) -> None:
        """On the thread."""
        feed, loop = self._feed, self._loop
        if feed is None or loop is None or self._rests():
            return
        try:
            if self._doubtful and self._went_back(feed):
                self._read_to = feed.last_sequence_id()
                self._last = self._told_at(feed, self._read_to)
                loop.call_soon_threadsafe(self._take_back, self._read_to)
            self._doubtful = False
            found = [told(event) for event in feed.after(self._read_to, ONCE, BLOCK_SECONDS)]
            if not found:
                # Silence, or numbers that are given out again.
                self._doubtful = feed.last_sequence_id() < self._read_to
            elif self._went_back(feed):
                # The connection was made anew, to a server that lacks the last one: what it holds does not follow.
                self._doubtful, found = True, []
        except ChangeoverError as error:
            if not self._doubtful:
                _log.warning("streams wait for Redis", action="event-hub-waits", reason=str(error))
            # It may come back as one that lacks the last writes.
            self._doubtful = True
            time.sleep(AWAY_SECONDS)
            return
        if found:
            self._last = found[-1]
            self._read_to = self._last.sequence_id
            loop.call_soon_threadsafe(self._take, found)

    def _went_back(self, feed: FeedReader) -> bool:
        if feed.last_sequence_id() < self._read_to:
            return True
        # By what the event says: its number may have been given out again.
        return self._last is not None and self._told_at(feed, self._read_to) != self._last

    @staticmethod
    def _told_at(feed: FeedReader, sequence_id: int) -> Told | None:
        """The event of this number; None when the feed does not hold it."""
        found = feed.after(sequence_id - 1, 1, 0.001) if sequence_id else []
        return told(found[0]) if found and found[0].sequence_id == sequence_id else None

    def _take(self, found: Sequence[Told]) -> None:
        """In the event loop."""
        self._ring += found
        self._numbers += [one.sequence_id for one in found]
        if len(self._ring) > 2 * self._size:
            cut = len(self._ring) - self._size
            self.base = self._numbers[cut - 1]
            del self._ring[:cut], self._numbers[:cut]
        self._go_on(self._numbers[-1])

    def _take_back(self, last: int) -> None:
        self._ring, self._numbers = [], []
        self.base = self.back_to = last
        self.resets += 1
        self._go_on(last)

    def _go_on(self, position: int) -> None:
        self.position = position
        self._pieces.clear()
        if self._news is not None:
            self._news.set()
            self._news = None
