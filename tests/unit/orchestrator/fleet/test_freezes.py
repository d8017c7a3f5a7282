"""What is kept of a freeze: its windows for weeks ahead, worked out anew long before they run out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orchestrator.control.freeze_words import until_words
from orchestrator.fleet.freezes import HORIZON_MS, RENEW_MS, FreezeRecord, Scope, read_freeze

DAY_MS = 86_400_000
NOW_MS = round(datetime(2026, 11, 30, 6, tzinfo=UTC).timestamp() * 1000)
"""A Monday, 07:00 in Berlin."""
HOURS = "Mon-Fri 08:00-18:00 Europe/Berlin"


def made(**more: object) -> FreezeRecord:
    fields = {"scope": Scope("eu-*"), "actor": "ops-7", "reason": "quarter end", "set_at_ms": NOW_MS, **more}
    return FreezeRecord(**fields).planned(NOW_MS)  # type: ignore[arg-type]


def test_one_with_an_end_has_one_window() -> None:
    freeze = made(until_ms=NOW_MS + DAY_MS)
    assert freeze.windows == ((NOW_MS, NOW_MS + DAY_MS),)
    assert (freeze.state(NOW_MS), freeze.state(NOW_MS + DAY_MS)) == ((True, NOW_MS + DAY_MS), (False, None))
    assert not freeze.needs_windows(NOW_MS + 365 * DAY_MS)


def test_one_that_recurs_is_known_weeks_ahead_and_counts_as_in_force_beyond() -> None:
    freeze = made(every=HOURS)
    assert freeze.state(NOW_MS) == (False, NOW_MS + 3_600_000)
    assert freeze.state(NOW_MS + 2 * 3_600_000) == (True, NOW_MS + 11 * 3_600_000)
    assert freeze.known_until_ms == NOW_MS + HORIZON_MS
    late = NOW_MS + HORIZON_MS
    assert freeze.state(late) == (True, None)
    assert freeze.has_run_out(late)
    assert "until its times are worked out anew" in until_words(freeze, late)

    assert not freeze.needs_windows(NOW_MS)
    soon = NOW_MS + HORIZON_MS - RENEW_MS + 1
    assert freeze.needs_windows(soon)
    again = freeze.planned(soon)
    assert again.windows[-1][1] > freeze.windows[-1][1]
    assert not again.has_run_out(late)
    assert not again.needs_windows(soon)


def test_one_that_recurs_and_ends_is_cut_there_and_needs_nothing_more() -> None:
    noon = NOW_MS + 5 * 3_600_000
    freeze = made(every=HOURS, until_ms=noon)
    assert freeze.windows == ((NOW_MS + 3_600_000, noon),)
    assert freeze.known_until_ms is None
    assert not freeze.needs_windows(noon + 365 * DAY_MS)


@pytest.mark.parametrize("until_ms", [None, NOW_MS + 730 * DAY_MS])
def test_days_that_come_next_in_more_than_weeks_are_known(until_ms: int | None) -> None:
    february = round(datetime(2027, 2, 1, tzinfo=UTC).timestamp() * 1000)
    march = round(datetime(2027, 3, 31, tzinfo=UTC).timestamp() * 1000)
    freeze = made(every="31 00:00-24:00 UTC", from_ms=february, until_ms=until_ms)
    assert freeze.windows == ((march, march + DAY_MS), (march + 61 * DAY_MS, march + 62 * DAY_MS))
    # Until its begin nobody takes it for one whose times have run out.
    assert freeze.state(march - 1) == (False, march)
    assert not freeze.has_run_out(march)
    assert freeze.state(march + DAY_MS) == (False, march + 61 * DAY_MS)


def test_days_that_do_not_come_before_the_end_are_none() -> None:
    assert made(every="31 00:00-24:00 UTC", from_ms=NOW_MS + 63 * DAY_MS, until_ms=NOW_MS + 120 * DAY_MS).windows == ()


@pytest.mark.parametrize("days", ["daily", "Mon-Sun", "1-last", "1-30,last", "Tue,1-31"])
def test_one_that_is_never_out_of_force_has_no_end_of_its_own(days: str) -> None:
    freeze = made(every=f"{days} 00:00-24:00 Europe/Berlin")
    assert freeze.state(NOW_MS) == (True, None)
    assert until_words(freeze, NOW_MS) == "until it is lifted by ops-7 (quarter end)"
    assert not freeze.has_run_out(NOW_MS)
    end = NOW_MS + 730 * DAY_MS
    assert made(every=f"{days} 08:00-08:00 UTC", until_ms=end).state(NOW_MS + DAY_MS) == (True, end)


@pytest.mark.parametrize(
    ("days", "ends"), [("1-30", "2027-01-31"), ("1-28,last", "2027-01-29"), ("Tue-Sun", "2027-02-01")]
)
def test_one_that_is_open_at_the_horizon_is_known_to_its_end(days: str, ends: str) -> None:
    freeze = made(every=f"{days} 00:00-24:00 UTC", from_ms=NOW_MS + DAY_MS)
    assert freeze.windows[-1][1] == round(datetime.fromisoformat(f"{ends}T00:00Z").timestamp() * 1000)


def test_one_that_begins_later_begins_within_a_window() -> None:
    ten = NOW_MS + 3 * 3_600_000
    assert made(every=HOURS, from_ms=ten).windows[0] == (ten, NOW_MS + 11 * 3_600_000)


def test_it_is_read_as_it_was_stored() -> None:
    freeze = made(every=HOURS, rollbacks=True)
    assert read_freeze(freeze.stored()) == freeze
    assert '"tenants":["eu-",""]' in freeze.stored()
    for damaged in ("", "{}", "[]", "null", '{"told":{}}', freeze.stored().replace("windows", "window")):
        with pytest.raises(ValueError, match=r"."):
            read_freeze(damaged)


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("reason", [5, None]),
        ("actor", [["x"]]),
        ("set_at_ms", ["x", -1, 10**17]),
        ("from_ms", [10**17, 1.5]),
        ("until_ms", ["x", 10**30]),
        ("every", ["x", 5, "daily 08:00-09:00 Nowhere"]),
        ("rollbacks", [1]),
        ("scope", [{"tenants": 5, "label": None}, {"tenants": None, "label": 5}, [], None]),
    ],
)
def test_a_damaged_part_is_seen_when_it_is_read(place: str, values: list[object]) -> None:
    for value in values:
        known = json.loads(made(every=HOURS).stored())
        known["told"][place] = value
        with pytest.raises(ValueError, match=place):
            read_freeze(json.dumps(known))


def test_damaged_windows_and_nesting_are_seen_when_they_are_read() -> None:
    text = made(every=HOURS).stored()
    known = json.loads(text)
    for windows in ("xy", [[1, 2, 3]], {"a": 1}, [[1, 10**30]], [["x", 5]]):
        with pytest.raises(ValueError, match="windows"):
            read_freeze(json.dumps({**known, "windows": windows}))
    for damaged in (json.dumps({**known, "knownUntil": [1]}), "[" * 100_000, text.replace("[[", "[[1e999,", 1)):
        with pytest.raises(ValueError, match=r"."):
            read_freeze(damaged)


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        (Scope(), True),
        (Scope("eu-*"), True),
        (Scope("*-7"), True),
        (Scope("us-*"), False),
        (Scope("eu"), False),
        (Scope(label="region=eu"), True),
        (Scope(label="region=e"), False),
        (Scope(label="ring=eu"), False),
    ],
)
def test_whom_it_covers(scope: Scope, covers: bool) -> None:
    assert scope.covers("eu-7", {"region": "eu"}) is covers


def test_its_end_is_told_in_its_own_zone() -> None:
    assert (
        until_words(made(until_ms=NOW_MS + DAY_MS), NOW_MS) == "until Tue 2026-12-01 06:00 UTC by ops-7 (quarter end)"
    )
    nine = NOW_MS + 2 * 3_600_000
    assert until_words(made(every=HOURS), nine) == "until Mon 2026-11-30 18:00 Europe/Berlin by ops-7 (quarter end)"
