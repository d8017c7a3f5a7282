"""What a worker takes from remote control's channel."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from celery.worker.control import Panel

import workers.remote_control
from workers.command_gate import command_made_anew, is_command_queue
from workers.gate import NotOurs

assert workers.remote_control.ALLOWED
REPLY = {"exchange": "reply.celery.pidbox", "routing_key": "9d3c"}


def item(**told: Any) -> dict[str, Any]:
    return {
        "body": base64.b64encode(json.dumps(told).encode()).decode(),
        "content-type": "application/json",
        "headers": {"clock": 2**62},
        "properties": {"body_encoding": "base64", "delivery_tag": [1]},
    }


def own(state: Any, number: int = 1) -> int:
    return number


COMMANDS = {**{name: Panel.data[name] for name in workers.remote_control.ALLOWED}, "own": own}


@pytest.mark.parametrize("method", sorted(workers.remote_control.ALLOWED))
def test_what_looks_passes_as_celery_sends_it(method: str) -> None:
    told: dict[str, Any] = {"method": method, "arguments": {}, "destination": ["w@h"], "pattern": None, "matcher": None}
    made = command_made_anew(item(**told, ticket="t", reply_to=REPLY), COMMANDS)
    assert json.loads(base64.b64decode(made["body"])) | told == json.loads(base64.b64decode(made["body"]))
    assert made["headers"] == {}


def test_arguments_are_those_that_the_command_takes() -> None:
    def arguments(**given: Any) -> Any:
        return json.loads(base64.b64decode(command_made_anew(item(**given), COMMANDS)["body"]))["arguments"]

    assert arguments(method="conf", arguments={"with_defaults": True, "x": 1}) == {"with_defaults": True}
    assert arguments(method="registered", arguments={"taskinfoitems": []}) == {"taskinfoitems": []}
    assert arguments(method="enable_events", arguments={"safe": True}) == {}
    assert arguments(method="own", arguments={"number": 5}) == {"number": 5}
    wrong: tuple[dict[str, Any], ...] = (
        {"method": "own", "arguments": {"other": 1}},
        {"method": "registered", "arguments": {"taskinfoitems": 5}},
    )
    for told in wrong:
        with pytest.raises(NotOurs, match=r"arguments|taskinfoitems"):
            arguments(**told)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"method": "shutdown"},
        {"method": 5},
        {"method": "ping", "pattern": ".*", "matcher": "pcre"},
        {"method": "ping", "pattern": "*"},
        {"method": "ping", "destination": "w@h"},
        {"method": "ping", "arguments": [1]},
        {"method": "ping", "reply_to": {"exchange": "", "routing_key": "lane-0"}},
        {"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": ""}},
        {"method": "ping", "ticket": "x" * 70_000},
    ],
)
def test_the_rest_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(NotOurs):
        command_made_anew(item(**told), COMMANDS)


@pytest.mark.parametrize("one", [[], None, 1, "x", {}, {"body": 1}, {**item(method="ping"), "content-type": "x"}])
def test_what_is_no_message_is_refused(one: Any) -> None:
    with pytest.raises(NotOurs):
        command_made_anew(one, COMMANDS)


def test_replies_are_no_commands() -> None:
    assert is_command_queue("w@h.celery.pidbox")
    assert not is_command_queue("9d3c.reply.celery.pidbox")
    assert not is_command_queue("celeryev.9d3c")
