"""What Python tells past all loggers comes as masked lines of the log."""

from __future__ import annotations

import gc
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from orchestrator.observability.logs import configure_logs
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.model import Settings
from tests.support.hostile_errors import HOSTILE
from tests.support.long import long, longer, mostly_long

SECRET = "plantedsecret9431"


class Mute:
    def __str__(self) -> str:
        raise ValueError(f"str of {SECRET}")

    __repr__ = __str__


class Dying:
    def __del__(self) -> None:
        raise ValueError(f"del {SECRET}")


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    structlog.configure(**before)


def fails() -> None:
    raise ValueError(f"thread {SECRET}")


def leaves() -> None:
    raise SystemExit(SECRET)


def test_all_of_it_is_lines_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    # Not before: pytest has handlers of its own, by the phase of a test.
    configure_logs(Settings(log_format="json"))
    logging.getLogger("acme").warning("%d things", SECRET)
    logging.getLogger("acme").warning("x %s", Mute())
    structlog.get_logger("acme").warning("x", action="shown", value=Mute())
    for target in (fails, leaves):
        thread = threading.Thread(target=target, name="one")
        thread.start()
        thread.join()
    dying: Dying | None = Dying()
    del dying
    gc.collect()
    try:
        fails()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(SECRET), None)

    said = capsys.readouterr()
    assert SECRET not in said.err
    lines = [json.loads(line) for line in said.err.splitlines()]
    told = [(line["logger"], line["action"], line["level"]) for line in lines]
    assert told[:3] == [*[("acme", "log-fault", "error")] * 2, ("acme", "shown", "warning")]
    assert told[3:] == [("changeover.stray", action, "critical") for action in ("uncaught", "unraisable", "uncaught")]
    assert "thread one ended" in lines[3]["event"]
    assert "ValueError: thread ***" in lines[3]["exception"]
    assert "test_stray_errors.py:" in lines[0]["event"]


class Refusing:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error

    __repr__ = __str__


@longer
@pytest.mark.parametrize("name", mostly_long(HOSTILE, "words-leave", "all-parts-leave", "groups"))
@pytest.mark.parametrize("log_format", ["json", pytest.param("console", marks=long)])
def test_an_error_whose_words_are_code_is_a_line(
    capsys: pytest.CaptureFixture[str], name: str, log_format: Any
) -> None:
    """Whoever logs it, and however it gets there."""
    configure_logs(Settings(log_format=log_format))
    error = HOSTILE[name]()

    def stray() -> None:
        raise error

    for log in (structlog.get_logger("acme"), logging.getLogger("acme")):
        try:
            raise error
        except BaseException:
            log.exception("step raised")
    logging.getLogger("acme").warning("x %s", Refusing(RecursionError(SECRET)))
    logging.getLogger("acme").warning("x %s", Refusing(SystemExit(SECRET)))
    structlog.get_logger("acme").warning("x", value=Refusing(error))
    thread = threading.Thread(target=stray, name="one")
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert said.count("step raised") == 2
    assert said.count("log-fault") == 2
    assert "a Refusing, which cannot say what it is" in said
    assert said.count("thread one ended") == 1
    assert SECRET not in said
