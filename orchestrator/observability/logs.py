"""Structured logs on stderr, as JSON or for a console, with the task's context while a stage runs."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

import structlog

from orchestrator.domain.printable import printable, printable_block
from orchestrator.ledger.credentials import without_credentials
from orchestrator.ledger.refusals import SOME_SERVER, is_servers_fault, state_words
from orchestrator.observability.line_fields import TASK_FIELDS, merge_bound, raised_error, set_apart
from orchestrator.observability.plain_values import plain_values
from orchestrator.observability.stray_errors import LineHandler, log_stray_errors
from orchestrator.secrets.folder import SecretFolder
from orchestrator.secrets.masking import mask, mask_all_of, mask_value
from orchestrator.secrets.source import own_source
from orchestrator.settings.model import Settings
from steps.told import full_words_of, said_by

LIBRARIES: Final = {
    "celery": "celery",
    "celery.apps.worker": "worker-life",
    "celery.bootsteps": "worker-life",
    "celery.app.trace": "message-outcome",
    "celery.concurrency": "worker-pool",
    "celery.pool": "worker-pool",
    "celery.worker": "worker-life",
    "celery.worker.consumer": "broker-connection",
    "celery.worker.control": "remote-control",
    "celery.worker.request": "message-outcome",
    "celery.worker.strategy": "message-received",
    "kombu": "broker-connection",
    "flower": "flower",
    "tornado": "flower",
    "redis": "redis-connection",
    "httpx": "http",
    "httpcore": "http",
    "uvicorn": "http-server",
    "asyncio": "event-loop",
    "py.warnings": "library-warning",
}
"""What a library's lines are about, by its loggers' names; all others are ``library``."""

_WRITTEN_ALIKE: Final = re.compile(r"[ !#-\[\]-~]*")
"""What a line shows as it is: ASCII for printing without quotation marks and backslashes."""

_task: ContextVar[tuple[str, str, str, str] | None] = ContextVar("task", default=None)


def says_debug() -> bool:
    """Whether a line at DEBUG would be written: making one costs, even if nobody takes it."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def configure_logs(settings: Settings) -> None:
    """Sends our logs and those of the libraries through one formatter, to stderr.

    Each line has ``timestamp``, ``level``, ``logger``, ``action`` and ``event``, and with JSON nothing else is written.
    All secrets that the process can find are masked from now on, here and wherever else it tells something.
    """
    mask_all_of(own_source(SecretFolder(settings.secrets_dir)))
    shared: list[structlog.types.Processor] = [
        merge_bound,
        merge_task,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = settings.log_format == "json"
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = _LineFormatter(
        foreign_pre_chain=[*shared, _named],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            plain_values,
            _servers_fault,
            _told,
            _masked_in_parts,
            # JSON has escapes of its own; what a console shows must not steer it.
            *(() if as_json else (_printable,)),
            renderer,
            _masked_json if as_json else _masked,
        ],
    )
    handler = LineHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    # What libraries warn of (Celery of being root, say) is a line like any other.
    logging.captureWarnings(True)
    log_stray_errors()
    # One line a message at INFO; our own runner already says one a task.
    for noisy in ("celery.worker.strategy", "celery.app.trace", "httpx", "httpcore", "kombu.pidbox", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[set_apart, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class _LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Takes no line of a library for one of structlog, whatever its ``extra`` has."""

    def format(self, record: logging.LogRecord) -> str:
        if type(record.msg) is not dict:
            for mark in ("_logger", "_name"):
                vars(record).pop(mark, None)
        return super().format(record)


def _named(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A line that has no action of its own, as a library's, is told by where it comes from."""
    own = getattr(event["_record"], "action", None)
    event.setdefault("action", own if type(own) is str and own else library_action(str.__str__(event["logger"])))
    return event


def library_action(logger_name: str) -> str:
    """The action of a library's line: that of the longest name in ``LIBRARIES`` that the logger stands under."""
    above = [name for name in LIBRARIES if f"{logger_name}.".startswith(f"{name}.")]
    return LIBRARIES[max(above, key=len)] if above else "library"


def _servers_fault(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """What a server caused is one line that says why: where a library happened to meet it tells nobody anything."""
    error = raised_error(event.get("exc_info"))
    if error is None or not is_servers_fault(error):
        return event
    del event["exc_info"]
    first, *_ = str(event.get("event", "")).splitlines() or [""]
    return {**event, "event": first, "reason": state_words(error, SOME_SERVER), "error": said_by(error)}


def _told(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """The error of the line as text. Not by ``traceback``: it asks the error for its words and parts as it likes."""
    error = raised_error(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = full_words_of(error)
    return event


def _printable(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    shown: structlog.types.EventDict = {}
    for key, value in event.items():
        if isinstance(value, str):
            # A traceback keeps its lines; what is quoted in it is set in below it.
            value = printable_block(value) if key == "exception" else printable(value)
        shown[printable(key)] = value
    return shown


def _masked_in_parts(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """What is about to be written in one notation more is masked before, as the ledger has it: with that one it may be
    in more than the mask reads."""
    shown: structlog.types.EventDict = {}
    for key, value in event.items():
        is_text = isinstance(value, str)
        if _WRITTEN_ALIKE.fullmatch(f"{key}{value}" if is_text else key) and not isinstance(value, list | dict):
            shown[key] = value
        else:
            shown.update(mask_value({key: value}))
    return shown


def _masked_json(logger: Any, name: str, line: Any) -> Any:
    """As ``_masked``, and the line stays JSON: what is no text becomes one where the mask is put into it."""
    said = mask(line)
    if said != line and not _is_json(said):
        said = mask(json.dumps(_with_texts(json.loads(line))))
    return without_credentials(said)


def _is_json(line: str) -> bool:
    with suppress(ValueError):
        json.loads(line)
        return True
    return False


def _with_texts(value: Any) -> Any:
    """The value with text for each number and word of JSON that the mask takes something out of."""
    if isinstance(value, dict):
        return {name: _with_texts(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_texts(one) for one in value]
    text = "" if isinstance(value, str) else json.dumps(value)
    return value if mask(text) == text else text


def _masked(logger: Any, name: str, line: Any) -> Any:
    # The last in line, so that no library's words slip past it either.
    return without_credentials(mask(line)) if isinstance(line, str) else line


def bind_task(plan_id: str, task_id: str, tenant_id: str, stage_name: str) -> None:
    """Every log line of the current context (``contextvars``) carries these four, for as long as it lasts."""
    _task.set((plan_id, task_id, tenant_id, stage_name))


def merge_task(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Adds them: a processor of structlog, since most stages write no line and then nothing is to be done."""
    if (task := _task.get()) is not None:
        for key, value in zip(TASK_FIELDS, task, strict=True):
            event.setdefault(key, value)
    return event
