"""Whatever name and value users' code binds or gives: each line comes, and says what it says without it."""

from __future__ import annotations

import inspect
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from orchestrator.observability.line_fields import TASK_FIELDS
from orchestrator.observability.logs import bind_task, configure_logs
from orchestrator.observability.plain_values import MOST_ENTRIES
from orchestrator.observability.stray_errors import LineHandler
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.model import Settings
from tests.support.hostile_errors import SECRET

_READ = re.compile(r'\b(?:event_dict|ed|kw)(?:\.(?:pop|get|setdefault))?[\[(]\s*"(\w+)"')
_MACHINERY = (structlog.processors, structlog.stdlib, structlog.dev, structlog._native, structlog._base)
_OF_RECORDS = {*vars(logging.makeLogRecord({})), "message", "asctime"}


class Left(BaseException):
    """No ``Exception``, and one that pytest bears."""


class Bad:
    def _leave(self, *_: Any) -> Any:
        raise Left(SECRET)

    __repr__ = __str__ = __bool__ = __len__ = __eq__ = __hash__ = _leave


class Odd(str):
    __slots__ = ()

    def __format__(self, form: str) -> str:
        raise Left(SECRET)

    __str__ = __repr__ = __len__ = __eq__ = __hash__ = __format__  # type: ignore[assignment]


def special_names() -> set[str]:
    """All by which structlog and ``logging`` make a line, as their code has them, and our own."""
    read = {name for module in _MACHINERY for name in _READ.findall(inspect.getsource(module))}
    columns = {column.key for column in structlog.dev.ConsoleRenderer().columns}
    found = read | columns | _OF_RECORDS | {"action", "reason", "error", "stacklevel", "_logger", "_name", *TASK_FIELDS}
    assert found >= {"_record", "_from_structlog", "exc_info", "exception", "stack", "event", "level", "timestamp"}
    return found - {""}


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs(Settings(log_format=request.param))
    bind_task("p", "p.0", "t", "s")
    yield stream
    structlog.contextvars.clear_contextvars()
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before)


def own(**given: Any) -> None:
    structlog.get_logger("acme").error("hello", **({"action": "a"} | given))


def librarys(**given: Any) -> None:
    logging.getLogger("acme").error("hello", extra=given)


def raised(**given: Any) -> None:
    try:
        raise ValueError("raised")
    except ValueError:
        structlog.get_logger("acme").exception("hello", **({"action": "a"} | given))


def bound(call: Callable[..., None], name: str, value: Any) -> None:
    with structlog.contextvars.bound_contextvars(**{name: value}):
        call()


def given(call: Callable[..., None], name: str, value: Any) -> None:
    call(**{name: value})


def of_logger(name: str, value: Any) -> None:
    structlog.get_logger("acme").bind(**{name: value}).error("hello", action="a")


def line(stream: io.StringIO, call: Callable[..., None], *how: Any) -> dict[str, Any]:
    """What the call's one line says: of a console's, its columns and fields."""
    # Pytest adds handlers of its own, by the phase of a test.
    logging.getLogger().handlers = [one for one in logging.getLogger().handlers if isinstance(one, LineHandler)]
    stream.seek(0)
    stream.truncate()
    call(*how)
    said = stream.getvalue()
    assert SECRET not in said
    if said.startswith("{"):
        assert said.count("\n") == 1
        told: dict[str, Any] = json.loads(said)
        told["timestamp"] = re.sub(r"\d", "0", told["timestamp"])
        told["exception"] = str(told.get("exception"))[-18:]
        return told
    first, _, exception = said.partition("\n")
    head = re.match(r"(\S+Z) (\[\w+ *\]) (.{30}) (\[[^]]*\])(.*)", first)
    assert head is not None, said
    fields = dict(re.findall(r" (\w+)=('[^']*'|\S+)", head[5]))
    return fields | {
        "timestamp": re.sub(r"\d", "0", head[1]),
        "columns": head.groups()[1:4],
        "exception": exception[-19:],
    }


_GIVEN = {"action", "reason", "error", *TASK_FIELDS}
"""What a call may say itself."""


@pytest.mark.parametrize("call", [own, librarys], ids=lambda call: call.__name__)
def test_no_name_stands_in_the_place_of_what_a_line_is_made_by(written: io.StringIO, call: Callable[..., None]) -> None:
    plain = line(written, call)
    assert plain["taskId"] == "p.0"
    for name in sorted(special_names()):
        for value in (5, Bad()):
            assert plain.items() <= line(written, bound, call, name, value).items(), (name, value)
            if name in ("event", *(_OF_RECORDS if call is librarys else ())):
                # Python refuses the call.
                continue
            said = line(written, given, call, name, value)
            if name in _GIVEN:
                said[name] = plain.get(name)
            assert plain.items() <= said.items(), (name, value)


@pytest.mark.parametrize("value", [Bad(), ("x",), ("a", "b", "c"), (), "text"], ids=lambda value: type(value).__name__)
def test_an_error_that_is_none_leaves_the_one_that_was_raised(written: io.StringIO, value: Any) -> None:
    plain = line(written, raised)
    assert plain["exception"].strip().endswith("ValueError: raised"[-18:])
    for name in ("exc_info", "exception", "stack"):
        for way in (bound, given):
            assert plain.items() <= line(written, way, raised, name, value).items()


@pytest.mark.parametrize("name", ["event", "exc_info", "level", "_record"])
def test_nor_does_one_that_a_logger_has_bound(written: io.StringIO, name: str) -> None:
    assert line(written, own).items() <= line(written, of_logger, name, Bad()).items()


def test_what_is_set_apart_is_told(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(level="blue", user_level="green", planId="q"):
        said = line(written, given, own, "stack", "red")
    assert {name: said.get(name) for name in ("user_level", "user_user_level", "user_planId", "user_stack")} == {
        "user_level": said["user_level"],
        "user_user_level": "blue" if said["user_level"] == "green" else "green",
        "user_planId": "q",
        "user_stack": "red",
    }


def deep(value: Any, count: int, times: int = 1) -> Any:
    for _ in range(count):
        value = [value] * times
    return value


def test_no_value_stops_a_line(written: io.StringIO) -> None:
    circle: list[Any] = []
    circle += [circle, circle, circle]
    values: list[Any] = [10**5000, -(10**5000), [10**5000], {1: 10**5000}, deep(1, 5000), circle, deep(1, 60, 2)]
    plain = line(written, own)
    for value in [*values, Odd("x"), [Odd("y")], float("nan"), "\ud800", "\x1b[2J"]:
        for way in (bound, given):
            said = line(written, way, own, "x", value)
            assert plain.items() <= said.items()
            assert "\x1b" not in str(said)
            assert len(str(said)) < 30 * MOST_ENTRIES
    line(written, given, own, "x\x1b[2J", 1)
    assert "\x1b" not in written.getvalue()


def test_no_line_of_a_library_is_taken_for_one_of_structlog(written: io.StringIO) -> None:
    plain = line(written, librarys)
    assert line(written, lambda: librarys(_logger=5, _name=Bad())) == plain


def test_a_line_that_its_context_stops_is_told_without_it() -> None:
    class Stopped(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            if structlog.contextvars.get_contextvars():
                raise ValueError("bound")
            return super().format(record)

    handler = LineHandler(io.StringIO())
    handler.setFormatter(Stopped())
    with structlog.contextvars.bound_contextvars(a=1):
        handler.emit(logging.LogRecord("acme", logging.ERROR, "p", 1, "x", None, None))
    assert handler.stream.getvalue() == "a log line of p:1 could not be made: ValueError: bound\n"
