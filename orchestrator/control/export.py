"""A plan as JSON lines, in bounded memory: one line for the plan, one a task, one an event.

``{"kind": "plan", "plan": {...}}`` comes first: what `status` says of it, with its stages as submitted. Then comes
``{"kind": "task", "task": {...}}`` for each task, with its config, and ``{"kind": "event", "event":
{...}}`` for the whole log in order. Secrets are references in all of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.control.damage import UNREADABLE, number_in
from orchestrator.control.status import StatusReader
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.reader import Reader

Line = dict[str, Any]


def plan_lines(reader: Reader, plan_id: str) -> Iterator[Line]:
    """The plan's lines. Raises ``NotFound``. What changes while it is read may be seen or not: export an ended plan."""
    status = StatusReader(reader)
    summary = status.summary(plan_id)
    record = reader.plan_record(plan_id)
    plan = summary.model_dump(by_alias=True, mode="json") | {
        "stages": stages_of(reader, plan_id),
        "totalTasks": number_in(record, "written", f"plan {plan_id}"),
        "lastPlanSequenceId": number_in(record, "planSeq", f"plan {plan_id}"),
    }
    yield {"kind": "plan", "plan": plan}
    for task, config in status.tasks_with_configs(plan_id):
        yield {"kind": "task", "task": {**task.model_dump(by_alias=True, mode="json"), "config": config_of(config)}}
    for event in reader.events(plan_id, 0):
        yield {"kind": "event", "event": event.model_dump(by_alias=True, mode="json", exclude_none=True)}


def stages_of(reader: Reader, plan_id: str) -> Any:
    """Its stages as submitted; None when they are gone or damaged."""
    try:
        return reader.spec(plan_id)["stages"]
    except UNREADABLE:
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
