"""`changeover purge` and `changeover export`, as commands."""

from __future__ import annotations

import json
from pathlib import Path

import redis

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


def cancelled(client: Client, plan_id: str, *tenants: str) -> None:
    """A plan that ended without a worker."""
    client.submit(plan(plan_id, [tenant(name) for name in tenants], [noop_stage("one")]))
    for name in tenants:
        client.cancel(tenant_id=name)


def test_purge_exports_first_and_says_what_it_did(client: Client, place: Place, tmp_path: Path) -> None:
    cancelled(client, "p", "a", "b")
    whole = [json.dumps(line) for line in client.export("p")]
    printed = changeover("export", "--plan", "p", environment=place.environment())
    assert [json.loads(line) for line in printed.stdout.splitlines()] == [json.loads(line) for line in whole]

    file = tmp_path / "p.jsonl"
    asked = ("purge", "--plan", "p", "--reason", "tidy", "--request-id", "r", "--export")
    done = changeover(*asked, file, environment=place.environment())
    assert (done.returncode, done.stdout) == (0, "p: purged\n"), done.stderr
    assert len(file.read_text().splitlines()) == len(whole)
    assert [event.type for event in client.events()][-1] == "PlanPurged"
    # Answered as the first time, and no file under the new name.
    other = changeover(*asked, tmp_path / "other", environment=place.environment())
    assert (other.returncode, other.stdout) == (0, "p: purged\n")
    assert f"nothing was written to {tmp_path}/other: this request was done before" in other.stderr
    gone = changeover("status", "p", environment=place.environment())
    assert gone.returncode == 3
    again = changeover("purge", "--plan", "p", "--json", environment=place.environment())
    assert again.returncode == 3, again.stdout
    assert "no plan 'p'" in again.stderr


def test_what_is_known_of_a_tenant_outlives_its_plans(
    client: Client, place: Place, settings: Settings, redis_client: redis.Redis
) -> None:
    world = LedgerWorld(redis_client, settings)
    world.plan("p", ["acme", "other"])
    world.ask("cancel", "p.1")
    world.serve("p")
    world.finish("p.0")
    client.purge("p")

    def said(*arguments: str) -> tuple[int, str]:
        done = changeover(*arguments, environment=place.environment())
        return done.returncode, done.stdout

    for form in (("status", "acme"), ("status", "--tenant", "acme")):
        code, text = said(*form)
        assert code == 0, form
        assert [" ".join(line.split()) for line in text.splitlines()] == [
            "tenant id acme",
            "status PURGED",
            "last mover p.0",
            "tenant is at version of-p on unit 100",
            "last known good version of-p on unit 100",
        ]
    code, text = said("status", "--tenant", "acme", "--json")
    assert (code, json.loads(text)["lastKnownGood"]["deployUnitVersion"]) == (0, "of-p")
    code, text = said("explain", "acme")
    assert (code, text.splitlines()[0]) == (0, "tenant acme is PURGED")
    assert "it is at version of-p on unit 100 since its last whole move" in text
    # Nothing has moved the other, and nothing is known of it.
    for form in (("status", "other"), ("status", "--tenant", "other"), ("explain", "other"), ("cancel", "acme")):
        assert said(*form)[0] == 3, form


def test_what_cannot_be_purged_is_refused_with_what_to_do(client: Client, place: Place, tmp_path: Path) -> None:
    client.submit(plan("open", [tenant("a")], [noop_stage("one")]))
    refused = changeover("purge", "--plan", "open", environment=place.environment())
    assert refused.returncode == 3
    assert "only an ended plan can be purged: `changeover cancel --plan open` ends it" in refused.stderr
    there = tmp_path / "there"
    there.write_text("")
    taken = changeover("purge", "--plan", "open", "--export", there, environment=place.environment())
    assert (taken.returncode, taken.stderr) == (2, f"error: export: the file exists; name a new one (got '{there}')\n")
    wrong = changeover("purge", "--ended-before", "yesterday", environment=place.environment())
    assert wrong.returncode == 2
    assert "--ended-before: expected a time such as" in wrong.stderr
    ages = changeover("purge", "--ended-before", "999999w", environment=place.environment())
    assert (ages.returncode, ages.stderr) == (
        2,
        "error: --ended-before: expected an age from 0 s to 100 years, or a time (got '999999w')\n",
    )
    both = changeover("purge", "--export", "kept/", environment=place.environment())
    assert (both.returncode, both.stderr.splitlines()) == (
        2,
        ["error: give one plan, or --ended-before", "error: --export: names a folder; name a new file (got 'kept/')"],
    )


def test_all_that_ended_before_a_moment(client: Client, place: Place, settings: Settings) -> None:
    for plan_id in ("p1", "p2"):
        cancelled(client, plan_id, f"{plan_id}-a")
    kept = changeover("purge", "--ended-before", "1d", "--json", environment=place.environment())
    assert json.loads(kept.stdout) == {"purged": []}
    gone = changeover("purge", "--ended-before", "0s", "--json", environment=place.environment())
    assert json.loads(gone.stdout) == {"purged": ["p1", "p2"]}
    assert client.plans() == []
