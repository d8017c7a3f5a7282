"""What a command prints with ``--json`` is JSON, through both doors and with something in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import typer.main
from structlog.testing import capture_logs

from orchestrator.cli import main
from orchestrator.cli.app import app
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant

TYPED = """
validate plan.json|preview plan.json|submit plan.json|status|status p|events --plan p|watch done|pause p|resume p
explain p.1|freeze --tenant zz --reason r --for 1h|freezes|unfreeze freeze-1 --reason r|approve p|reject p|config|doctor
drift --plan p|accept --task p.1 --reason r|skip-stage p.2 --reason r|exclude --plan p --tenant t9 --reason r
release t9 --reason r|audit|export done|checkpoint p|token create --name {door} --role viewer|token list
token link {door}|token revoke {door} --reason r|retry p.2|rollback p.0|cancel p --reason r|purge done|webhooks
"""
COMMANDS = [command.strip() for command in TYPED.replace("\n", "|").split("|") if command.strip()]
EMPTY = ("webhooks",)
"""None is set here."""


def with_json(command: Any, path: str = "") -> Iterator[str]:
    """Commands that have the option."""
    for name, one in getattr(command, "commands", {}).items():
        yield from with_json(one, f"{path} {name}".strip())
    if any("--json" in parameter.opts for parameter in command.params):
        yield path


def test_what_is_printed_is_read_again(
    redis_client: redis.Redis,
    settings: Settings,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = set(with_json(typer.main.get_command(app)))
    assert {name for name in wanted if not any(f"{one} ".startswith(f"{name} ") for one in COMMANDS)} == set()
    monkeypatch.chdir(tmp_path)
    Path("plan.json").write_text(json.dumps(plan("good", [tenant("new")], [noop_stage("a")])))
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    world = LedgerWorld(redis_client, settings)
    world.started("done", ["d1"])
    world.finish("done.0")
    world.started("p", [f"t{n}" for n in range(10)], max_concurrency=4)
    world.finish("p.0")
    world.break_stage("p.1")
    world.break_stage("p.2")
    world.serve("p")
    world.stage("p.3")
    with ConsoleServer(settings) as console, capture_logs():
        monkeypatch.setenv("CHANGEOVER_API_TOKEN", console.token("admin"))
        for door, url in (("straight", ""), ("through", console.url)):
            monkeypatch.setenv("CHANGEOVER_API_URL", url)
            for command in COMMANDS:
                with pytest.raises(SystemExit):
                    main([*command.format(door=door).split(), "--json"])
                out, err = capsys.readouterr()
                assert "Traceback" not in err, command
                found = [json.loads(line) for line in out.splitlines()]
                assert any(found) or command in EMPTY or err.startswith("error:"), (command, out, err)
