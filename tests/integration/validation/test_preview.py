"""A preview says what would change, tenant by tenant, and a submit can be bound to it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis

from orchestrator.cli import main
from orchestrator.cli.preview_command import end_lines, tenant_lines
from orchestrator.client import Client
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.domain.errors import InvalidInput, NotAllowed, NotFound, TenantsMoved
from orchestrator.ledger.ledger import Ledger
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances

STAGE = noop_stage("one")


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings, user_client)


def looked_at(client: Client, wanted: dict[str, Any], **how: Any) -> tuple[dict[str, TenantPreview], PreviewEnd]:
    *lines, end = client.preview(wanted, **how)
    assert isinstance(end, PreviewEnd)
    tenants = [line for line in lines if isinstance(line, TenantPreview)]
    assert [line.position for line in tenants] == list(range(len(lines)))
    return {line.tenant_id: line for line in tenants}, end


def changes(line: TenantPreview) -> list[tuple[str, Any, Any]]:
    return [(one.path, one.old, one.new) for one in line.changes or ()]


def moved(client: Client, world: LedgerWorld, done: dict[str, Any]) -> None:
    """Submits a plan of one stage that confirms health, and moves all of it."""
    client.submit(done)
    plan_id = done["plan_id"]
    for task_id in world.serve(plan_id):
        world.finish(task_id)
    assert client.summary(plan_id).status == "COMPLETED"


def test_a_preview_compares_with_what_each_tenant_has(client: Client, world: LedgerWorld) -> None:
    before: dict[str, Any] = {
        "variables": {"region": "eu", "api_token": "old-secret"},
        "source_tenant_deploy_config": None,
    }
    moved(client, world, plan("first", [tenant(name, **before) for name in ("acme", "same")], [STAGE]))
    client.submit(plan("open", [tenant("busy")], [STAGE]))
    now = before | {"variables": {"region": "us", "api_token": "new-secret"}, "deploy_unit_version": 43}
    only_eu = noop_stage("eu-only") | {"when": "tenant.variables.get('region') == 'eu'"}
    wanted = plan(
        "next",
        [
            tenant("acme", **now, labels={"ring": "early"}, groups=["db-7", "rack-1"]),
            tenant("same", **before, labels={"ring": "early"}),
            tenant("busy"),
            tenant("new", source_tenant_deploy_config=None),
        ],
        [STAGE, only_eu],
    ) | {
        "waves": [{"name": "canary", "tenants": {"count": 1}}, {"name": "rest"}],
        "group_limits": {"db-7": 2},
        "priority": 5,
        "starts_per_minute": 60,
        "not_before": "2026-12-01T02:00:00Z",
        "not_after": "2096-12-01T05:00:00+01:00",
    }
    client.freeze(all_tenants=True, for_seconds=3600, reason="quarter end", actor="ops-7")
    before_it = world.state()

    found, end = looked_at(client, wanted)

    assert world.state() == before_it
    assert "new-secret" not in "".join(line.model_dump_json() for line in found.values())
    assert found["acme"].against == "last known good"
    assert changes(found["acme"]) == [
        ("deploy_unit_version", 42, 43),
        ("variables.api_token", "***", "***"),
        ("variables.region", "eu", "us"),
    ]
    assert (found["acme"].wave, found["same"].wave) == ("canary", "rest")
    assert (found["acme"].skipped_stages, found["same"].skipped_stages) == (("eu-only",), ())
    assert found["acme"].freezes[0].endswith("by ops-7 (quarter end)")
    assert (found["acme"].identical, found["same"].identical) == (False, True)
    assert changes(found["same"]) == []
    assert [(one.plan_id, one.status, one.holds) for one in found["busy"].conflicts] == [("open", "READY", False)]
    assert found["busy"].against == "source_tenant_deploy_config"
    assert ("deploy_unit_version", 41, 42) in changes(found["busy"])
    assert (found["new"].against, found["new"].changes) == (None, None)
    assert (end.tenants, end.changed, end.identical, end.left_out) == (4, 2, 1, 0)
    assert (found["acme"].groups, found["same"].groups) == (("db-7", "rack-1"), ())
    assert "  groups: db-7, rack-1" in list(tenant_lines(found["acme"]))
    assert list(end_lines(end, "p.yaml", skip_identical=False))[1:-2] == [
        "canary: 1 tenant; rest: 3 tenants; plan: 4 tenants",
        "at once at most, of a group: db-7: 2",
        "priority 5",
        "starts at most 60 tasks a minute",
        "starts nothing before 2026-12-01 02:00:00 UTC",
        "is given up if it has not started by 2096-12-01 04:00:00 UTC",
    ]

    other, _ = looked_at(client, wanted, against_plan="first")
    assert changes(other["acme"])[0] == ("deploy_unit_version", 42, 43)
    assert (other["new"].against, other["new"].changes) == ("plan first", None)
    with pytest.raises(NotFound, match="nowhere"):
        looked_at(client, wanted, against_plan="nowhere")


def test_a_submit_is_refused_when_a_tenant_has_moved_since_and_names_it(client: Client, world: LedgerWorld) -> None:
    wanted = plan("p", [tenant("a"), tenant("b")], [STAGE])
    _, end = looked_at(client, wanted)
    moved(client, world, plan("other", [tenant("b")], [STAGE]))
    with pytest.raises(TenantsMoved, match=r"1 of its tenants \(b\) moved since the preview"):
        client.submit(wanted, preview=end.digest)
    with pytest.raises(NotFound):
        client.summary("p")
    _, again = looked_at(client, wanted)
    assert client.submit(wanted, preview=again.digest).status == "READY"
    for task_id in world.serve("p"):
        world.finish(task_id)
    # A repeat of it is one plan, though its own move has changed them.
    assert client.submit(wanted, preview=again.digest).status == "COMPLETED"


def test_between_the_look_and_the_commit_there_is_no_window(
    client: Client, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other,) = world.started("other", ["b"], stages=["one"])
    wanted = plan("p", [tenant("a"), tenant("b")], [STAGE])
    _, end = looked_at(client, wanted)
    commit = Ledger.commit_plan

    def moves_first(ledger: Ledger, plan_id: str, digest: str) -> Any:
        world.begin(other)
        return commit(ledger, plan_id, digest)

    monkeypatch.setattr(Ledger, "commit_plan", moves_first)
    with pytest.raises(TenantsMoved, match="b"):
        client.submit(wanted, preview=end.digest)
    monkeypatch.undo()
    # Nothing is left of it.
    assert not [key for key in world.dump() if key.endswith((":p", ":p.0", ":p.1")) and "plan-seq" not in key]
    assert "PlanReady" not in world.kinds(plan_id="p")
    client.submit(wanted)


def test_a_digest_of_another_content_is_no_digest_of_this(client: Client) -> None:
    wanted = plan("p", [tenant("a")], [STAGE])
    _, end = looked_at(client, wanted)
    for other, skips in ((plan("p", [tenant("a", deploy_unit_version=7)], [STAGE]), False), (wanted, True)):
        with pytest.raises(InvalidInput, match="the digest is of another plan"):
            client.submit(other, preview=end.digest, skip_identical=skips)
    with pytest.raises(InvalidInput, match="preview: expected a digest"):
        client.submit(wanted, preview="soon")


def test_identical_tenants_are_left_out(client: Client, world: LedgerWorld) -> None:
    at_target = tenant("same", source_tenant_deploy_config=None)
    moved(client, world, plan("first", [at_target], [STAGE]))
    wanted = plan("p", [at_target, tenant("a")], [STAGE]) | {
        "waves": [{"name": "vip", "tenants": {"ids": ["same"]}}, {"name": "rest"}]
    }
    found, end = looked_at(client, wanted, skip_identical=True)
    assert (found["same"].left_out, found["a"].left_out, end.left_out) == (True, False, 1)

    result = client.submit(wanted, preview=end.digest, skip_identical=True)
    assert [task.tenant_id for task in client.status("p").tasks] == ["a"]
    assert result.resolved == "rest: 1 tenant; plan: 1 tenant"
    assert client.submit(wanted, skip_identical=True).status == "READY"
    for does in (client.submit, partial(looked_at, client)):
        with pytest.raises(NotAllowed, match="nothing to move: all 1 tenants"):
            does(plan("q", [at_target], [STAGE]), skip_identical=True)

    # A move that stopped in the middle leaves nobody where the config says.
    (other,) = world.started("other", ["same"], stages=["one"])
    world.break_stage(other)
    found, _ = looked_at(client, plan("q", [at_target], [STAGE]))
    assert (found["same"].identical, found["same"].under_way) == (False, "other.0")


def test_a_preview_without_identical_tenants_shows_the_plan_that_its_submit_makes(
    client: Client, world: LedgerWorld
) -> None:
    there = [tenant(name, source_tenant_deploy_config=None) for name in "abcd"]
    moved(client, world, plan("first", there, [STAGE]))

    def wanted(number: int) -> dict[str, Any]:
        return plan("p", there + [tenant(name) for name in "vwxyz"[:number]], [STAGE]) | {
            "failure_tolerance": {"percent": 30},
            "waves": [
                {"name": "vip", "tenants": {"ids": ["a"]}},
                {"name": "canary", "tenants": {"count": 2}},
                {"name": "half", "tenants": {"count": 1}},
                {"name": "rest"},
            ],
        }

    refusals = []
    for does in (partial(client.submit, skip_identical=True), partial(looked_at, client, skip_identical=True)):
        with pytest.raises(InvalidInput) as refused:
            does(wanted(3))
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
    assert refusals[0].startswith("waves[3]: it takes nobody")
    assert "(without the 4 tenants that are at the target already)" in refusals[0]

    _, end = looked_at(client, wanted(5), skip_identical=True)
    client.submit(plan("open", there[3:], [STAGE]))
    # That one of them is not left out any more changes the waves, though nobody has moved.
    with pytest.raises(NotAllowed, match="who is left out as at the target is not whom the preview showed"):
        client.submit(wanted(5), preview=end.digest, skip_identical=True)
    found, end = looked_at(client, wanted(5), skip_identical=True)
    result = client.submit(wanted(5), preview=end.digest, skip_identical=True)
    assert end.resolved == result.resolved
    assert end.resolved == "canary: 2 tenants; half: 1 tenant; rest: 3 tenants; plan: 6 tenants, tolerance 1"
    waves = [(wave, client.status("p", wave=wave).tasks) for wave in ("canary", "half", "rest")]
    made = {task.tenant_id: wave for wave, tasks in waves for task in tasks}
    assert {name: line.wave for name, line in found.items() if not line.left_out} == made
    assert {line.wave for line in found.values() if line.left_out} == {None}


def test_on_the_command_line(
    client: Client, world: LedgerWorld, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "p.json"
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "GATEKEY").write_text("k9-of-the-gate")
    monkeypatch.setenv("CHANGEOVER_SECRETS_DIR", str(secrets))
    blue = {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41, "variables": {}}
    told: dict[str, Any] = {"variables": {"ref": "k9-of-the-gate"}, "source_tenant_deploy_config": blue}
    file.write_text(json.dumps(plan("p", [tenant("a", **told), tenant("b")], [STAGE])))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    code, out, _ = run("preview", str(file), "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, [line.get("tenantId") for line in lines]) == (0, ["a", "b", None])
    assert "k9-of" not in out
    code, out, _ = run("preview", str(file))
    assert '  variables.ref: - -> "***"\n' in out
    assert "  deploy_unit_version: 41 -> 42\n" in out
    assert "2 tenants: 2 change, 0 at the target already\n" in out
    digest = next(line.removeprefix("digest: ") for line in out.splitlines() if line.startswith("digest: "))
    assert f"--preview {digest}" in out.splitlines()[-1]
    moved(client, world, plan("other", [tenant("b")], [STAGE]))
    code, out, error = run("submit", str(file), "--preview", digest)
    assert (code, out) == (3, "")
    assert error == (
        "error: 1 of its tenants (b) moved since the preview; nothing was submitted: preview the plan again\n"
    )


def test_after_real_moves(client: Client, cluster: Cluster, instances: TenantInstances) -> None:
    """The whole way: workers, instances, and a second plan that moves one of the previewed tenants."""
    cluster.start(workers=1)
    wanted = plan("second", [tenant(name, instances, deploy_unit_version=43) for name in ("a", "b")], [SWITCH])
    _, end = looked_at(client, wanted)
    client.submit(plan("first", [tenant("b", instances)], [SWITCH]))
    assert client.wait("first", timeout_seconds=30).status == "COMPLETED"
    with pytest.raises(TenantsMoved, match=r"\(b\)"):
        client.submit(wanted, preview=end.digest)
    found, end = looked_at(client, wanted)
    assert changes(found["b"])[0] == ("deploy_unit_version", 42, 43)
    client.submit(wanted, preview=end.digest)
    assert client.wait("second", timeout_seconds=30).status == "COMPLETED"
    found, _ = looked_at(client, plan("third", wanted["tenants"], [SWITCH]))
    assert [line.identical for line in found.values()] == [True, True]
