"""Entries of the log that a hand has written: whatever stands in one, the fold and the checker name it, and nobody
raises. What fits is told from what the log, or the ledger, says besides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from orchestrator.domain import formats
from orchestrator.domain.events import EVENT_TYPES, Event, EventBase, NamespaceEvent, OtherEvent
from orchestrator.domain.fold import fold
from orchestrator.history import Report, check_history, check_log
from orchestrator.ledger.log_entries import event_of
from reference.event_examples import example
from tests.unit.orchestrator.history.told import PLAN, STAGES, Line, ledger, move, of_plan, opening, right, task, tell

Entry = dict[str, str]
"""The fields of an entry of the feed, as ``includes/event.lua`` writes them."""

_OF_ALL: Final = {"sequenceId", "planSequenceId", "type", "planId", "taskId", "tenantId", "stageName", "occurredAt"}


def entry(event: EventBase) -> Entry:
    wire = event.model_dump(mode="json", by_alias=True)
    return {
        "p": str(event.plan_sequence_id),
        "e": wire["type"],
        "k": wire.get("taskId") or "",
        "n": wire.get("tenantId") or "",
        "s": wire.get("stageName") or "",
        "t": str(round(event.occurred_at.timestamp() * 1000)),
        "d": json.dumps({name: value for name, value in wire.items() if name not in _OF_ALL}),
        "l": event.plan_id,
    }


def read(entries: list[Entry]) -> list[Event]:
    return [event_of(f"{number}-0", fields, None) for number, fields in enumerate(entries, 1)]


def doctored(fields: Entry, name: str, value: str) -> Entry:
    """A field of the entry, or of its data (``d.NAME``, then as JSON)."""
    if not name.startswith("d."):
        return fields | {name: value}
    return fields | {"d": json.dumps(json.loads(fields["d"]) | {name[2:]: "@@"}).replace('"@@"', value)}


TOLD: Final = [*opening(), task(0, "TaskWaiting"), *move(0), *move(1), *move(2), of_plan("PlanCompleted")]


def judged(kind: str, name: str, value: str) -> Report:
    """What is said of the right history, whose last event of this type is doctored."""
    events = tell(TOLD)
    entries = [entry(event) for event in events]
    at = max(place for place, event in enumerate(events) if event.type == kind)
    entries[at] = doctored(entries[at], name, value)
    return check_history(read(entries), ledger(TOLD))


def test_a_right_history_is_read_as_it_was_told() -> None:
    assert read([entry(event) for event in tell(TOLD)]) == tell(TOLD)
    assert check_history(tell(TOLD), ledger(TOLD)).holds


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("TaskCreated", "k", "bad.x"),
        ("TaskCreated", "k", "p."),
        ("TaskCreated", "k", ".0"),
        ("TaskCreated", "k", "p.1_0"),
        ("TaskStarted", "k", "q.0"),
        ("TaskCreated", "d.wave", "-5"),
        ("PlanProgress", "d.completedTasks", "[{}]"),
        ("PlanProgress", "d.completedTasks", "-7"),
        ("TaskWaiting", "d.holder", "[{}]"),
        ("PlanReady", "d.totalTasks", "-1"),
        ("PlanCreated", "d.maxConcurrency", "0"),
        ("PlanCreated", "d.waves", '[{"name": "w", "tenants": 3, "soakSeconds": 1e308}]'),
        ("TaskCompleted", "d.completedStages", "-1"),
        ("TaskStageSucceeded", "d.durationMillis", '"x"'),
        ("PlanStarted", "t", "9" * 400),
        ("PlanStarted", "l", ""),
    ],
)
def test_an_entry_that_fits_nothing_is_named(kind: str, name: str, value: str) -> None:
    said = [one.message for one in judged(kind, name, value).of("I6")]
    assert [line for line in said if "cannot be read: " in line and (kind in line or name == "t")], said


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("PlanCreated", "d.maxConcurrency", "1", "most at once folds to [1], the ledger says [2]"),
        ("PlanCreated", "d.maxConcurrency", str(2**63), "the ledger says [2]"),
        ("PlanCreated", "d.totalTasks", "4", "total folds to [4], the ledger says [3]"),
        ("PlanCreated", "d.failureTolerance", '{"count": 1}', "tolerance folds to [1], the ledger says [None]"),
        ("PlanCreated", "d.name", '"Q"', "name folds to Q"),
        ("PlanReady", "d.totalTasks", "4", "says total 4, and it is 3"),
        ("PlanProgress", "d.completedTasks", "2", "says completed 2, and it is 3"),
        ("PlanStarted", "t", "0", "started folds to 0 ms"),
        ("TaskCreated", "n", "other", "tenant folds to other, the ledger says t2"),
        ("TaskWaiting", "n", "other", "TaskWaiting of p.0 names tenant other, and it is of t0"),
        ("TaskStarted", "n", "other", "TaskStarted of p.2 names tenant other, and it is of t2"),
        ("TaskStarted", "d.totalStages", "7", "says stages of p.2 7, and it is 2"),
        ("TaskCompleted", "d.completedStages", "1", "says done of p.2 1, and it is 2"),
        ("TaskStageSucceeded", "s", "nosuch", "says stage nosuch, and it is none of its stages"),
    ],
)
def test_what_fits_and_is_not_so_is_named(kind: str, name: str, value: str, said: str) -> None:
    report = judged(kind, name, value)
    assert [one for one in report.of("I7") if said in one.message], str(report)


def test_times_of_a_freeze_that_are_none_are_named() -> None:
    lines: list[Line] = [
        ("FreezeSet", {"freezeId": "f", "scope": {"all": True}, "every": "soon", "actor": "a", "reason": "r"})
    ]
    report = check_log(tell([*lines, *right()]))
    assert [one.message for one in report.violations] == [report.of("I6")[0].message]
    assert "event 1 ('FreezeSet') cannot be read: every: " in str(report)


@pytest.mark.parametrize(
    "later", [{"f": str(formats.EVENT + 1), "e": "TaskWaiting", "d": "{}"}, {"e": "TaskSurprised"}]
)
def test_what_a_newer_release_may_have_written_is_no_fault(later: dict[str, str]) -> None:
    lines = [*opening(), task(0, "TaskWaiting"), task(0, "TaskStarted")]
    entries = [entry(event) for event in tell(lines)]
    entries[-2] |= later
    assert check_log(read(entries)).holds
    own = [*entries, entries[-1] | {"e": "FleetSurprised", "k": "", "n": "", "p": "0", "l": "", "d": "{}"}]
    assert check_log(read(own)).holds


def everything() -> list[Entry]:
    """One of each type, of the plan that is told before."""
    found = []
    for kind in EVENT_TYPES:
        made = entry(example(kind))
        if not issubclass(kind, NamespaceEvent):
            made |= {"l": PLAN, "k": made["k"] and f"{PLAN}.0", "s": made["s"] and STAGES[0]}
            made["d"] = made["d"].replace("blue-to-green-1", PLAN)
        found.append(made)
    return found


ODD_FIELDS: Final = (
    *("", "x", "-1", "0", "1.5", "9" * 30, "9" * 5000, str(2**63), "-62135596800001", "nan", " 1", "+1", "1_0"),
    *("bad.0", "bad.", ".0", "p.1", "p.7", "p.01", "p.\u0663", "\x1b[2J", "PlanCreated", "FreezeSet", "TaskEvent"),
)
ODD_DATA: Final = (
    *("null", "true", "-1", "5", "1e308", "1e999", "NaN", "9" * 299, "9" * 400, str(2**63), '""', '"x y"', '"p.7"'),
    *("[]", "{}", "[1]", "[{}]", '[["a"]]', '{"a": 1}', '[{"name": "x"}]', "[" * 150 + "]" * 150, '"\\ud800"', "@"),
    *('"0001-01-01T00:00:00"', '"9999-12-31T23:59:59-12:00"', '"0001-01-01T00:00:00+14:00"', "1e18", "-62135596801"),
)


def odd_entries() -> Iterator[tuple[str, list[Entry]]]:
    """Each odd value in every field of an entry of every type, one after the other."""
    sound = everything()
    for value in ODD_FIELDS:
        yield value, [doctored(one, name, value) for one in sound for name in one if name != "d"]
    for value in ODD_DATA:
        fields = [(one, f"d.{name}") for one in sound for name in json.loads(one["d"])]
        yield value, [doctored(one, name, value) for one, name in fields]
    yield "gone", [{key: one[key] for key in one if key != name} for one in sound for name in one]


def test_nobody_raises_whatever_stands_in_any_field() -> None:
    prefix = [entry(event) for event in tell(TOLD[:-1])]
    for value, odd in odd_entries():
        events = read([*prefix, *odd])
        fold(events)
        report = check_history(events, ledger(TOLD), ended=True)
        named = {number for one in report.of("I6") if "cannot be read: " in one.message for number in one.events}
        assert named >= {one.sequence_id for one in events if isinstance(one, OtherEvent) and one.fault}, value
        assert not report.holds, value


def test_what_every_event_carries_and_its_model_has_is_judged() -> None:
    unfit: dict[str, Any] = {}
    for one in everything():
        for name in json.loads(one["d"]):
            told = event_of("1-0", doctored(one, f"d.{name}", "[[{}]]"), None)
            if not (isinstance(told, OtherEvent) and told.fault):
                unfit[f"{one['e']}.{name}"] = told
    assert sorted(unfit) == []
