"""An event as a line of the page's log."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.console.page.log_lines import log_line
from orchestrator.domain.events import TaskResumed


def test_the_ledgers_clock_is_for_programs_alone() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    event = TaskResumed(
        sequence_id=2,
        plan_sequence_id=2,
        plan_id="p",
        occurred_at=at,
        task_id="p.0",
        tenant_id="t",
        ledger_clock_millis=1795512575031,
    )
    assert log_line(event).words == ""
