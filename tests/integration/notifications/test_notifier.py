"""Who sends, in real processes: each hook has one sender, a killed one has a successor, and none holds up another."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.client import Client
from orchestrator.notifications import notifier
from orchestrator.notifications.notifier import Notifier
from orchestrator.settings.model import Settings
from orchestrator.settings.webhooks import WebhookSettings
from tests.support.cluster import Cluster
from tests.support.hooked import AT_ONCE, SECRET, hook_setting, sequence_ids, verified
from tests.support.instances import Instances, hang, in_turn, says
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.processes import signal_group
from tests.support.waiting import wait_until

OK = says({})


@pytest.fixture
def noticed(place: Place, tmp_path: Path, server: Instances) -> Iterator[Cluster]:
    """Processes whose settings have two hooks: one that is well, and one whose receiver never answers."""
    hooks: dict[str, Any] = {
        "ops": hook_setting(server.url("/")),
        "stuck": hook_setting(server.url("/hangs"), timeout_seconds=30),
    }
    settings = {"CHANGEOVER_WEBHOOKS": json.dumps(hooks), "CHANGEOVER_SECRET_OPS_HOOK": SECRET}
    cluster = Cluster(place, tmp_path, CHANGEOVER_LEASE_SECONDS="1", CHANGEOVER_RENEW_SECONDS="0.3", **settings)
    yield cluster
    cluster.end()


def submit(client: Client, plan_id: str) -> None:
    client.submit(plan(plan_id, [tenant(f"{plan_id}-{n}") for n in range(3)], [noop_stage("a")]))


def expected(client: Client) -> list[int]:
    return [one.sequence_id for one in client.events() if one.plan_id]


def came(server: Instances) -> list[int]:
    """What the hook that is well was sent."""
    return [int(event["data"]["sequenceId"]) for event in verified([one for one in server.received if one.path == "/"])]


def at_least_once_in_order(found: list[int], wanted: list[int]) -> bool:
    """Whether all came, none before one that it follows: a repeat goes back to what it repeats, and on from there."""
    return list(dict.fromkeys(found)) == wanted and found[-1:] == wanted[-1:]


@long
def test_a_killed_sender_has_a_successor_and_a_hung_receiver_holds_up_nobody(
    client: Client, noticed: Cluster, server: Instances
) -> None:
    first, second = noticed.start_coordinator(), noticed.start_coordinator()
    worker = noticed.start_worker()
    noticed.wait_alive([first, second, worker])
    wait_until(lambda: [one.health for one in client.webhooks()] == ["well", "well"])
    submit(client, "p")
    assert client.wait("p", 30).status == "COMPLETED"
    wait_until(lambda: came(server) == expected(client), message="sent once, in order")
    # Both have begun, and only one of the two sends for it.
    (ops, stuck) = client.webhooks()
    assert (stuck.sent, server.seen.count("/hangs")) == (0, 1)
    pid = int(str(ops.sender).rpartition(":")[2])
    victim, heir = (first, second) if first.pid == pid else (second, first)
    sent = len(came(server))
    server.answers["/"] = in_turn(OK, OK, hang)
    submit(client, "q")
    wait_until(lambda: len(came(server)) == sent + 3, message="the third is under way")
    server.answers["/"] = OK
    signal_group(victim, signal.SIGKILL)
    victim.wait()
    assert client.wait("q", 30).status == "COMPLETED"
    wait_until(lambda: at_least_once_in_order(came(server), expected(client)), message=noticed.logs())
    assert int(str(client.webhooks()[0].sender).rpartition(":")[2]) == heir.pid
    # A stop gives the hooks back at once, whatever is under way.
    heir.terminate()
    assert heir.wait(10) == 0
    assert {one.health for one in client.webhooks()} == {"not served"}


def test_one_sender_a_hook_while_they_come_and_go(
    world: LedgerWorld, settings: Settings, server: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is given back is claimed by another at once, and no pause of this process is as long as a lease.
    monkeypatch.setattr(notifier, "CLAIMS_A_LEASE", 600)
    hooks = {"ops": WebhookSettings.model_validate(hook_setting(server.url("/")))}
    settings = settings.model_copy(update={"webhooks": hooks, "lease_seconds": 60.0})

    def of_hook(field: str) -> str:
        return str(world.client.hget(world.keys.of("hook", "ops"), field) or "")

    def are_all_sent() -> bool:
        # Also noted as sent: what is stopped before that is to be sent again.
        wanted = [event.sequence_id for event in world.events()]
        return sequence_ids(server) == wanted and of_hook("sent") == str(len(wanted))

    one, two = (Notifier(world.ledger, settings, name, AT_ONCE) for name in ("a:1", "b:2"))
    try:
        one.start()
        two.start()
        for plan_id, leaves, heir in (("p", one, "b:2"), ("q", two, "a:1")):
            world.started(plan_id, [f"{plan_id}-1"])
            wait_until(are_all_sent)
            leaves.stop()
            wait_until(lambda: of_hook("owner").startswith(heir))  # noqa: B023 - called in this very turn
            leaves.start()
    finally:
        one.stop()
        two.stop()
    assert sequence_ids(server) == [event.sequence_id for event in world.events()]
