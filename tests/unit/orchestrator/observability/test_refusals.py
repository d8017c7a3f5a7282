"""A refused start says why without the secrets of who refused."""

from __future__ import annotations

import pytest

from orchestrator.cli.output import print_error, problem_json
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.observability.refusals import refusal_lines
from orchestrator.secrets import masking
from orchestrator.secrets.known import KnownSecrets

SECRET = "plantedsecret9431"


@pytest.mark.parametrize("settings_are_right", [True, False])
def test_it_is_masked_before_anything_is_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings_are_right: bool
) -> None:
    monkeypatch.setattr(masking, "_known", KnownSecrets())
    monkeypatch.setattr(masking, "_source", None)
    monkeypatch.setenv("CHANGEOVER_SECRET_S1", SECRET)
    monkeypatch.setenv("CHANGEOVER_LOG_LEVEL", "INFO" if settings_are_right else "loud")
    error = InvalidInput(
        [Problem("middlewares[0]", "leaky", f"cannot be used: ValueError: log in with {SECRET}\x1b[2J")]
    )
    (line,) = refusal_lines(error)
    assert line.startswith("error: middlewares[0]: cannot be used: ValueError: log in with ***\\x1b")
    print_error(error)
    assert SECRET not in capsys.readouterr().err


def test_a_problem_that_is_told_part_by_part_is_masked_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", KnownSecrets())
    monkeypatch.setattr(masking, "_source", None)
    monkeypatch.setenv("CHANGEOVER_SECRET_S1", SECRET)
    shown = problem_json(Problem(f"tenants.{SECRET}", {"a": [SECRET]}, f"bad {SECRET}"))
    assert shown == {"path": "tenants.***", "value": {"a": ["***"]}, "message": "bad ***"}
