"""Traces by OpenTelemetry, if the setting ``traces`` is on: a plan is a trace; tasks, turns and steps are its spans.

No process lives as long as a plan, and no process has to know another's spans: trace id and the ids of a plan's and a
task's spans are made of their names. So a worker's spans hang below a task's span that a coordinator sends when the
task has ended (``coordinator/trace_feed.py``), whoever of them is restarted meanwhile.

While it is off nothing of OpenTelemetry's SDK is loaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.task_id import plan_of
from orchestrator.secrets.known import SHORTEST
from orchestrator.secrets.masking import mask, mask_value, remember
from orchestrator.settings.model import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanContext

MOVE: Final = "move"
ROLLBACK: Final = "roll back"

_made: list[Tracing] = []


def start_tracing(settings: Settings, exporter: SpanExporter | None = None) -> Tracing | None:
    """Of this process, from now on; None when the setting is off. ``exporter``: another than that of the environment
    (``OTEL_EXPORTER_OTLP_ENDPOINT``). Raises ``InvalidInput`` when the extra is not installed."""
    if not settings.traces:
        return None
    if _made:
        # A coordinator and a worker in one process.
        return _made[0]
    _remember_secrets(os.environ)
    try:
        _made[:] = [Tracing(settings.namespace, exporter)]
    except ModuleNotFoundError as error:
        message = f"traces need the extra: pip install 'changeover[otel]' ({error})"
        raise InvalidInput([Problem("traces", True, message)]) from error
    return _made[0]


def _remember_secrets(environment: Mapping[str, str]) -> None:
    """What the exporter's own variables hold may be quoted in its warnings: values of headers, and of the endpoint the
    password and the query's values."""
    for name, text in environment.items():
        if name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("HEADERS"):
            secrets = [part.strip() for pair in text.split(",") for part in (pair, pair.partition("=")[2])]
        elif name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("ENDPOINT"):
            query = text.partition("?")[2]
            user = text.partition("://")[2].partition("/")[0].rpartition("@")[0]
            secrets = [*(pair.partition("=")[2] for pair in query.split("&")), user.partition(":")[2] or user]
        else:
            continue
        for secret in secrets:
            if len(secret) >= SHORTEST:
                remember(secret)
                remember(unquote(secret))


def stop_tracing() -> None:
    """Sends what is left; may be called twice."""
    while _made:
        _made.pop().stop()


def task_headers(task_id: str, *, rolls_back: bool) -> dict[str, str]:
    """What a message about the task carries: the context of its span; nothing while traces are off."""
    return _made[0].headers_of(task_id, rolls_back=rolls_back) if _made else {}


_forced: ContextVar[tuple[int, int] | None] = ContextVar("forced", default=None)
"""Trace and span id of the span that is being made."""


class Tracing:
    """What the spans of a process are made with."""

    def __init__(self, namespace: str, exporter: SpanExporter | None = None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        class Ids(RandomIdGenerator):
            def generate_span_id(self) -> int:
                forced = _forced.get()
                return forced[1] if forced else super().generate_span_id()

            def generate_trace_id(self) -> int:
                forced = _forced.get()
                return forced[0] if forced else super().generate_trace_id()

        self._namespace = namespace
        # What the environment says of the service (OTEL_SERVICE_NAME) goes before.
        resource = Resource({"service.name": "changeover", "changeover.namespace": namespace}).merge(Resource.create())
        self._provider = TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_masked(exporter or OTLPSpanExporter())))
        self.tracer = self._provider.get_tracer("changeover")

    def stop(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()

    def headers_of(self, task_id: str, *, rolls_back: bool) -> dict[str, str]:
        """The ``traceparent`` of the task's span."""
        return carried(self.task_context(task_id, rolls_back=rolls_back))

    def plan_context(self, plan_id: str) -> SpanContext:
        """Of the plan's span, whether or not it was sent yet."""
        return self._context(plan_id, f"plan {plan_id}")

    def task_context(self, task_id: str, *, rolls_back: bool) -> SpanContext:
        """Of the task's span, for its move or its way back."""
        return self._context(plan_of(task_id), f"{ROLLBACK if rolls_back else MOVE} {task_id}")

    @contextmanager
    def below(self, parent: SpanContext | None, own: SpanContext | None = None) -> Iterator[Any]:
        """The context to start a span in: below ``parent``, with the ids of ``own`` if given."""
        from opentelemetry.context import Context
        from opentelemetry.trace import NonRecordingSpan, set_span_in_context

        context = Context()
        if parent is not None:
            context = set_span_in_context(NonRecordingSpan(parent), context)
        token = _forced.set((own.trace_id, own.span_id) if own is not None else None)
        try:
            yield context
        finally:
            _forced.reset(token)

    def _context(self, plan_id: str, span: str) -> SpanContext:
        from opentelemetry.trace import SpanContext, TraceFlags

        trace_id = _number(f"{self._namespace}/{plan_id}", 16)
        sampled = self._provider.sampler.should_sample(None, trace_id, "plan").decision.is_sampled()  # type: ignore[no-untyped-call]
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return SpanContext(trace_id, _number(f"{self._namespace}/{span}", 8), is_remote=True, trace_flags=flags)


def _masked(exporter: SpanExporter) -> SpanExporter:
    """The one gate that spans leave by: whatever is put on one, its texts are masked when it is sent."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import Status

    def masked(span: ReadableSpan) -> ReadableSpan:
        said = span.status.description
        return ReadableSpan(
            name=mask(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=mask_value(dict(span.attributes or {})),
            events=[
                Event(mask(one.name), mask_value(dict(one.attributes or {})), one.timestamp) for one in span.events
            ],
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code, mask(said) if said else said),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    class MaskedExporter(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([masked(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30000) -> bool:
            return exporter.force_flush(timeout_millis)

    return MaskedExporter()


def carried(context: SpanContext) -> dict[str, str]:
    """The context as W3C's header."""
    flags = int(context.trace_flags)
    return {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"}


def end_span(span: Span, failure: str | None, end_ns: int | None = None) -> None:
    """Ends it, as an error if it is one."""
    from opentelemetry.trace import Status, StatusCode

    if failure is not None:
        span.set_status(Status(StatusCode.ERROR, failure))
    span.end(end_ns)


def attributes(**values: str | int | None) -> Mapping[str, str | int]:
    """Attributes of a span in our own space: ``changeover.plan`` and so on."""
    return {f"changeover.{name}": value for name, value in values.items() if value is not None}


def _number(text: str, size: int) -> int:
    # Zero is no id.
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size], "big") or 1
