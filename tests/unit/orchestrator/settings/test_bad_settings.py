"""Wrong settings: one line each with setting, value (unless secret), expectation, and variable or file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.shared_settings import shared_settings
from orchestrator.settings.model import load_settings
from orchestrator.settings.origins import resolved_settings

ENVIRONMENT = [
    ("LANES", "many", "lanes: expected a whole number, in VAR (got 'many')"),
    ("NAMESPACE", "a b", "namespace: expected 1 to 64 letters, digits, '.', '_' and '-', in VAR (got 'a b')"),
    ("LANES", "true", "lanes: expected a whole number, in VAR (got 'true')"),
    ("LANES", "", "lanes: expected a whole number, in VAR (got '')"),
    ("GROUPS", '{"db-7": true}', "groups.db-7: expected a number, in VAR (got True)"),
    ("LANES", "65", "lanes: expected a whole number of at most 64, in VAR (got 65)"),
    ("LEASE_SECONDS", "inf", "lease_seconds: expected a finite number, in VAR (got 'inf')"),
    ("LEASE_SECONDS", "0.0004", "lease_seconds: expected a number of at least 0.001, in VAR (got 0.0004)"),
    ("SWEEP_SECONDS", "1e-9", "sweep_seconds: expected a number of at least 0.001, in VAR (got 1e-09)"),
    ("LEASE_SECONDS", "6", "renew_seconds: expected at most a third of lease_seconds (6), got 3"),
    ("RENEW_SECONDS", "4", "renew_seconds: expected at most a third of lease_seconds (10), got 4, in VAR"),
    ("HEARTBEAT_SECONDS", "2", "heartbeat_seconds: expected at least renew_seconds (3), got 2, in VAR"),
    ("LOG_LEVEL", "debug",
     "log_level: expected 'DEBUG', 'INFO', 'WARNING' or 'ERROR', in VAR (got 'debug')"),
    ("HEALTH_CHECK__FAIL_FAST", "maybe",
     "health_check.fail_fast: expected true or false, in VAR (got 'maybe')"),
    ("HEALTH_CHECK", "{",
     "health_check: expected a mapping as JSON: line 1, column 2: not valid JSON: "
     "Expecting property name enclosed in double quotes, in VAR"),
    ("HEALTH_CHECK", "[1]", "health_check: expected a mapping, in VAR (got 'a list of 1')"),
    ("HEALTH_CHECK", '{"paht": 1}',
     "health_check.paht: unknown setting; did you mean 'path'?, in VAR"),
    ("ALLOWED_HOSTS", "a.example", "allowed_hosts: expected a list as JSON: line 1, column 1: not valid JSON: "
     "Expecting value, in VAR"),
    ("SERVICES", "[" * 3000,
     "services: expected a mapping as JSON: nested more than 64 levels deep, in VAR"),
    ("SERVICES", '{"a": {}, "a": {}}',
     "services: expected a mapping as JSON: not valid JSON: the key 'a' is given twice in one mapping, in VAR"),
    ("LANE", "4", "VAR: unknown variable; did you mean CHANGEOVER_LANES?"),
    ("ALOWED_HOSTS", '["a"]', "VAR: unknown variable; did you mean CHANGEOVER_ALLOWED_HOSTS?"),
    ("HEALTH_CHECK__PAHT", "/x", "VAR: unknown variable; did you mean CHANGEOVER_HEALTH_CHECK__PATH?"),
    ("CONFG", "x", "VAR: unknown variable; did you mean CHANGEOVER_CONFIG?"),
    ("QWERTYUIOP", "x", "VAR: unknown variable; `changeover config` names all settings"),
    ("CONNECTIONS__A__URL", "redis://u:hunter2@h/x",
     "connections.a.url: expected a URL such as redis://host:6379/0; the database is a whole number, in VAR"),
    ("ARCHIVE__PATH", "", "archive.path: expected a folder, in VAR (got '')"),
    ("ARCHIVE__URL", "sqlite:///",
     "archive.url: a database in memory is lost with its process; name a file, in VAR"),
    ("CHECKPOINT", '{"store_type": "db", "url": "postgresql://u:pa@hunter2:ter2@h/d"}',
     "checkpoint.url: expected postgresql://user:password@host/database or sqlite:///path; host or port cannot be "
     "dialled (in a password, '@' is written %40, ':' %3A, '/' %2F and '?' %3F), in VAR"),
    ("CHECKPOINT__URL", "\udcff", "checkpoint.url: expected text in UTF-8, in VAR"),
    ("INSTANCES", '{"a": {"urls": [], "fallback": "b"}}',
     "instances.a.fallback: there is no list 'b', in VAR"),
]  # fmt: skip

FILES = [
    ("lanes: many", "lanes: expected a whole number, in FILE line 1 (got 'many')"),
    ("a: 1\nlanes: 1", "a: unknown setting; known: "),
    ("health_check:\n  paht: /x", "health_check.paht: unknown setting; did you mean 'path'?, in FILE line 2"),
    ("services:\n  portal:\n    steps:\n    - {type: noop}\n    timeout_seconds: soon",
     "services.portal.timeout_seconds: expected a number, in FILE line 5 (got 'soon')"),
    ("services: {p: {stages: [{name: s, steps: [], tiemout_seconds: 1}]}}",
     "services.p.stages[0].steps: expected at least 1 of them"),
    ("- a", "FILE: expected a mapping of settings, not a list"),
    ("42", "FILE: expected a mapping of settings, not a single value"),
    ("lanes: [", "FILE: line 2, column 1: not valid YAML: "),
    ("lanes: 1\nlanes: 2", "FILE: line 2, column 1: the key 'lanes' is given twice in one mapping"),
    ("1: 2", "1: unknown setting; known: "),
    ("[" * 3000, "FILE: line 1, column 65: nested more than 64 levels deep"),
    (b"namespace: \xe4", "CHANGEOVER_CONFIG: line 1: not UTF-8 text (unexpected end of data) (got 'FILE')"),
    ("a: !!python/object/apply:os.system [id]",
     "FILE: line 1, column 4: the tag tag:yaml.org,2002:python/object/apply:os.system"),
    ("redis_url: [redis://u:hunter2@h/0]", "redis_url: expected text, in FILE line 1"),
    ("checkpoint: {url: {password: hunter2}}", "checkpoint.url: expected text, in FILE line 1"),
    ("passwort: hunter2", "passwort: unknown setting; known: "),
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("CHANGEOVER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def said() -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    assert "hunter2" not in str(caught.value)
    return lines


@pytest.mark.parametrize(("name", "value", "line"), ENVIRONMENT)
def test_a_wrong_variable(name: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CHANGEOVER_{name}", value)
    assert said() == [line.replace("VAR", f"CHANGEOVER_{name}")]


@pytest.mark.parametrize(("content", "line"), FILES)
def test_a_wrong_file(content: str | bytes, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(path))
    lines = said()
    assert lines[0].startswith(line.replace("FILE", str(path)))
    assert len(lines) <= 2


@pytest.mark.parametrize(("name", "word"), [("pipe", "a pipe"), (".", "a folder"), ("/dev/zero", "a device")])
def test_a_file_that_is_none(name: str, word: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("CHANGEOVER_CONFIG", name)
    assert said() == [f"CHANGEOVER_CONFIG: cannot be read: it is {word}; expected a file (got {name!r})"]


def test_all_at_once_from_both_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("max_retry: no\nredis: {min_replicas: -1}\n")
    monkeypatch.setenv("CHANGEOVER_CONFIG", "s.yaml")
    monkeypatch.setenv("CHANGEOVER_LANES", "0")
    monkeypatch.setenv("CHANGEOVER_SWEEP_SECOND", "1")
    assert said() == [
        "CHANGEOVER_SWEEP_SECOND: unknown variable; did you mean CHANGEOVER_SWEEP_SECONDS?",
        "max_retry: expected a number, in s.yaml line 1 (got False)",
        "lanes: expected a whole number of at least 1, in CHANGEOVER_LANES (got 0)",
        "redis.min_replicas: expected a whole number of at least 0, in s.yaml line 2 (got -1)",
    ]


def test_what_the_ledger_calls_damaged_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("MAX_RETRY", "MAX_RECOVERIES", "FEED_MAX_LENGTH")
    for name in names:
        monkeypatch.setenv(f"CHANGEOVER_{name}", "999999999999999")
    settings = load_settings()
    assert all(number < 10**15 for number in shared_settings(settings).values())
    for name in names:
        monkeypatch.setenv(f"CHANGEOVER_{name}", "1000000000000000")
    expected = "expected a whole number of at most 999999999999999"
    assert said() == [f"{n.lower()}: {expected}, in CHANGEOVER_{n} (got 1000000000000000)" for n in names]


def test_variables_that_are_no_settings_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_HOOK", "SECRET_A__B", "TEST_LONG", "UP", "CRASH_AT", "API_URL", "API_TOKEN"):
        monkeypatch.setenv(f"CHANGEOVER_{name}", "x")
    assert load_settings().lanes == 4


def test_config_shows_no_secret_wherever_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        """
services:
  portal:
    steps:
    - type: http-request
      url: https://api.example/x?apikey=hidden&page=2&key=hidden#frag
      headers: {X-Auth: hidden, X-Session-Id: hidden, Accept: text/plain, Cookie: hidden}
      body: user=me&password=hidden&page=2
      json: {token: {value: hidden, parts: [hidden]}, note: "Bearer hidden0123", page: 2}
"""
    )
    monkeypatch.setenv("CHANGEOVER_CONFIG", "s.yaml")
    shown = str([one for one in resolved_settings(load_settings()) if one.name == "services"])
    assert "hidden" not in shown
    for plain in ("api.example/x", "page=2", "text/plain", "user=me"):
        assert plain in shown
