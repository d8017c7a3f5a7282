from __future__ import annotations

import io
import json
import os
import re
import sys
import tracemalloc
from typing import Any

import pytest
from rich.console import Console, RenderableType

from orchestrator.cli.drawing import show
from orchestrator.cli.event_lines import event_line
from orchestrator.cli.output import print_json_list
from orchestrator.cli.tables import fleet_lines, plan_table, task_detail
from orchestrator.cli.watch.sections import cause_line
from orchestrator.control.answers import PlanStatus, TaskStatus, WaveStatus
from orchestrator.control.failure_causes import FailureCauses
from orchestrator.domain.events import FailureInfo

# Scripts of users read these; others may be added.
PUBLISHED = (
    "taskId", "planId", "tenantId", "status", "currentStage", "completedStages", "totalStages", "progressPercent",
    "pauseRequested", "cancelRequested", "retryCount", "startedAt", "endedAt", "durationMillis", "waitingFor",
    "failureInfo",
)  # fmt: skip


def shown(view: RenderableType) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=120).print(view)
    return out.getvalue().splitlines()


def task(number: int, status: str, **more: Any) -> TaskStatus:
    return TaskStatus(task_id=f"t{number}", plan_id="p", tenant_id=f"tenant-{number}", status=status, **more)


def test_status_is_camel_case_with_the_published_fields() -> None:
    failure = FailureInfo(
        type="HealthCheckFailed", message="gw-1 unreachable", stage_name="s", step_name="health-check"
    )
    answer = task(1, "FAILED", failure_info=failure).model_dump(by_alias=True, mode="json")
    assert [name for name in answer if name in PUBLISHED] == list(PUBLISHED)
    assert list(answer["failureInfo"]) == ["type", "message", "stageName", "stepName"]


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_wide_table_is_whole_in_any_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    why = FailureInfo(type="HealthCheckFailed", message="gw-1 (next to gw-2) " + "says 41 " * 20, stage_name="s")
    failed = task(1, "FAILED", failure_info=why, started_at="2026-11-30T23:18:26.339Z", ended_at="2026-11-30T23:18:49Z")
    plan = PlanStatus(
        plan_id="p", name="Plan", status="FAILED", max_concurrency=5, counts={"FAILED": 2}, matching=2,
        tasks=[failed, task(2, "FAILED")],
    )  # fmt: skip
    printed = []
    for is_terminal in (True, False):
        out = io.StringIO()
        monkeypatch.setattr(out, "isatty", lambda is_terminal=is_terminal: is_terminal)
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        show(plan_table(plan, wide=True), whole=True)
        printed.append(re.sub("\x1b\\[[0-9;]*m", "", out.getvalue()))
    # As in a pipe; the terminal breaks rows where its line ends.
    assert printed[0] == printed[1]
    assert why.message.strip() in printed[0]


def test_of_whom_a_cause_is_takes_what_the_cause_leaves_free() -> None:
    causes = FailureCauses()
    for number in range(4000, 4300):
        why = FailureInfo(type="HttpRequestFailed", message="GET no", stage_name="b", step_name="http-request")
        causes.add(f"p.{number}", f"big-t{number}", why)
    out = io.StringIO()
    Console(file=out, width=200).print(cause_line(next(iter(causes)), 200))
    assert "big-t4295, big-t4296, big-t4297, big-t4298, big-t4299 and 295 more" in out.getvalue()


def test_a_page_of_a_large_plan_says_how_to_see_the_rest() -> None:
    failure = FailureInfo(
        type="HealthCheckFailed", message="gw-1 unreachable", stage_name="s", step_name="health-check"
    )
    tasks = [task(4999, "FAILED", failure_info=failure), *(task(n, "PENDING") for n in range(4000, 4029))]
    counts = {"COMPLETED": 4000, "PENDING": 999, "FAILED": 1}
    plan = PlanStatus(
        plan_id="p", name="Plan", status="RUNNING", max_concurrency=5, counts=counts, matching=5000, tasks=tasks
    )
    lines = shown(plan_table(plan, page=2, before=30))
    assert lines[1] == "1 FAILED · 999 PENDING · 4000 COMPLETED"
    assert "tenant-4999" in lines[3]
    assert "HealthCheckFailed at s / health-check: gw-1 unreachable" in lines[3]
    assert lines[-1].startswith("31 to 60 of 5000 tasks; more: --page 3;")
    fewer = plan.model_copy(update={"matching": 1000})
    assert shown(plan_table(fewer))[-1].startswith("1 to 30 of 1000 tasks; more: --page 2;")
    assert "more:" not in shown(plan_table(plan.model_copy(update={"matching": 1, "tasks": tasks[:1]})))[-1]
    for matching, said in (
        (5000, "page 999 is past the last, --page 167: there are 5000 tasks"),
        (0, "none of 0 tasks;"),
    ):
        past = plan_table(plan.model_copy(update={"matching": matching, "tasks": []}), page=999, before=998 * 30)
        assert shown(past)[-1].startswith(said)


def test_a_list_is_written_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w") as nowhere:
        monkeypatch.setattr(sys, "stdout", nowhere)
        tracemalloc.start()
        try:
            print_json_list({"planId": "p"}, "tasks", ({"text": "x" * 1000} for _ in range(10_000)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1024 * 1024


@pytest.mark.parametrize("items", [[], [{"a": 1}], [{"a": 1}, {"b": "ü"}]])
def test_a_list_that_is_written_as_it_comes_is_one_document(
    capsys: pytest.CaptureFixture[str], items: list[dict[str, Any]]
) -> None:
    for head in ({}, {"planId": "p", "name": "}"}):
        print_json_list(head, "tasks", iter(items))
        assert json.loads(capsys.readouterr().out) == {**head, "tasks": items}


def test_a_small_plan_shows_all_and_markup_in_names_is_text() -> None:
    tasks = [TaskStatus(task_id="t", plan_id="p", tenant_id="[red]x[/red]", status="COMPLETED")]
    lines = shown(
        plan_table(PlanStatus(plan_id="p", name="[b]P", status="COMPLETED", max_concurrency=1, counts={}, tasks=tasks))
    )
    assert "[b]P" in lines[0]
    assert "[red]x[/red]" in lines[-1]
    assert any(
        "waiting for" in line and "other-task" in line
        for line in shown(task_detail(task(1, "PENDING", waiting_for="other-task")))
    )


def event(kind: str, number: int | None = None, **more: Any) -> dict[str, Any]:
    head: dict[str, Any] = {"type": kind, "planId": "p"}
    if number is not None:
        head |= {"taskId": f"t{number}", "tenantId": f"tenant-{number}"}
    return {**head, **more}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            event("TaskFailed", 1, sequenceId=7, occurredAt="2026-11-24T08:30:01.5Z", failureInfo={"message": "a\nb"}),
            "7  08:30:01  TaskFailed  tenant-1  failureInfo=a b",
        ),
        (
            event("PlanProgress", sequenceId=8, completedTasks=1, totalTasks=2),
            "8    PlanProgress  p  completedTasks=1  totalTasks=2",
        ),
        (
            event("TaskStarted", 1, sequenceId=9, ledgerClockMillis=1795512575097, totalStages=3),
            "9    TaskStarted  tenant-1  totalStages=3",
        ),
    ],
)
def test_event_line(given: dict[str, Any], line: str) -> None:
    assert event_line(given) == line


def test_an_event_tells_what_is_no_text_as_json_whole_and_without_what_is_not_set() -> None:
    waves = [{"name": f"wave-{n}", "tenants": n, "gate": None} for n in range(30)]
    line = event_line(
        {"sequenceId": 1, "type": "PlanCreated", "waves": waves, "failureTolerance": {"count": 0}, "on": True}
    )
    told = json.dumps([{"name": f"wave-{n}", "tenants": n} for n in range(30)])
    assert line.endswith(f'waves={told}  failureTolerance={{"count": 0}}  on=true')


@pytest.mark.parametrize("state", ["GATED", "REJECTED"])
def test_status_says_that_a_gate_waits_and_the_command(state: str) -> None:
    wave = WaveStatus(name="canary", state=state, tenants=1, ended=1, failed=0, gate="manual", counts={})
    plan = PlanStatus(
        plan_id="p",
        name="P",
        status="RUNNING",
        max_concurrency=1,
        counts={},
        matching=0,
        tasks=[],
        waves=[wave],
        current_wave="canary",
    )
    command = "changeover approve --plan p --wave canary --reason 'say why'"
    assert [line for line in fleet_lines(plan) if line.endswith(f": {command}")]
    assert command not in str(fleet_lines(plan.model_copy(update={"status": "CANCELLED"})))
