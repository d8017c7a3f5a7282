"""Every setting with every bad value, from the environment and from a file: lines that name it, or it is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.origins import resolved_settings
from orchestrator.settings.section import Section
from orchestrator.settings.servers import find_servers
from orchestrator.settings.webhooks import WebhookSettings
from tests.bad_inputs.conftest import Printed, Run
from tests.support.bad_inputs import SPELLINGS, VALUES
from tests.support.long import mostly_long


def names(model: type[Any], above: str = "") -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        found += names(type(field.default), f"{above}{name}.") if isinstance(field.default, Section) else [above + name]
    return found


NAMES = names(Settings)


def problems() -> list[Problem]:
    """What is wrong with the settings as they are; what is right can be shown, and leads to servers or to nobody."""
    try:
        settings = load_settings()
        resolved_settings(settings)
    except InvalidInput as error:
        return error.problems
    try:
        find_servers(settings)
    except Unreachable:
        return []
    return []


# Of four settings `make test` asks one in its variable, another one in a file.
@pytest.mark.parametrize("name", mostly_long(NAMES, *NAMES[1::4]))
def test_every_variable(name: str, printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = "CHANGEOVER_" + name.replace(".", "__").upper()
    for text in SPELLINGS:
        monkeypatch.setenv(variable, text)
        lines = printed(problems())
        # Of a hook that is a mapping of something else: both keys that it lacks, and the one that is not known.
        assert len(lines) <= (3 if name == "webhooks" else 2), lines
        assert all(variable in line or name in line for line in lines), lines


@pytest.mark.parametrize("name", mostly_long(NAMES, *NAMES[::4]))
def test_every_value_in_a_file(name: str, printed: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHANGEOVER_REDIS_URL")
    monkeypatch.setenv("CHANGEOVER_CONFIG", "s.yaml")
    refused = 0
    for value in VALUES.values():
        for part in reversed(name.split(".")):
            value = {part: value}
        (tmp_path / "s.yaml").write_text(json.dumps(value))
        lines = printed(problems())
        refused += bool(lines)
        assert len(lines) <= 4, lines
        assert all("s.yaml line" in line or "s.yaml: line" in line or name in line for line in lines), lines
    assert refused >= 5


def test_a_command_says_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_LANES", "many")
    monkeypatch.setenv("CHANGEOVER_LANE", "1")
    for command in (["config"], ["status"], ["doctor"], ["coordinator"], ["worker"], ["flower"], ["up"]):
        ended = run(command)
        assert (ended.code, ended.out, len(ended.errors)) == (2, "", 2), command


def test_every_part_of_a_webhook(printed: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHANGEOVER_CONFIG", "s.json")
    right = {"url": "https://hooks.example.com/", "secret": "{{ secret.OPS }}", "events": ["Plan*"]}
    for name in WebhookSettings.model_fields:
        refused = 0
        for value in VALUES.values():
            (tmp_path / "s.json").write_text(json.dumps({"webhooks": {"ops": {**right, name: value}}}))
            lines = printed(problems())
            refused += bool(lines)
            assert len(lines) <= 4, (name, lines)
            assert all(("webhooks.ops" in line and name in line) or "s.json: line" in line for line in lines), (
                name,
                lines,
            )
        assert refused >= 5, (name, refused)


LISTS: dict[str, tuple[str, str, list[str]]] = {
    "allowed_hosts": ("allowed_hosts", "api.example.com", ["a b", "h:0", "https://h", "u:hunter2@h"]),
    "writable_keys": ("writable_keys", "a:{tenant}", ["a**", "{tenant}*", "{Tenant}"]),
    "secrets": ("secrets.A.hosts", "h", ["a b", "h:0", "https://u:hunter2@h"]),
    "instances": ("instances.i.urls", "http://h", ["x:y", "ftp://h", "http://h]"]),
    "names": ("console.hosts", "h", ["http://h", "h:1"]),
    "networks": ("console.trusted_addresses", "10.0.0.0/8", ["h", "10.0.0.0/99"]),
    "events": ("webhooks.o.events", "Plan*", ["x", "plan*"]),
}
HOOK = {"url": "https://hooks.example.com/", "format": "slack"}


def told_of(values: dict[str, Any], printed: Printed, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("CHANGEOVER_CONFIG", "s.json")
    Path("s.json").write_text(json.dumps(values))
    return printed(problems())


@pytest.mark.parametrize("name", LISTS)
def test_each_item_of_a_list_at_its_place(name: str, printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    place, right, wrong = LISTS[name]
    value: Any = [right, *wrong, 5, right]
    for part in reversed(place.split(".")):
        value = {part: value, **(HOOK if part == "events" else {})}
    lines = told_of(value, printed, monkeypatch)
    assert [line.partition(":")[0] for line in lines] == [f"{place}[{at}]" for at in range(1, len(wrong) + 2)]


RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "renewals": ({"lease_seconds": 6, "renew_seconds": 5}, "renew_seconds: ", "lease_seconds"),
    "heartbeats": ({"heartbeat_seconds": 2.5}, "heartbeat_seconds: ", "renew_seconds"),
    "fallbacks": ({"instances": {"a": {"fallback": "no"}}}, "instances.a.fallback: ", "instances"),
    "hooks": (
        {"webhooks": {"o": {**HOOK, "events": ["Plan*"]}}, "allowed_hosts": ["h"]},
        "webhooks.o.url: ",
        "allowed_hosts",
    ),
    "services": ({"default_service_names": ["zz"]}, "default_service_names[0]: ", "services"),
}
"""What breaks a rule between settings, how that is told, and a setting that the rule reads."""


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_told_beside_what_it_does_not_read(
    rule: str, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, line, read = RULES[rule]
    assert [one.startswith(line) for one in told_of(broken, printed, monkeypatch)] == [True]
    lines = told_of({**broken, "lanes": 0, "swep_seconds": 1, "console": {"port": 0}}, printed, monkeypatch)
    assert [one.startswith(line) for one in lines].count(True) == 1
    assert len(lines) == 4
    # A default stands for what is wrong or misspelt, and says nothing.
    for wrong in ({read: True}, {read + "x": 1}):
        given = {name: value for name, value in broken.items() if name != read or read == "instances"}
        lines = told_of({**given, **wrong}, printed, monkeypatch)
        assert [one for one in lines if one.startswith(line)] == []
        assert len(lines) == 1
