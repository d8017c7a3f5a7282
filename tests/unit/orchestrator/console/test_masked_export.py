"""The console's export hides what a name says is secret in what was submitted, and tells whole what happened."""

from __future__ import annotations

from typing import Any

from orchestrator.console.api.masked_export import masked_lines

SECRET = "hunter2W"
SAID = "answered status 401: {'error': 'token: expired'}; password=x"


def test_only_what_was_submitted_is_masked_by_names() -> None:
    step = {"type": "http-request", "headers": {"X-Api-Key": SECRET}, "body": f"token: {SECRET}"}
    plan: dict[str, Any] = {"lastOperation": {"reason": SAID}, "stages": [{"name": "s", "steps": [step]}]}
    task: dict[str, Any] = {"failureInfo": {"message": SAID}, "config": {"variables": {"db_password": SECRET}}}
    event = {"kind": "event", "event": {"failureInfo": {"message": SAID}, "token": "t"}}
    *told, last = masked_lines([{"kind": "plan", "plan": plan}, {"kind": "task", "task": task}, event])
    hidden = {"type": "http-request", "headers": {"X-Api-Key": "***"}, "body": "token: ***"}
    assert told[0] == {"kind": "plan", "plan": plan | {"stages": [{"name": "s", "steps": [hidden]}]}}
    assert told[1] == {"kind": "task", "task": task | {"config": {"variables": {"db_password": "***"}}}}
    assert last == event


def test_a_config_that_is_no_json_any_more_is_masked_as_the_text_it_is() -> None:
    line = {"kind": "task", "task": {"config": f'{{"db_password": "{SECRET}", '}}
    assert list(masked_lines([line])) == [{"kind": "task", "task": {"config": '{"db_password": "***", '}}]
