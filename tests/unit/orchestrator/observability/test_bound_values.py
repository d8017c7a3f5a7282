"""What a user's middleware binds to the lines of a stage may be code: no line is lost for it, and nothing comes out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import TypeAdapter, ValidationError

from orchestrator.domain.status import TaskState
from orchestrator.observability.logs import configure_logs
from orchestrator.observability.stray_errors import LineHandler
from orchestrator.secrets.escapes import DEPTH
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import mask
from orchestrator.settings.model import Settings
from tests.support.hostile_errors import SECRET


class Bad:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        raise self.error


class Shown:
    def __repr__(self) -> str:
        return f"<{SECRET}>"


class BadList(list[Any]):
    def __iter__(self) -> Any:
        raise SystemExit(SECRET)


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    yield
    structlog.contextvars.clear_contextvars()
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before)


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("error", [ValueError(SECRET), SystemExit(SECRET)], ids=["error", "exit"])
def test_a_value_that_cannot_be_shown(capsys: pytest.CaptureFixture[str], log_format: Any, error: Any) -> None:
    configure_logs(Settings(log_format=log_format))
    structlog.contextvars.bind_contextvars(x=Bad(error), y=[{"z": Bad(error)}, BadList([1])], w=Shown())
    structlog.get_logger("acme").error("stage failed", action="stage-failed")
    logging.getLogger("acme").error("of a library")
    said = capsys.readouterr().err
    lines = said.splitlines()
    assert len(lines) == 2
    assert "stage failed" in lines[0]
    assert "of a library" in lines[1]
    assert said.count("a Bad, which cannot say what it is") == 4
    assert SECRET not in said
    if log_format == "json":
        assert json.loads(lines[0])["y"][1] == [1]


def test_what_is_plain_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"))
    given = {"a": 1, "b": 1.5, "c": None, "d": True, "e": "x", "f": [1, {"g": []}]}
    structlog.get_logger("acme").error("x", status=TaskState.FAILED, pair=(1, "b"), **given)
    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in given} == given
    assert (line["status"], line["pair"]) == ("FAILED", [1, "b"])


def test_an_error_of_a_model_shows_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"))
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python({"given": "nobody knows this"})
    structlog.get_logger("acme").error("x", error=caught.value)
    assert json.loads(capsys.readouterr().err)["error"].endswith("Input should be a valid integer [type=int_type]")


def test_a_line_that_cannot_even_be_told_of_ends_nobody() -> None:
    class Leaves(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            raise SystemExit(SECRET)

    handler = LineHandler(io.StringIO())
    handler.setFormatter(Leaves())
    handler.emit(logging.LogRecord("acme", logging.ERROR, "p", 1, "x", None, None))


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_masks_what_the_ledger_masks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_format: Any
) -> None:
    """Though the renderer writes it in one notation more than the mask reads."""
    secret = 'q8Zk1LwX0m"TbRy5cVh7N'
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([secret]))
    configure_logs(Settings(log_format=log_format))
    given = secret
    for _ in range(DEPTH):
        given = json.dumps(given)[1:-1]
    assert "***" in mask(given)
    structlog.get_logger("acme").error("stage failed", action="x", note=given, notes=[{"a": [given], given: 1}])
    logging.getLogger("acme").error("of a library: %s", given)
    try:
        raise ValueError(given)
    except ValueError:
        logging.getLogger("acme").exception("fails")
    said = capsys.readouterr().err
    assert said.count("***") == 5
    assert "q8Zk1LwX0m" not in said


def test_a_line_of_json_stays_one_whatever_is_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values(["8080", "true"]))
    configure_logs(Settings(log_format="json"))
    given = {"port": 8080, "left": -8080, "bytes": 1808012, "ports": [{"a": 8080.5, "ok": True, "b": 7}]}
    structlog.get_logger("acme").error("at 8080", action="x", portü=8080, **given)
    said = capsys.readouterr().err
    line = json.loads(said)
    masked = {"port": "***", "left": "-***", "bytes": "1***12", "ports": [{"a": "***.5", "ok": "***", "b": 7}]}
    assert {name: line[name] for name in given} == masked
    assert line["event"] == "at ***"
    assert "8080" not in said
