"""What a name beside it says is secret is not for people to read, in whatever notation a text has the two."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.secrets.masking import masked, masked_config
from orchestrator.secrets.notations import speaks_of_secret
from orchestrator.validation.config_diff import config_changes


def nested(password: str) -> str:
    """A document in one in one."""
    return json.dumps({"a": json.dumps({"b": json.dumps({"password": password, "c": 1})})})


TEXTS = {
    '{"password":"hunter2W"}': '{"password":"***"}',
    '{"a": 1, "password" : "hun\\"ter2W", "b": 2}': '{"a": 1, "password" : "***", "b": 2}',
    "{'pin': 5432, 'x': 1}": "{'pin': ***, 'x': 1}",
    nested('hunter "2"W'): nested("***"),
    "password: hunter2W": "password: ***",
    "a: 1\ndb.password:   hunter2W and more\nuser: bob": "a: 1\ndb.password:   ***\nuser: bob",
    "password: 'hunter''2W' # so": "password: '***' # so",
    'password: "hunter\n  2W"\nuser: bob': 'password: "***"\nuser: bob',
    "private_key: |-\n  hunter\n\n  2W\nuser: bob": "private_key: ***\nuser: bob",
    "[db]\npassword = hunter 2W\nuser = bob": "[db]\npassword = ***\nuser = bob",
    "pass = hunter2W": "pass = ***",
    "Authorization: Bearer hunter2W": "Authorization: ***",
    "run --password hunter2W --tries 3": "run --password *** --tries 3",
    "run --db-password 'hunter 2W' -v": "run --db-password '***' -v",
    "run --pin=5432": "run --pin=***",
    '["run", "--password", "hunter2W", "-v"]': '["run", "--password", "***", "-v"]',
    'docker run -e "PASSWORD=hunter 2W" x': 'docker run -e "PASSWORD=***" x',
    "Server=db;Password=hunter2W;Pooling=on": "Server=db;Password=***;Pooling=on",
    "http://h/?key=hunter2W&b=1": "http://h/?key=***&b=1",
    'password: "hunter2W': 'password: "***"',
    # A template is no secret, and none is cut.
    "http://h/?token={{ secret.TOK }}&b=1": "http://h/?token=***&b=1",
    "token=a{{ secret['TOK'] }}b&c=1": "token=***&c=1",
    '{"token": {{ secret.TOK }}, "a": 1}': '{"token": ***, "a": 1}',
    "run --token {{ secret.TOK }} -v": "run --token *** -v",
    "redis://{{ tenant.variables.user }}:hunter2W@h/0": "redis://***@h/0",
    "http://h/?token={% if tenant.variables.eu %}hunter2W{% else %}other2W{% endif %}&b=1": "http://h/?token=***&b=1",
    "token={# not old2W #}hunter2W&b=1": "token=***&b=1",
    "run --token {% if a %}hunter2W{% endif %} -v": "run --token *** -v",
    # Also with such quotation marks as enclose it.
    '{"token": "{% if a == "eu" %}hunter2W{% else %}other2W{% endif %}", "a": 1}': '{"token": "***", "a": 1}',
    '{"token": "{{ "hunter2W" if a == "eu" else "other2W" }}", "a": 1}': '{"token": "***", "a": 1}',
    'token="{% if a == "eu" %}hunter2W{% endif %}" b=1': 'token="***" b=1',
    'run -e "TOKEN={% if a == "eu" %}hunter2W{% endif %}" x': 'run -e "TOKEN=***" x',
    "run --token '{% if a == 'eu' %}hunter2W{% endif %}' -v": "run --token '***' -v",
    nested('{% if a == "eu" %}hunter2W{% endif %}'): nested("***"),
    "redis://{% if a %}u1{% else %}u2{% endif %}:hunter2W@h/0": "redis://***@h/0",
}
HARMLESS = (
    *("http://token-service:8080/health?a=b", "tenant.variables.token == 'x'", "password:", "password:\nuser: bob"),
    *('"token": null, "secret": false', "run --token --verbose", "key: 5", "the token is old", "keep --it simple"),
    *("exit code=137 key=tenant:42", 'run -e "code=1"'),
)
HAPPENED = (
    *("answered status 401: {'error': 'token: expired'}", "com.acme.TokenException: upstream eu-1 answered 503"),
    *("waits for the new token: Anna has it at 4 a.m.", "authorization: caller has no role deploy"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_shows_no_value_beside_such_a_name(text: str) -> None:
    assert masked_config(text) == TEXTS[text]
    assert masked_config(masked_config(text)) == TEXTS[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_all_else_is_shown(text: str) -> None:
    assert masked_config(text) == text


@pytest.mark.parametrize("text", HAPPENED)
def test_what_happened_is_told_whole(text: str) -> None:
    assert masked({"message": text}) == {"message": text}
    assert masked(f"{text} https://h/?token=hunter2W&a=1") == f"{text} https://h/?token=***&a=1"


SECRET = "hunter2W"
BESIDE: list[tuple[Any, Any]] = [
    ([{"name": "DB_PASSWORD", "value": SECRET}], [{"name": "DB_PASSWORD", "value": "***"}]),
    ([{"Key": "token", "Value": {"a": [SECRET]}}], [{"Key": "token", "Value": {"a": ["***"]}}]),
    (["run", "--password", SECRET, "-v"], ["run", "--password", "***", "-v"]),
    ([{"name": "REGION", "value": "eu"}, "--tries", "3"], [{"name": "REGION", "value": "eu"}, "--tries", "3"]),
]


@pytest.mark.parametrize(("value", "shown"), BESIDE)
def test_a_value_shows_none_beside_its_name(value: Any, shown: Any) -> None:
    assert masked(value) == masked_config(value) == shown
    told = [found for old, new in (({}, {"v": value}), ({"v": value}, {"v": []})) for found in config_changes(old, new)]
    assert told
    assert SECRET not in str(told)


def test_a_diff_shows_none_whichever_side_names_it() -> None:
    old = {"env": [{"name": "REGION", "value": "eu"}], "run": ["--tries", "3"], "t": "password: old"}
    new = {"env": [{"name": "DB_PASSWORD", "value": SECRET}], "run": ["--password", SECRET], "t": f"password: {SECRET}"}
    assert config_changes(old, new) == [
        ("env[0].name", "REGION", "DB_PASSWORD"),
        ("env[0].value", "***", "***"),
        ("run[0]", "--tries", "--password"),
        ("run[1]", "***", "***"),
        ("t", "password: ***", "password: ***"),
    ]


def test_an_expression_speaks_of_one_by_its_name() -> None:
    assert speaks_of_secret("{{ tenant.variables['db_password'] }}")
    assert not speaks_of_secret("tenant.labels.region == 'eu'")
