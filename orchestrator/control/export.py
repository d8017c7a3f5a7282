"""A plan as JSON lines, in bounded memory: one line for the plan, one a task, one an event.

``{"kind": "plan", "plan": {...}}`` comes first: what `status` says of it, with its stages as submitted. Then comes
``{"kind": "task", "task": {...}}`` for each task, with its config, and ``{"kind": "event", "event":
{...}}`` for the whole log in order. Secrets are references in all of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import ResponseError

from orchestrator.control.damage import UNREADABLE, number_in
from orchestrator.control.status import StatusReader
from orchestrator.domain.errors import DamagedData, NotFound
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.domain.task_id import task_id_of, tasks_in
from orchestrator.ledger.reader import PAGE, Reader

Line = dict[str, Any]

_NUMBERS: Final = {"totalTasks": "written", "lastPlanSequenceId": "planSeq"}
"""Numbers of the plan's record, by their names in its line."""

_NO_CONFIG: Final = "{}"
"""What the reader tells of a config that is not there."""

_LOST: Final = (*UNREADABLE, DamagedData, NotFound, ResponseError)
"""What reading of what a hand has damaged raises."""


def plan_lines(reader: Reader, plan_id: str, *, damaged: bool = False) -> Iterator[Line]:
    """The plan's lines. Raises ``NotFound``. What changes while it is read may be seen or not: export an ended plan.

    ``damaged``: what can be read of one that a hand has damaged, even of one whose record is gone. A number that is
    none is null then; a plan or task of which no status can be told is its ``record`` as stored; what cannot be read at
    all is left out.
    """
    status = StatusReader(reader)
    if not damaged:
        summary = status.summary(plan_id).model_dump(by_alias=True, mode="json")
        record, of = reader.plan_record(plan_id), f"plan {plan_id}"
        yield _plan_line(reader, plan_id, summary, {name: number_in(record, _NUMBERS[name], of) for name in _NUMBERS})
        for task, config in status.tasks_with_configs(plan_id):
            yield _task_line(task.model_dump(by_alias=True, mode="json"), config)
        yield from _event_lines(reader, plan_id)
        return
    record = reader.plan_record(plan_id)
    summary = {"planId": plan_id, "record": record}
    with suppress(*_LOST):
        summary = status.summary(plan_id).model_dump(by_alias=True, mode="json")
    numbers = {name: counted_number(record.get(_NUMBERS[name], "")) for name in _NUMBERS}
    yield _plan_line(reader, plan_id, summary, numbers)
    yield from _tasks_left(reader, status, plan_id, tasks_in(record))
    with suppress(*_LOST):
        yield from _event_lines(reader, plan_id)


def _plan_line(reader: Reader, plan_id: str, summary: Line, numbers: Mapping[str, int | None]) -> Line:
    return {"kind": "plan", "plan": summary | {"stages": stages_of(reader, plan_id), **numbers}}


def _task_line(task: Line, config: str) -> Line:
    return {"kind": "task", "task": {**task, "config": config_of(config)}}


def _event_lines(reader: Reader, plan_id: str) -> Iterator[Line]:
    for event in reader.events(plan_id, 0):
        yield {"kind": "event", "event": event.model_dump(by_alias=True, mode="json", exclude_none=True)}


def _tasks_left(reader: Reader, status: StatusReader, plan_id: str, total: int) -> Iterator[Line]:
    """Of the tasks that there were to be, and of what is behind them: nobody may know how many there were."""
    first, is_found = 0, True
    while first < total or is_found:
        positions = range(first, first + PAGE)
        task_ids = [task_id_of(plan_id, position) for position in positions]
        records, configs = reader.task_records(task_ids), reader.configs(task_ids)
        told: list[Line] = [{"taskId": one, "record": record} for one, record in zip(task_ids, records, strict=True)]
        with suppress(*_LOST):
            told = [task.model_dump(by_alias=True, mode="json") for task in status.tasks_at(plan_id, positions)]
        first, is_found = first + PAGE, any(records)
        for position, task, record, config in zip(positions, told, records, configs, strict=True):
            if position < total or record or config != _NO_CONFIG:
                yield _task_line(task, config)


def stages_of(reader: Reader, plan_id: str) -> Any:
    """Its stages as submitted; None when they are gone or damaged."""
    try:
        return reader.spec(plan_id)["stages"]
    except (*UNREADABLE, ResponseError):
        return None


def config_of(text: str) -> Any:
    """A config as stored; what is no JSON any more as the text that it is."""
    try:
        return read_stored(text)
    except ValueError:
        return text


def as_text(line: Line) -> str:
    """One line of the file."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
