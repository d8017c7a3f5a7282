"""What settings say that is probably not meant, or hides what they allow: told by `config`, with file and line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.cli.config_command import config
from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.checkpoint_store import open_store
from orchestrator.settings.model import load_settings
from orchestrator.settings.origins import resolved_settings

SettingsFile = Callable[[str], str]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> SettingsFile:
    def write(text: str) -> str:
        name = f"{tmp_path}/k.yaml"
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
        monkeypatch.setenv("CHANGEOVER_CONFIG", name)
        return name

    return write


def test_config_warns_with_file_and_line(written: SettingsFile, capsys: pytest.CaptureFixture[str]) -> None:
    steps = "secrets:\n  GW_TOKEN:\n    steps: [notfy, 'n*', noop]"
    name = written(f"{steps}\ncheckpoint:\n  store_type: reddis\nrollback_strategy: previuos\n")
    config()
    assert capsys.readouterr().err.splitlines() == [
        "warning: rollback_strategy: unknown rollback strategy; did you mean 'previous'?, "
        f"in {name} line 6 (got 'previuos')",
        f"warning: checkpoint.store_type: unknown store; did you mean 'redis'?, in {name} line 5 (got 'reddis')",
        f"warning: secrets.GW_TOKEN.steps[0]: unknown step type; did you mean 'notify'?, in {name} line 3",
    ]
    with pytest.raises(InvalidInput, match=rf"unknown store 'reddis'; did you mean 'redis'\?, in {name} line 5"):
        open_store(load_settings())


def test_a_scope_that_no_plan_can_name_is_told(written: SettingsFile, capsys: pytest.CaptureFixture[str]) -> None:
    name = written("secrets:\n  T1: {steps: n*}\n  gw-token: {steps: n*}\n  1x: {steps: n*}\n")
    config()
    told = "no plan can name such a secret: letters, digits and _, beginning with a letter"
    assert capsys.readouterr().err.splitlines() == [
        f"warning: secrets.gw-token: {told}, in {name} line 3",
        f"warning: secrets.1x: {told}, in {name} line 4",
    ]


def test_a_url_that_no_store_uses_is_told(written: SettingsFile, capsys: pytest.CaptureFixture[str]) -> None:
    name = written("checkpoint:\n  url: postgres://u:hunter22@h/db\n")
    config()
    told = capsys.readouterr()
    assert told.err.startswith("warning: checkpoint.url: is not used with store_type redis; store_type db keeps")
    assert told.err.endswith(f"in {name} line 2\n")
    assert "hunter22" not in told.err + told.out


def test_who_may_read_a_secret_is_shown_whatever_its_name(written: SettingsFile) -> None:
    written("secrets: {GATEWAY_TOKEN: {steps: notify, hosts: [gw.example]}}")
    shown = {one.name: one.value for one in resolved_settings(load_settings())}
    assert shown["secrets"] == {"GATEWAY_TOKEN": {"steps": ["notify"], "hosts": ["gw.example"]}}


@pytest.mark.parametrize("given", ["ada", "'ada:x,'", "',ada:x'", "'ada:x,,bob:y'"])
def test_flowers_password_is_told_as_the_setting_that_it_is(written: SettingsFile, given: str) -> None:
    name = written(f"flower: {{basic_auth: {given}}}")
    with pytest.raises(InvalidInput) as told:
        load_settings()
    assert str(told.value) == f"flower.basic_auth: expected user:password, several parted by commas, in {name} line 1"
    written("flower: {basic_auth: 'ada:x,bob:y'}")
    assert load_settings().flower.basic_auth is not None


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SECRET_DIR", "SECRETS_DIR"),
        ("SECRET_DIRS", "SECRETS_DIR"),
        ("SECRET__OPS_HOOK", "SECRETS__OPS_HOOK (who may read it) or CHANGEOVER_SECRET_OPS_HOOK (its value)"),
        ("SECRET__OPS_HOOK__STEPS", "SECRETS__OPS_HOOK__STEPS"),
    ],
)
def test_a_setting_without_its_s_is_no_secret(variable: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CHANGEOVER_{variable}", "long enough")
    with pytest.raises(InvalidInput) as told:
        load_settings()
    assert str(told.value).startswith(f"CHANGEOVER_{variable}: ")
    assert str(told.value).endswith(f"did you mean CHANGEOVER_{meant}?")


def test_a_scope_from_a_variable_is_for_the_secret_of_its_very_name(
    written: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("secrets: {OPS: {hosts: [gw.example], steps: [http-request, notify]}}")
    monkeypatch.setenv("CHANGEOVER_SECRETS__OPS__STEPS", '["notify"]')
    monkeypatch.setenv("CHANGEOVER_SECRETS__Dir", '{"plans": "prod-*"}')
    monkeypatch.setenv("CHANGEOVER_SECRET_Dir", "long enough")
    scopes = load_settings().secrets
    assert {name: (one.plans, one.steps, one.hosts) for name, one in scopes.items()} == {
        "OPS": (None, ["notify"], ["gw.example"]),
        "Dir": (["prod-*"], None, None),
    }
    monkeypatch.setenv("CHANGEOVER_SECRETS__OPS__STEPS", "[7]")
    with pytest.raises(InvalidInput, match=r"secrets\.OPS\.steps\[0\]: .*, in CHANGEOVER_SECRETS__OPS__STEPS"):
        load_settings()


@pytest.mark.parametrize("name", ["DB", "REDIS_URL", "API_TOKEN", "OPS_DIR", "DIRECTORY"])
def test_a_secret_is_one_also_beside_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CHANGEOVER_SECRET_{name}", "long enough")
    load_settings()
    # Whoever gives it a scope means a secret.
    monkeypatch.setenv("CHANGEOVER_SECRET_DIR", "long enough")
    monkeypatch.setenv("CHANGEOVER_SECRETS", '{"DIR": {"plans": "*"}}')
    load_settings()
