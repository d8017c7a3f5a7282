"""Spans around turns of stages and attempts of steps, and their context in what a step sends by HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.domain.status import TaskState
from orchestrator.observability.tracing import Tracing, attributes, carried, end_span
from orchestrator.settings.model import Settings
from steps import Failed, Http, HttpAnswer, HttpRequest, Outcome, PollAgain
from steps.http.parameters import with_header
from workers.middleware import Middleware, StageInfo, StepInfo
from workers.turn_run import SharedHttp

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_open: ContextVar[tuple[Span, ...]] = ContextVar("open spans", default=())
"""Of this thread's turn: its own, then that of its step."""


class TracingMiddleware(Middleware):
    """The outermost of all: what other middlewares answer is told too."""

    def __init__(self, settings: Settings, tracing: Tracing) -> None:
        super().__init__(settings)
        self._tracing = tracing

    def before_stage(self, stage: StageInfo) -> None:
        rolls_back = stage.mode == TaskState.ROLLING_BACK
        parent = self._tracing.task_context(stage.task_id, rolls_back=rolls_back)
        told = attributes(
            plan=stage.plan_id, task=stage.task_id, tenant=stage.tenant_id, stage=stage.stage_name, turn=stage.turn
        )
        with self._tracing.below(parent) as context:
            span = self._tracing.tracer.start_span(f"stage {stage.stage_name}", context, attributes=told)
        _open.set((span,))

    def after_stage(self, stage: StageInfo, outcome: Outcome) -> None:
        for span in reversed(_open.get()):
            _end(span, outcome)
        _open.set(())

    def before_step(self, step: StepInfo) -> None:
        stage = _open.get()[:1]
        told = attributes(step=step.name, index=step.index, attempt=step.attempt)
        with self._tracing.below(stage[0].get_span_context() if stage else None) as context:
            span = self._tracing.tracer.start_span(f"step {step.name}", context, attributes=told)
        _open.set((*stage, span))

    def after_step(self, step: StepInfo, outcome: Outcome) -> None:
        *stage, span = _open.get()
        _end(span, outcome)
        _open.set(tuple(stage))


class SharedTracedHttp:
    """A process' client whose requests carry the context of the step that sends them."""

    def __init__(self, http: SharedHttp) -> None:
        self._http = http

    def of(self, owner: str) -> Http:
        """The client for one tenant's steps, or for the gates of a plan."""
        return TracedHttp(self._http.of(owner))


class TracedHttp:
    """Requests carry the context of the step that sends them."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        if spans := _open.get():
            for name, value in carried(spans[-1].get_span_context()).items():
                # A plan's own goes before, in whatever case: two would be none (W3C Trace Context, 3.2).
                requests = [replace(one, headers=with_header(dict(one.headers), name, value)) for one in requests]
        return self._http.fetch_all(requests, timeout_seconds)


def _end(span: Any, outcome: Outcome) -> None:
    match outcome:
        case PollAgain(_, note):
            span.set_attributes(attributes(outcome="again", note=note or None))
            end_span(span, None)
        case Failed(kind, message):
            span.set_attributes(attributes(outcome="failed"))
            end_span(span, f"{kind}: {message}")
        case _:
            span.set_attributes(attributes(outcome="done"))
            end_span(span, None)
