"""The Python client: submit plans, follow them, operate them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from orchestrator.domain.config import PlanSpec
from orchestrator.domain.events import Event
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.plan_file import read_plan_file
from orchestrator.settings import Settings, find_servers, load_settings
from orchestrator.status_model import PlanStatus, PlanSummary, SubmitResult, TaskStatus
from orchestrator.status_reader import StatusReader
from orchestrator.submit import write_plan
from orchestrator.validation import validate_plan

BLOCK_SECONDS: Final = 1.0
"""How long one blocking read waits for an event: also how soon a waiting call notices that it may stop."""


class Client:
    """One namespace, as seen by an operator or a script. Use as a context manager, or ``close`` it.

    Every method raises ``Unreachable`` when Redis does not answer, ``NotFound`` for an unknown plan, task or tenant.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Settings come from the environment, or the ``changeover up`` in this folder, unless given."""
        self._settings = settings or load_settings()
        self._url = find_servers(self._settings).redis_url
        self._redis = connect(self._url, patient=False)
        self._ledger = Ledger(self._redis, self._settings)
        self._reader = Reader(self._redis, self._ledger.keys)
        self._status = StatusReader(self._reader)

    def submit(
        self,
        plan: str | Path | Mapping[str, Any] | PlanSpec,
        progress: Callable[[int], None] = lambda _: None,
    ) -> SubmitResult:
        """Checks a plan (a file's path, or the plan itself) and writes it. The same plan twice is one plan.

        ``progress`` is told how many tenants are written. Raises ``InvalidInput`` with everything that is wrong, before
        anything is written, and ``PlanConflict`` when the plan id belongs to other content.
        """
        raw = read_plan_file(plan) if isinstance(plan, str | Path) else plan
        validated = validate_plan(raw, settings=self._settings)
        checked = validated.require()
        with translate_errors(self._url):
            state = write_plan(self._ledger, checked, progress)
        return SubmitResult(plan_id=checked.plan_id, status=state, warnings=validated.warnings)

    def status(self, plan_id: str) -> PlanStatus:
        """A plan with all its tasks."""
        with translate_errors(self._url):
            return self._status.plan(plan_id)

    def summary(self, plan_id: str) -> PlanSummary:
        """A plan without its tasks: cheap, whatever its size."""
        with translate_errors(self._url):
            return self._status.summary(plan_id)

    def plans(self) -> list[PlanSummary]:
        """All plans, the newest first."""
        with translate_errors(self._url):
            return self._status.plans()

    def task_status(self, task_id: str) -> TaskStatus:
        """One task."""
        with translate_errors(self._url):
            return self._status.task(task_id)

    def tenant_status(self, tenant_id: str) -> TaskStatus:
        """The task that holds the tenant, else its first waiter, else its newest task."""
        with translate_errors(self._url):
            return self._status.tenant(tenant_id)

    def wait(self, plan_id: str, timeout_seconds: float | None = None) -> PlanStatus:
        """Blocks until the plan has ended, and answers how. Raises ``TimeoutError`` when it has not by then."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with translate_errors(self._url):
            while (summary := self._status.summary(plan_id)).status not in PLAN_ENDED:
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"plan {plan_id} is still {summary.status} after {timeout_seconds} s")
                newest = self._reader.last_sequence_id(plan_id)
                self._reader.wait_for_event(plan_id, newest, BLOCK_SECONDS)
            return self._status.plan(plan_id)

    def events(self, plan_id: str | None = None, since: int = 0, follow: bool = False) -> Iterator[Event]:
        """Events after sequence id ``since``, in order: a plan's whole log, or what the namespace's feed still holds.

        With ``follow`` it goes on for ever (a plan's: until the plan has ended).
        """
        with translate_errors(self._url):
            if plan_id is not None:
                self._status.summary(plan_id)
            while True:
                # Read before the log: an event written between the two is then still delivered.
                ended = plan_id is not None and self._status.summary(plan_id).status in PLAN_ENDED
                for event in self._reader.events(plan_id, since):
                    since = event.sequence_id
                    yield event
                if not follow or ended:
                    return
                self._reader.wait_for_event(plan_id, since, BLOCK_SECONDS)

    def close(self) -> None:
        """Gives back the connections; may be called twice."""
        self._redis.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
