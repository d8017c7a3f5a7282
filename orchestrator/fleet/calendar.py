"""Times of day that come again in a time zone: ``Mon-Fri 08:00-18:00 Europe/Berlin``.

A window is said in people's clock and means every moment at which that clock stands within it: where the clock jumps
over its begin or end, the moment of the jump; where the clock shows its begin or end twice, the earlier begin and the
later end. An end that is not after the begin is on the next day; ``24:00`` is midnight.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.domain.errors import cut_text

Window = tuple[int, int]
"""From and until, in ms since 1970; the end is not part of it."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST: Final = "last"
EXPECTED: Final = (
    "expected days, times and a time zone, such as 'Mon-Fri 08:00-18:00 Europe/Berlin'; days are 'daily', days of the "
    "week (Sat,Sun) or of the month (1-3, 15, 28-last)"
)

_TIMES: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:([01]?\d|2[0-3]):([0-5]\d)|(24):(00))")
_NO_PLACES: Final = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones: what they say is each machine's own. Those under ``right/`` count leap seconds."""
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``weekdays`` (0 is Monday) or ``days`` of the month (``last`` of days is 0 there): the days on which a window
    begins; begin and end in minutes of the day, an end of more than 1440 is on the next one."""

    weekdays: frozenset[int]
    days: frozenset[int]
    begin: int
    end: int
    zone: ZoneInfo

    @property
    def is_always(self) -> bool:
        """Whether each window ends where the next begins: whole days, and no day is left out."""
        every_day = len(self.weekdays) == 7 or (set(range(1, 31)) <= self.days and not self.days.isdisjoint((0, 31)))
        return every_day and self.end - self.begin >= 24 * 60

    def windows(self, from_ms: int, until_ms: int) -> list[Window]:
        """All that lie, in part at least, between two moments, in order, those that touch made one."""
        found: list[Window] = []
        for begin, end in self._each(from_ms, until_ms):
            if end <= from_ms or begin >= until_ms or begin >= end:
                continue
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((begin, end))
        return found

    def _each(self, from_ms: int, until_ms: int) -> Iterator[Window]:
        # A day before and after: zones are up to a day apart, and a window may end on the next day.
        day = _date_of(from_ms) - timedelta(days=2)
        last = _date_of(until_ms) + timedelta(days=1)
        while day <= last:
            if self._is_on(day):
                yield self._moment(day, self.begin, is_end=False), self._moment(day, self.end, is_end=True)
            day += timedelta(days=1)

    def _is_on(self, day: date) -> bool:
        is_last = day.day == monthrange(day.year, day.month)[1]
        return day.weekday() in self.weekdays or day.day in self.days or (is_last and 0 in self.days)

    def _moment(self, day: date, minute: int, *, is_end: bool) -> int:
        extra, minute = divmod(minute, 24 * 60)
        wall = datetime.combine(day + timedelta(days=extra), time(minute // 60, minute % 60), self.zone)
        first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if first <= second:
            # Twice on the clock, or once.
            return _ms(second if is_end else first)
        # Never on the clock: the moment at which it jumps, which lies between what the two offsets make of it.
        before, after = second, first
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) / 2
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return _ms(after.replace(microsecond=0))


def parse_recurrence(text: str) -> Recurrence:
    """Raises ``ValueError`` with what was expected."""
    if "\n" in text or "\r" in text:
        raise ValueError(EXPECTED)
    parts = text.split()
    if len(parts) != 3:
        raise ValueError(EXPECTED)
    days, times, zone = parts
    match = _TIMES.fullmatch(times)
    if match is None:
        raise ValueError(f"{cut_text(times, 40)!r} are no times of day, such as 08:00-18:00; {EXPECTED}")
    begin = int(match[1]) * 60 + int(match[2])
    end = int(match[3] or match[5]) * 60 + int(match[4] or match[6])
    weekdays, of_month = _days(days)
    return Recurrence(weekdays, of_month, begin, end if end > begin else end + 24 * 60, _zone(zone))


def _days(text: str) -> tuple[frozenset[int], frozenset[int]]:
    if text.lower() == "daily":
        return frozenset(range(7)), frozenset()
    weekdays: set[int] = set()
    of_month: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first in WEEKDAYS and last in WEEKDAYS:
            start, stop = WEEKDAYS.index(first), WEEKDAYS.index(last)
            weekdays |= {(start + n) % 7 for n in range((stop - start) % 7 + 1)}
        elif _is_day(first) and (last == LAST or (_is_day(last) and int(first) <= int(last))):
            of_month |= set(range(int(first), (31 if last == LAST else int(last)) + 1))
            of_month |= {0} if last == LAST else set()
        elif first == last == LAST:
            of_month.add(0)
        else:
            raise ValueError(f"{cut_text(part, 40)!r} are no days; {EXPECTED}")
    return frozenset(weekdays), frozenset(of_month)


def _is_day(text: str) -> bool:
    return text.isdecimal() and text.isascii() and 1 <= int(text) <= 31


def _zone(name: str) -> ZoneInfo:
    try:
        if name in _NO_PLACES or name.startswith(("right/", "posix/")):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError.
        raise ValueError(f"{cut_text(name, 60)!r} is no time zone, such as Europe/Berlin or UTC") from None


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _date_of(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()
