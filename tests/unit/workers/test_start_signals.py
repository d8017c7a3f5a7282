"""A receiver that a worker cannot do without ends the process, whatever it raises: Celery would swallow it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from celery.utils.dispatch import Signal

from orchestrator.domain.errors import Unreachable
from workers import start_signals
from workers.start_signals import ends_process

APP = Path(start_signals.__file__).with_name("app.py")
AT_ITS_START = {"setup_logging", "celeryd_init", "celeryd_after_setup", "worker_ready"}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("no number"), 2, "error: worker cannot start: ValueError: no number\n"),
        (Unreachable("no Redis named"), 4, "error: no Redis named\n"),
    ],
)
def test_what_escapes_is_one_line_and_an_exit(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @ends_process
    def receiver(**_: Any) -> None:
        raise error

    signal = Signal(providing_args=set())
    signal.connect(receiver)
    with pytest.raises(SystemExit) as ended:
        signal.send(sender=None)
    assert ended.value.code == code
    assert capsys.readouterr().err == said


def test_every_receiver_of_a_start_is_one() -> None:
    # Read, since the module is loaded by a worker's process alone.
    found = {}
    for function in ast.walk(ast.parse(APP.read_text())):
        if isinstance(function, ast.FunctionDef):
            words = [ast.unparse(decorator) for decorator in function.decorator_list]
            if heard := {word.split(".")[1] for word in words if word.startswith("signals.")} & AT_ITS_START:
                found[function.name] = (heard, words[-1])
    assert set().union(*(heard for heard, _ in found.values())) == AT_ITS_START
    assert {last for _, last in found.values()} == {"ends_process"}
