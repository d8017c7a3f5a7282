"""The URLs of the servers are judged as the settings are read: both, where each stands, with the files of their TLS."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.embedded.up import run_up
from orchestrator.embedded.up_options import UpOptions
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.settings.console import ConsoleSettings, require_tls_files
from orchestrator.settings.model import load_settings
from tests.support.certificate import self_signed
from tests.support.strange_server import strange_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key twice, as ``mine`` too and as another's, what is no PEM, a pipe."""
    folder = tmp_path_factory.mktemp("tls")
    self_signed(folder)
    shutil.move(folder / "key.pem", folder / "mine.key")
    shutil.move(folder / "certificate.pem", folder / "mine.crt")
    self_signed(folder)
    (folder / "text").write_text("hunter2")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.fixture
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CHANGEOVER_CONFIG", "c.yaml")


def said(settings: str) -> list[str]:
    Path("c.yaml").write_text(settings)
    try:
        load_settings()
    except InvalidInput as error:
        return [str(problem) for problem in error.problems]
    return []


def test_both_urls_at_once_where_they_stand(files: None, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "expected a URL such as redis://host:6379/0"
    port = f"redis_url: {expected} (Port out of range 0-65535), in c.yaml line 1 (got 'redis://h:99999/0')"
    number = f"broker_url: {expected}; the database is a whole number, in "
    wrong = "redis_url: 'redis://:hunter2@h:99999/0'\nbroker_url: 'redis://:hunter2@h/x'"
    assert said(wrong) == [port, number + "c.yaml line 2 (got 'redis://h/***')"]
    assert said(wrong + "\nlanes: 0")[1:] == [port, number + "c.yaml line 2 (got 'redis://h/***')"]
    monkeypatch.setenv("CHANGEOVER_BROKER_URL", "redis://:hunter2@h/y")
    assert said(wrong) == [port, number + "CHANGEOVER_BROKER_URL (got 'redis://h/***')"]
    monkeypatch.setenv("CHANGEOVER_BROKER_URL", "redis://h/0")
    (line,) = said("redis_url: redis://h:6379")
    assert line.startswith("broker_url: state and broker must not share a Redis database")
    monkeypatch.setenv("CHANGEOVER_BROKER_URL", "")
    assert said("redis_url: redis://h:6379") == []


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ("ssl_ca_certs=certificate.pem&ssl_certfile=certificate.pem&ssl_keyfile=key.pem", []),
        ("ssl_ca_certs=none", ["'ssl_ca_certs': none: no such file"]),
        ("ssl_ca_certs=pipe", ["'ssl_ca_certs': pipe: cannot be read: it is a pipe; expected a file"]),
        ("ssl_ca_certs=.", ["'ssl_ca_certs': .: cannot be read: it is a folder; expected a file"]),
        ("ssl_ca_certs=/dev/zero", ["'ssl_ca_certs': /dev/zero: cannot be read: it is a device; expected a file"]),
        ("ssl_ca_certs=text", ["'ssl_ca_certs': text: holds no certificate (PEM)"]),
        ("ssl_certfile=key.pem", ["'ssl_certfile': key.pem: holds no certificate (PEM)"]),
        ("ssl_certfile=certificate.pem", ["'ssl_certfile': certificate.pem: holds no key (PEM)"]),
        ("ssl_certfile=mine.crt&ssl_keyfile=text", ["'ssl_keyfile': text: holds no key (PEM)"]),
        ("ssl_certfile=mine.crt&ssl_keyfile=key.pem", ["'ssl_keyfile': key.pem: its key is not that of mine.crt"]),
        ("ssl_keyfile=key.pem", ["'ssl_keyfile': needs ssl_certfile beside it"]),
        (
            "ssl_ca_certs=none&ssl_certfile=pipe&ssl_keyfile=none",
            [
                "'ssl_ca_certs': none: no such file",
                "'ssl_certfile': pipe: cannot be read: it is a pipe; expected a file",
                "'ssl_keyfile': none: no such file",
            ],
        ),
    ],
)
def test_the_files_of_tls(files: None, options: str, wrong: list[str]) -> None:
    for name, scheme in (("redis_url", "rediss"), ("broker_url", "rediss"), ("broker_url", "amqps")):
        url = f"{scheme}://u:hunter2@h/1"
        end = f", in c.yaml line 1 (got '{scheme}://h/1')"
        assert said(f"{name}: '{url}?{options}'") == [f"{name}: the option {one}{end}" for one in wrong]


def test_those_of_the_console(files: None) -> None:
    def told(certificate: str, key: str) -> list[str]:
        try:
            require_tls_files(ConsoleSettings(tls_cert=Path(certificate), tls_key=Path(key)))
        except InvalidInput as error:
            return [str(problem) for problem in error.problems]
        return []

    assert told("mine.crt", "mine.key") == []
    assert told("mine.crt", "key.pem") == ["console.tls_key: key.pem: its key is not that of mine.crt"]
    assert told("pipe", "none") == [
        "console.tls_cert: pipe: cannot be read: it is a pipe; expected a file",
        "console.tls_key: none: no such file",
    ]


def test_those_of_connections_are_judged_by_who_runs_steps(files: None) -> None:
    urls = {"good": "ssl_ca_certs=certificate.pem", "gone": "ssl_ca_certs=none", "stuck": "ssl_ca_certs=pipe"}
    Path("c.yaml").write_text(
        "connections:\n" + "".join(f"  {name}: {{url: 'rediss://u:hunter2@h/1?{one}'}}\n" for name, one in urls.items())
    )
    with pytest.raises(InvalidInput) as told:
        run_up(UpOptions(), load_settings())
    assert [str(problem) for problem in told.value.problems] == [
        "connections.gone.url: the option 'ssl_ca_certs': none: no such file, in c.yaml line 3 (got 'rediss://h/1')",
        "connections.stuck.url: the option 'ssl_ca_certs': pipe: cannot be read: it is a pipe; expected a file, "
        "in c.yaml line 4 (got 'rediss://h/1')",
    ]


def test_that_no_tls_comes_about_is_not_told_as_away() -> None:
    with strange_server("http") as port:
        url = f"rediss://127.0.0.1:{port}/0"
        with pytest.raises(Unreachable) as told, translate_errors(url), connect(url, patient=False) as client:
            client.ping()
    assert "no TLS connection comes about" in str(told.value)
    assert "see the ssl_ options of CHANGEOVER_REDIS_URL" in str(told.value)
