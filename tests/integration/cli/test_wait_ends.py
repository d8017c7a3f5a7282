"""Exit codes of commands that wait: a plan that was rolled back is not what was submitted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis

from orchestrator.cli.standing import Standing
from orchestrator.client import Client
from orchestrator.settings.model import Settings
from steps import load_registry
from tests.support.cli import changeover, in_this_process
from tests.support.in_process import InProcess
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


@pytest.mark.parametrize(("end", "code"), [("COMPLETED", 0), ("ROLLED_BACK", 1)])
def test_submit_waits_for_the_move(
    client: Client, settings: Settings, place: Place, redis_client: redis.Redis, tmp_path: Path, end: str, code: int
) -> None:
    raw = plan("p", [tenant("a")], [noop_stage("one")])
    (tmp_path / "plan.json").write_text(json.dumps(raw))
    with InProcess(redis_client, settings, load_registry()) as process:
        process.submit(raw)
        process.run_all(process.admit("p")[0])
        if end == "ROLLED_BACK":
            client.rollback(task_id="p.0")
            process.run_all(process.admit("p")[0])
    assert client.task_status("p.0").status == end

    # The same plan again is that plan, and it has ended.
    told = changeover("submit", "plan.json", "--wait", "--json", environment=place.environment(), folder=tmp_path)

    assert told.returncode == code, told.stderr

    assert json.loads(told.stdout)["status"] == client.summary("p").status


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["", "json"])
def test_who_submits_and_waits_without_a_screen_is_told_why_it_stands_still(
    client: Client, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan("p", [tenant("a")], [noop_stage("one")])))
    client.submit(path)
    client.pause(plan_id="p", actor="ada", reason="lunch")
    tell = Standing.tell

    def tell_then_give_up(standing: Standing) -> None:
        tell(standing)
        client.cancel(task_id="p.0")

    monkeypatch.setattr(Standing, "tell", tell_then_give_up)
    code, told = in_this_process("submit", str(path), "--wait", *form, environment=place.environment())
    assert code == 1
    assert told.count("plan p: it is paused by ada (lunch); changeover explain --plan p") == 1
