"""The rules of the design as plain Python, without Redis: what an operation answers, what follows, which events.

Written from ``design.md`` sections 2 to 6 and ``fleet.md``, not from the scripts, and compared with them after every
step of a random run. Time is left out: what a sweep finds overdue is said by the caller. Each module is a layer that
stands on those before it: core, freezes, lines, plan_ends, waves, task_ends, admission, worker, task_operations,
plan_operations, failure_answers, chunks, model.
"""

from __future__ import annotations

from tests.support.model.model import Model
from tests.support.model.records import FAILURES, Limits, Mark, Plan, Task, Tenant, Wave

__all__ = ["FAILURES", "Limits", "Mark", "Model", "Plan", "Task", "Tenant", "Wave"]
