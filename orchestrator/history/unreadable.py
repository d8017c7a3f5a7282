"""Records with a number or a state that no script writes: nothing can be told of their plan, and nothing is claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from orchestrator.domain.errors import quoted_value
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.task_id import plan_of
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.report import Report

_OF_A_PLAN: Final = re.compile(
    r"stages|written|planSeq|planSeqFrom|waves|wave|passed|(wave:\d+:)?(n:\w+|max|total|tolerance|accepted)"
)
_OF_A_TASK: Final = re.compile("epoch|stage|attempt|wave|rank|legs")
_WHOLE: Final = re.compile("-?[0-9]{1,15}")
_PLAN_STATES: Final = frozenset(PlanState)
_TASK_STATES: Final = frozenset(TaskState)


def name_unreadable(dump: LedgerDump, report: Report) -> None:
    """Notes those plans in the dump, and in the report what is wrong with each: its first such field. Keys of another
    type too."""
    for key in dump.other_types:
        report.add("I7", f"the key {key} is of another type than scripts give it; it is judged as if it were not there")
    for plan_id, of, field, value in (*_states(dump), *_wrong(dump)):
        if plan_id not in dump.unreadable:
            dump.unreadable.add(plan_id)
            report.add("I7", f"{of} has {field} {quoted_value(value)}, which no script writes; {plan_id} is not judged")


def _states(dump: LedgerDump) -> Iterator[tuple[str, str, str, str]]:
    for plan_id, record in dump.plans.items():
        if "status" in record and record["status"] not in _PLAN_STATES:
            yield plan_id, plan_id, "status", record["status"]
    for task_id, record in dump.tasks.items():
        if record.get("status") not in _TASK_STATES:
            yield plan_of(task_id), task_id, "status", record.get("status", "")


def _wrong(dump: LedgerDump) -> Iterator[tuple[str, str, str, str]]:
    for plan_id, record in dump.plans.items():
        for field, value in _no_numbers(_OF_A_PLAN, record):
            yield plan_id, plan_id, field, value
        # Each stage and wave has fields of its own.
        for field in ("stages", "waves"):
            if (told := counted_number(record.get(field))) is not None and told > len(record):
                yield plan_id, plan_id, field, record[field]
    for task_id, record in dump.tasks.items():
        for field, value in _no_numbers(_OF_A_TASK, record):
            yield plan_of(task_id), task_id, field, value


def _no_numbers(names: re.Pattern[str], record: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field, value in record.items():
        if names.fullmatch(field) and not _WHOLE.fullmatch(value):
            yield field, value
