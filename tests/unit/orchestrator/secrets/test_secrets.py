from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.observability.logs import configure_logs
from orchestrator.secrets.known import SHORTEST
from orchestrator.secrets.masking import mask
from orchestrator.secrets.references import PLACEHOLDERS
from orchestrator.settings.model import Settings
from orchestrator.templates.templates import TemplateFault, render
from orchestrator.templates.variables import template_variables
from tests.support.secret_variables import variables


def test_the_environment_goes_before_the_folder(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("from the file\n")
    assert render("Bearer {{ secret.TOKEN }}", variables(tmp_path)) == "Bearer from the file"
    assert render("{{ secret['TOKEN'] }}", variables(tmp_path, TOKEN="from outside")) == "from outside"


def test_a_secret_may_have_any_name(tmp_path: Path) -> None:
    assert render("{{ secret._folder }}", variables(tmp_path, _folder="like an attribute")) == "like an attribute"


def test_a_rotated_secret_is_seen_and_the_old_one_stays_masked(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("first-value")
    given = variables(tmp_path)
    assert render("{{ secret.TOKEN }}", given) == "first-value"
    (tmp_path / "TOKEN").write_text("second-value")
    assert render("{{ secret.TOKEN }}", given) == "second-value"
    assert mask("first-value and second-value") == "*** and ***"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ secret.GONE }}", "no secret GONE: set CHANGEOVER_SECRET_GONE, or write the file GONE in "),
        ("{{ secret.LARG }}", "; did you mean LARGE?"),
        ("{{ secret['../../etc/passwd'] }}", "is no name of a secret"),
        ("{{ secret['a-b'] }}", "is no name of a secret"),
        ("{{ secret[1] }}", "is no name of a secret"),
        ("{{ secret.SHORT }}", f"shorter than {SHORTEST} characters"),
        ("{% for x in secret %}{{ x }}{% endfor %}", "can only be read by name"),
        ("{{ secret }}", "secret"),
        ("{{ secret.LARGE }}", "longer than"),
        ("{{ secret.BINARY }}", "not UTF-8"),
        ("{{ secret.FOLDER }}", "cannot be read (Is a directory)"),
    ],
)
def test_what_is_no_secret(tmp_path: Path, template: str, said: str) -> None:
    (tmp_path / "LARGE").write_text("x" * 70_000)
    (tmp_path / "BINARY").write_bytes(b"\xff\xff\xff\xff")
    (tmp_path / "FOLDER").mkdir()
    with pytest.raises(TemplateFault) as caught:
        render(template, variables(tmp_path, SHORT="abc"))
    assert said in caught.value.message
    assert "abc" not in caught.value.message


def test_placeholders_stand_for_all_well_named_secrets() -> None:
    given = template_variables({"tenant_id": "acme"}, {})
    assert render("{{ secret.ANY }}", given) == "***ANY***"
    with pytest.raises(TemplateFault, match="no name of a secret"):
        render("{{ secret['a b'] }}", given)
    assert given["secret"] is PLACEHOLDERS


def test_logs_are_masked_whoever_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logs(Settings(log_format="json"))
        render("{{ secret.V }}", variables(tmp_path, V="not-for-logs"))
        logging.getLogger("some.library").warning("sending %s", {"Authorization": "Bearer not-for-logs"})
    finally:
        root.handlers, root.level = handlers, level
    said = capsys.readouterr().err
    assert "Bearer ***" in said
    assert "not-for-logs" not in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"connections": {"a": {"url": "http://x"}}},
        {"instances": {"a": {"urls": ["nonsense"]}}},
        {"instances": {"a": {"urls": [], "fallback": "b"}}},
        {"allowed_hosts": ["http://x"]},
    ],
)
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_CONNECTIONS__ROUTING__URL", "redis://:pw@h/1")
    monkeypatch.setenv("CHANGEOVER_ALLOWED_HOSTS", '["*.example.com"]')
    monkeypatch.setenv("CHANGEOVER_INSTANCES__GW__URLS", '["http://gw"]')
    monkeypatch.setenv("CHANGEOVER_SECRETS_DIR", "/elsewhere")
    settings = Settings()
    assert settings.connections["routing"].url.get_secret_value() == "redis://:pw@h/1"
    assert settings.allowed_hosts == ["*.example.com"]
    assert settings.instances["gw"].urls == ["http://gw"]
    assert settings.secrets_dir == Path("/elsewhere")
    assert "pw" not in repr(settings)
