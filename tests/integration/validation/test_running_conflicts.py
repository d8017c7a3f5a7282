"""A plan that shares tenants with one that is not ended is warned of, and taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from orchestrator.cli import main
from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.running_conflicts import conflicts_if_reachable
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


def test_submit_and_validate_warn_of_a_plan_that_is_not_ended(
    client: Client,
    redis_client: redis.Redis,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    stages = [noop_stage("one")]
    first = plan("first", [tenant(f"t{i}") for i in range(6)], stages)
    client.submit(first)
    # The same plan again is no conflict with itself.
    assert not any("also in plan" in warning.message for warning in client.submit(first).warnings)

    second = plan("second", [tenant("own"), *(tenant(f"t{i}") for i in range(4))], stages)
    (tmp_path / "second.json").write_text(json.dumps(second))
    said = (
        "4 of the tenants (t0, t1, t2, ...) are also in plan first, which is READY: "
        "a tenant is moved by one plan at a time, the others wait for it"
    )
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(tmp_path / "second.json"), "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)["warnings"]
    assert {"path": "tenants[1]", "value": None, "message": said} in found
    assert [(one.path, one.message) for one in client.submit(second).warnings if "also in" in one.message] == [
        ("tenants[1]", said)
    ]

    # As the script that ends a plan leaves it.
    redis_client.hset(Keys(place.namespace).of("plan", "first"), "status", "CANCELLED")
    third = plan("third", [tenant("t5")], stages)
    assert not any("also in plan" in warning.message for warning in client.submit(third).warnings)


def test_validate_needs_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    (tmp_path / "p.json").write_text(json.dumps(plan("p", [tenant("t")], [noop_stage("one")])))
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(tmp_path / "p.json")])
    assert ended.value.code == 0


def test_a_time_that_has_passed_is_warned_of(client: Client) -> None:
    late = plan("late", [tenant("late")], [noop_stage("one")]) | {"not_after": "2020-01-01T02:00:00+01:00"}
    early = plan("early", [tenant("early")], [noop_stage("one")]) | {"not_after": "2120-01-01T00:00:00Z"}
    assert not [one for one in client.submit(early).warnings if one.path == "not_after"]
    # Also again: the same file is the same plan.
    for _ in range(2):
        warnings = [one for one in client.submit(late).warnings if one.path == "not_after"]
        assert [one.value for one in warnings] == ["2020-01-01T01:00:00.000Z"]
        assert warnings[0].message.startswith("has passed (it is now 2")
    # Without a ledger to ask, by this machine's clock.
    made = validate_plan(late).require()
    nobody = Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"))
    assert [one.path for one in conflicts_if_reachable(made, nobody)] == ["not_after"]
