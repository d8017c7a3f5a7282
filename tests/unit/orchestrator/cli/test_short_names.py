"""A tenant's name that does not fit its column can still be told from the others."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from orchestrator.cli.short_names import short_names
from orchestrator.cli.watch.sections import moving_table, task_list
from orchestrator.control.answers import TaskStatus
from orchestrator.control.live_plan import LiveView, TaskView

NOW = cast(LiveView, SimpleNamespace(now=datetime(2026, 11, 29, tzinfo=UTC)))
"""All that the table of what moves reads of a live plan."""

ENDS_DIFFER = [f"tenant-with-a-rather-long-name-{number:03}" for number in range(1, 5)]
MIDDLES_DIFFER = [f"eu-central-customer-{number:03}-of-the-blue-gateway" for number in range(1, 5)]
BOTH = [f"eu-central-{ring}-customer-{number}-of-the-blue-gateway" for ring in ("early", "later") for number in (1, 2)]


def test_what_fits_is_whole() -> None:
    assert short_names(["acme", "birch"], 16) == ["acme", "birch"]
    assert short_names([], 16) == []


def test_beginning_and_end_stay() -> None:
    assert short_names(ENDS_DIFFER[:2], 16) == ["tenant-…name-001", "tenant-…name-002"]


def test_shown_around_where_they_differ() -> None:
    assert short_names(MIDDLES_DIFFER[:2], 16) == ["…er-001-of-the-…", "…er-002-of-the-…"]


def test_shown_by_the_parts_that_differ() -> None:
    assert short_names(BOTH, 16) == ["…early…1…", "…early…2…", "…later…1…", "…later…2…"]


@pytest.mark.parametrize("width", [12, 16, 30, 40])
@pytest.mark.parametrize("names", [ENDS_DIFFER, MIDDLES_DIFFER, BOTH, [*ENDS_DIFFER, *MIDDLES_DIFFER, "acme"]])
def test_no_two_look_the_same(names: list[str], width: int) -> None:
    shown = short_names(names, width)
    assert len(set(shown)) == len(names), shown
    assert all(len(one) <= width for one in shown)
    assert short_names([*names, *names], width) == [*shown, *shown], "the same name twice looks the same"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_screen_tells_tenants_apart_at_any_width(width: int) -> None:
    tasks = [
        TaskStatus(task_id=f"p.{place}", plan_id="p", tenant_id=name, status="RUNNING", current_stage="switch-gateway")
        for place, name in enumerate(MIDDLES_DIFFER)
    ]
    views = [TaskView(task, "health-check", "3/10", "gw-1 says 41", None) for task in tasks]
    for table in (task_list(tasks, width), moving_table(NOW, views, width)):
        console = Console(width=width, file=StringIO())
        console.print(table)
        drawn = console.file.getvalue()  # type: ignore[attr-defined]
        print(drawn)
        assert all(part in drawn for part in ("001", "002", "003", "004")), drawn
        assert "switch-gateway" in drawn
