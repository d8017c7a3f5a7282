"""Every setting at every level that it has: tenant, plan, environment, file, default; and where it says it is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli import main
from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.model import HealthCheckSettings, Settings, load_settings
from orchestrator.settings.origins import resolved_settings
from orchestrator.settings.section import Section
from orchestrator.stages.stage_factory import StageFactory
from orchestrator.templates.variables import template_variables
from steps import load_registry

STEPS = [{"type": "noop"}]


def leaves(model: type[Any], above: str = "") -> dict[str, Any]:
    """Dotted names of all settings, with their defaults."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, Section):
            found |= leaves(type(field.default), f"{above}{name}.")
        else:
            found[f"{above}{name}"] = field.default
    return found


DEFAULTS = leaves(Settings)
HOOK = {"url": "http://hook.example/", "secret": "{{ secret.X }}", "events": ["PlanFailed"]}
SPECIAL: dict[str, tuple[Any, Any]] = {
    "namespace": ("of-file", "of-env"),
    "redis_url": ("redis://file:1/0", "redis://env:1/0"),
    "broker_url": ("redis://file:1/1", "redis://env:1/1"),
    "data_dir": ("/file", "/env"),
    "checkpoint.store_type": ("db", "memory"),
    "checkpoint.url": ("sqlite:///file", "sqlite:///env"),
    "archive.path": ("/file", "/env"),
    "archive.url": ("sqlite:///file", "sqlite:///env"),
    "flower.basic_auth": ("ada:file", "ada:env"),
    "log_format": ("json", "console"),
    "log_level": ("ERROR", "DEBUG"),
    "connections": ({"file": {"url": "redis://file:1"}}, {"env": {"url": "redis://env:1"}}),
    "instances": ({"file": {"urls": ["http://file:1"]}}, {"env": {"urls": ["http://env:1"]}}),
    "secrets_dir": ("/file", "/env"),
    "allowed_hosts": (["file.example"], ["env.example"]),
    "allow_loopback": (False, True),
    "writable_keys": (["file:{tenant}"], ["env:{tenant}"]),
    "secrets": ({"file": {"plans": ["file"]}}, {"env": {"steps": ["poll"]}}),
    "groups": ({"file": 1}, {"env": 2}),
    "webhooks": ({"file": HOOK}, {"env": HOOK | {"format": "slack"}}),
    "middlewares": (["file"], ["env"]),
    "services": ({"file": {"steps": STEPS}}, {"env": {"steps": STEPS}}),
    "default_service_names": (["both"], ["both", "more"]),
    "lanes": (7, 8),
    "max_retry": (7, 8),
    "renew_seconds": (2.0, 2.5),
    "console.tls_cert": ("/file", "/env"),
    "console.tls_key": ("/file", "/env"),
    "console.hosts": (["file.example"], ["env.example"]),
    "console.trusted_header": ("X-File", "X-Env"),
    "console.trusted_addresses": (["10.0.0.1"], ["10.0.0.2"]),
    "console.group_header": ("X-File", "X-Env"),
    "console.group_roles": ({"file": "viewer"}, {"env": "admin"}),
    "redis.min_replicas": (1, 2),
}
_PROXY = {
    "console": {
        "trusted_header": "X-Both",
        "trusted_addresses": ["10.0.0.9"],
        "group_header": "X-Groups",
        "group_roles": {"file": "viewer"},
    }
}
COMPANIONS: dict[str, dict[str, Any]] = {
    "default_service_names": {"services": {"both": {"steps": STEPS}, "more": {"steps": STEPS}}},
    "console.tls_cert": {"console": {"tls_key": "/both"}},
    "console.tls_key": {"console": {"tls_cert": "/both"}},
    **dict.fromkeys(("console.trusted_header", "console.group_header", "console.group_roles"), _PROXY),
}
"""What the file says besides, where a setting goes with others only."""

TABLES = {"services", "connections", "webhooks", "instances", "secrets", "groups", "console.group_roles"}
"""Tables of the user's own: environment and file are merged by key."""


def two_values(name: str) -> tuple[Any, Any]:
    """A value for the file and one for the environment, neither of them the default."""
    if name in SPECIAL:
        return SPECIAL[name]
    default = DEFAULTS[name]
    if isinstance(default, bool):
        return not default, default
    if isinstance(default, int | float):
        return default * 2, default * 3
    if isinstance(default, str):
        return default + "-file", default + "-env"
    pytest.fail(f"{name}: say in SPECIAL what values it may have, so that its levels are tested")


def plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def value_of(settings: Settings, name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return str(value) if isinstance(value, Path) else plain(value)


def write_file(monkeypatch: pytest.MonkeyPatch, folder: Path, content: dict[str, Any]) -> str:
    path = folder / "changeover.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(path))
    return str(path)


def nested(name: str, value: Any) -> dict[str, Any]:
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = below.keys() & above.keys()
    return below | above | {name: below[name] | above[name] for name in both}


def set_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> str:
    variable = "CHANGEOVER_" + name.replace(".", "__").upper()
    monkeypatch.setenv(variable, value if isinstance(value, str) else json.dumps(value))
    return variable


def origin(name: str) -> tuple[str, str | None]:
    (found,) = (one for one in resolved_settings(load_settings()) if one.name == name)
    return found.source, found.origin


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("CHANGEOVER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", DEFAULTS)
def test_environment_before_file_before_default(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_file, of_env = two_values(name)
    shared = COMPANIONS.get(name, {})

    default = value_of(load_settings(), name)
    assert default == value_of(Settings.model_construct(), name)
    assert origin(name) == ("default", None)

    path = write_file(monkeypatch, tmp_path, merged(shared, nested(name, of_file)))
    from_file = value_of(load_settings(), name)
    assert from_file != default
    if name not in TABLES:
        assert from_file == of_file
    assert origin(name) == ("file", path)

    variable = set_variable(monkeypatch, name, of_env)
    from_env = value_of(load_settings(), name)
    if name in TABLES:
        assert from_env.keys() == of_file.keys() | of_env.keys()
    else:
        assert from_env == of_env
    assert origin(name) == ("env", variable)

    monkeypatch.delenv("CHANGEOVER_CONFIG")
    if not shared:
        assert value_of(load_settings(), name) == (from_env if name not in TABLES else {"env": from_env["env"]})


@pytest.mark.parametrize("name", HealthCheckSettings.model_fields)
def test_tenant_before_step_before_application_before_the_steps_own(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of_file, of_env = two_values(f"health_check.{name}")
    of_step: Any = f"{of_file}-step"
    of_tenant: Any = f"{of_file}-tenant"
    if isinstance(of_file, bool):
        # Two values for five levels: each level must beat the one below it.
        of_step, of_tenant = of_file, not of_file
    elif isinstance(of_file, int | float):
        of_step, of_tenant = of_file * 5, of_file * 4

    def effective(step: dict[str, Any], overrides: dict[str, Any]) -> Any:
        config = {"tenant_id": "acme", "deploy_unit_version": 1, "network_endpoints": [], "overrides": overrides}
        stage = StageFactory(load_registry(), load_settings()).compile_stage({"name": "s", "steps": [step]})
        (built,) = stage.build(config, template_variables(config, {}))
        return getattr(built.parameters, name)

    bare = {"type": "health-check"}
    assert effective(bare, {}) == getattr(HealthCheckSettings(), name)
    write_file(monkeypatch, tmp_path, nested(f"health_check.{name}", of_file))
    assert effective(bare, {}) == of_file
    set_variable(monkeypatch, f"health_check.{name}", of_env)
    assert effective(bare, {}) == of_env
    assert effective({**bare, name: of_step}, {}) == of_step
    assert effective({**bare, name: of_step}, {"health_check": {name: of_tenant}}) == of_tenant
    assert effective(bare, {"health_check": {name: of_tenant}}) == of_tenant


def test_a_section_given_as_json_and_one_value_of_it_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_HEALTH_CHECK", '{"path": "/json", "max_attempts": 4}')
    monkeypatch.setenv("CHANGEOVER_HEALTH_CHECK__PATH", "/named")
    assert load_settings().health_check == HealthCheckSettings(path="/named", max_attempts=4)
    assert origin("health_check.path") == ("env", "CHANGEOVER_HEALTH_CHECK__PATH")
    assert origin("health_check.max_attempts") == ("env", "CHANGEOVER_HEALTH_CHECK")
    assert origin("health_check.version_key") == ("default", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"max_retries": 4}, "max_retries: unknown setting; did you mean 'max_retry'?"),
        ({"health_check": {"paht": "/x"}}, "health_check.paht: "),
        ({"default_service_names": ["portl"], "services": {"portal": {"steps": STEPS}}}, "did you mean 'portal'?"),
        ({"services": {"portal": {}}}, "services.portal: give either steps or stages"),
        ({"services": {"portal": {"steps": []}}}, "services.portal.steps: "),
        ({"checkpoint": {"size_limit_bytes": 3}}, "checkpoint.size_limit_bytes: "),
    ],
)
def test_a_mistake_in_the_file_is_named(
    content: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_file(monkeypatch, tmp_path, content)
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert said in str(caught.value)


def test_config_prints_all_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://me:hidden-1@redis.example:7000/3")
    monkeypatch.setenv("CHANGEOVER_CHECKPOINT__URL", "postgresql://me:hidden-2@db.example/x?sslpassword=hidden-3")
    steps = [
        {
            "type": "http-request",
            "url": "https://u:hidden-4@api.example/[x]",
            "headers": {"Authorization": "Bearer hidden-5", "X-Api-Key": "hidden-6"},
            "json": {"adminPassword": "hidden-7", "tokens": ["hidden-8"], "shown": "yes"},
        }
    ]
    path = write_file(monkeypatch, tmp_path, {"services": {"portal": {"steps": steps}}})
    for options in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["config", *options])
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        assert "hidden" not in printed
        assert "redis.example:7000/3" in printed
        assert "db.example/x" in printed
    report = json.loads(printed)
    found = {one["name"]: one for one in report["settings"]}
    assert report["configFile"] == path
    assert set(found) == set(DEFAULTS)
    assert found["redis_url"]["origin"] == "CHANGEOVER_REDIS_URL"
    assert (found["broker_url"]["value"], found["broker_url"]["source"]) == ("redis://redis.example:7000/4", "default")
    step = found["services"]["value"]["portal"]["steps"][0]
    assert step["json"] == {"adminPassword": "***", "tokens": ["***"], "shown": "yes"}
    assert step["url"] == "https://***@api.example/***"


def test_config_names_the_run_file_of_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / ".changeover"
    folder.mkdir()
    run = {"redisUrl": "redis://127.0.0.1:1/0", "brokerUrl": "redis://127.0.0.1:1/1"}
    (folder / "run.json").write_text(json.dumps(run))
    assert origin("redis_url") == ("run", ".changeover/run.json")
    assert origin("broker_url") == ("run", ".changeover/run.json")


def test_a_renewal_of_exactly_a_third_is_taken() -> None:
    # 0.8 * 3 is more than 2.4, and the ledger has milliseconds.
    assert Settings(lease_seconds=2.4, renew_seconds=0.8, heartbeat_seconds=0.8).renew_seconds == 0.8
