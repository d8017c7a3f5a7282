"""Times that come again: daylight saving both ways, month ends, midnight; without a server or a clock of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.fleet.calendar import parse_recurrence

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def windows(every: str, begin: str, end: str) -> list[str]:
    """As UTC, without the year's zeros: ``03-29T01:00/03-29T02:00``."""
    found = parse_recurrence(every).windows(ms(begin), ms(end))
    return ["/".join(f"{datetime.fromtimestamp(at / 1000, UTC):%m-%dT%H:%M}" for at in one) for one in found]


@pytest.mark.parametrize(
    ("every", "begin", "end", "expected"),
    [
        # The clock jumps from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
        (
            "daily 08:00-18:00 Europe/Berlin",
            "2026-03-28T00:00Z",
            "2026-03-30T00:00Z",
            ["03-28T07:00/03-28T17:00", "03-29T06:00/03-29T16:00"],
        ),
        ("Sun 02:30-04:00 Europe/Berlin", "2026-03-29T00:00Z", "2026-03-30T00:00Z", ["03-29T01:00/03-29T02:00"]),
        ("Sun 01:00-02:30 Europe/Berlin", "2026-03-29T00:00Z", "2026-03-30T00:00Z", ["03-29T00:00/03-29T01:00"]),
        ("Sun 02:10-02:50 Europe/Berlin", "2026-03-29T00:00Z", "2026-03-30T00:00Z", []),
        # It shows 02:00 to 03:00 twice on 25 October 2026, from 00:00 UTC and from 01:00 UTC.
        ("Sun 02:30-04:00 Europe/Berlin", "2026-10-25T00:00Z", "2026-10-26T00:00Z", ["10-25T00:30/10-25T03:00"]),
        ("Sun 01:00-02:30 Europe/Berlin", "2026-10-24T20:00Z", "2026-10-26T00:00Z", ["10-24T23:00/10-25T01:30"]),
        # A whole day is 23 and 25 hours.
        ("Sun 00:00-24:00 Europe/Berlin", "2026-03-28T00:00Z", "2026-03-31T00:00Z", ["03-28T23:00/03-29T22:00"]),
        ("Sun 00:00-24:00 Europe/Berlin", "2026-10-24T00:00Z", "2026-10-27T00:00Z", ["10-24T22:00/10-25T23:00"]),
        # Month ends, leap years included.
        (
            "last 00:00-24:00 UTC",
            "2028-01-15T00:00Z",
            "2028-04-15T00:00Z",
            ["01-31T00:00/02-01T00:00", "02-29T00:00/03-01T00:00", "03-31T00:00/04-01T00:00"],
        ),
        ("31 12:00-13:00 UTC", "2026-04-01T00:00Z", "2026-06-30T00:00Z", ["05-31T12:00/05-31T13:00"]),
        ("28-last 00:00-24:00 UTC", "2026-02-01T00:00Z", "2026-03-20T00:00Z", ["02-28T00:00/03-01T00:00"]),
        ("28-last 00:00-24:00 UTC", "2026-04-01T00:00Z", "2026-05-20T00:00Z", ["04-28T00:00/05-01T00:00"]),
        # Over midnight, also into another month.
        ("last 22:00-06:00 UTC", "2026-06-02T00:00Z", "2026-07-20T00:00Z", ["06-30T22:00/07-01T06:00"]),
        ("Fri-Mon 00:00-24:00 UTC", "2026-01-01T00:00Z", "2026-01-08T00:00Z", ["01-02T00:00/01-06T00:00"]),
        # Days that touch are one window; what began before is told from its own begin on.
        ("daily 00:00-24:00 UTC", "2026-01-01T06:00Z", "2026-01-03T06:00Z", ["01-01T00:00/01-04T00:00"]),
        ("Mon,15 08:00-09:00 UTC", "2026-06-14T00:00Z", "2026-06-16T00:00Z", ["06-15T08:00/06-15T09:00"]),
        # As far from UTC as zones go, on either side of the date line.
        ("Thu 08:00-09:00 Pacific/Kiritimati", "2026-01-01T00:00Z", "2026-01-08T00:00Z", ["01-07T18:00/01-07T19:00"]),
        ("Thu 08:00-09:00 Pacific/Pago_Pago", "2026-01-01T00:00Z", "2026-01-08T00:00Z", ["01-01T19:00/01-01T20:00"]),
        # A clock that jumps at midnight (Beirut, 29 March 2026).
        ("Sun 00:30-02:00 Asia/Beirut", "2026-03-28T00:00Z", "2026-03-30T00:00Z", ["03-28T22:00/03-28T23:00"]),
    ],
)
def test_windows(every: str, begin: str, end: str, expected: list[str]) -> None:
    assert windows(every, begin, end) == expected


@pytest.mark.parametrize(
    ("every", "said"),
    [
        ("", "expected days, times and a time zone"),
        ("Mon-Fri 08:00-18:00", "expected days, times and a time zone"),
        ("Mon-Fry 08:00-18:00 UTC", "'mon-fry' are no days"),
        ("32 08:00-18:00 UTC", "'32' are no days"),
        ("20-10 08:00-18:00 UTC", "'20-10' are no days"),
        ("28-3,15 00:00-24:00 UTC", "'28-3' are no days"),
        ("Mon-3 08:00-18:00 UTC", "'mon-3' are no days"),
        ("Mon 8-18 UTC", "'8-18' are no times of day"),
        ("Mon 08:00-25:00 UTC", "no times of day"),
        ("Mon 08:00-24:30 UTC", "no times of day"),
        ("Mon 08:00-18:00 Berlin", "'Berlin' is no time zone"),
        ("Mon 08:00-18:00 ../../etc/passwd", "is no time zone"),
        ("Mon 08:00-18:00 Europe", "'Europe' is no time zone"),
        ("Mon 08:00-18:00 localtime", "'localtime' is no time zone"),
        ("Mon 08:00-18:00 posixrules", "'posixrules' is no time zone"),
        ("Mon 08:00-18:00 Factory", "'Factory' is no time zone"),
        ("Mon 08:00-18:00 right/Europe/Berlin", "'right/Europe/Berlin' is no time zone"),
        ("Mon 08:00-18:00 UTC\n", "expected days, times and a time zone"),
    ],
)
def test_what_cannot_be_read_is_said(every: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no") as error:
        parse_recurrence(every)
    assert said in str(error.value)


@settings(max_examples=200, deadline=None)
@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    length=st.integers(1, 600),
    day=st.dates(datetime(2025, 1, 1).date(), datetime(2027, 12, 31).date()),
    at=st.integers(0, 3 * 1440 - 1),
)
def test_a_moment_is_inside_whenever_the_clock_on_the_wall_is(
    hour: int, minute: int, length: int, day: object, at: int
) -> None:
    """Within one day, read the other way round: from the moment to the clock. What is twice on the clock may be inside
    although it is outside the second time, since the window runs from its first begin to its last end."""
    begin = hour * 60 + minute
    end = min(begin + length, 1440)
    every = f"daily {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02} Europe/Berlin"
    moment = datetime.fromisoformat(f"{day}T00:00+00:00") + timedelta(minutes=at)
    wall = moment.astimezone(BERLIN)
    found = parse_recurrence(every).windows(round(moment.timestamp() * 1000), round(moment.timestamp() * 1000) + 1)
    is_on = begin <= wall.hour * 60 + wall.minute < end
    is_twice = (moment - timedelta(hours=1)).astimezone(BERLIN).utcoffset() != wall.utcoffset()
    is_twice = is_twice or (moment + timedelta(hours=1)).astimezone(BERLIN).utcoffset() != wall.utcoffset()
    assert bool(found) == is_on or (is_twice and found)
