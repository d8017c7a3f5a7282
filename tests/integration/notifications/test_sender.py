"""One hook against real receivers: order, what is repeated and what is not, failures of every kind, the way back."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any, cast

import pytest
import redis

from orchestrator.control.doctor.webhooks import webhook_rows
from orchestrator.control.event_cursors import EventPosition
from orchestrator.domain.errors import NotFound
from orchestrator.ledger.hooks import Note
from orchestrator.ledger.operations import Order
from orchestrator.notifications.cursor import HookCursor, HookLost
from orchestrator.settings.model import Settings
from steps import RetryParameters
from tests.support.hooked import Hooked, hooked, sequence_ids, verified
from tests.support.instances import Instances, drip, hang, hang_up, in_turn, raw, reset, says
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.promoted import restore, snapshot

OK = says({})
ASKED = Order("ada", "it is up again")


def test_a_new_hook_begins_now_and_sends_what_it_wants_in_order(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, plans="p*")
    assert server.received == []
    world.started("p", ["a", "b"], max_concurrency=2)
    world.started("q", ["c"])
    world.finish("p.0")
    hook.sender.look()
    wanted = [event for event in world.events() if event.plan_id == "p"]
    assert sequence_ids(server) == [event.sequence_id for event in wanted]
    events = list(verified(server.received))
    assert [event["data"] for event in events] == [one.model_dump(mode="json", by_alias=True) for one in wanted]
    assert len({request.headers["webhook-id"] for request in server.received}) == len(wanted)
    # What it does not want is behind it as well.
    assert hook.state.number("at") == world.events()[-1].sequence_id
    hook.sender.look()
    assert len(server.received) == len(wanted)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says({"error": "no <b>luck</b>"}, 500), "answered status 500: {"),
        (raw(b"", 302, Location="http://127.0.0.1:1/"), "redirects are not followed"),
        (raw(b"", 404), "answered status 404"),
        (hang_up, "unreachable"),
        (reset, "unreachable"),
        (hang, "timed out after 0.2 s"),
    ],
    ids=["500", "302", "404", "hung-up", "reset", "hangs"],
)
def test_a_failed_attempt_comes_again_the_same_before_what_follows(
    world: LedgerWorld, server: Instances, answer: Any, said: str
) -> None:
    hook = hooked(world, server)
    server.answers["/"] = answer
    world.started("p", ["a"])
    with hook.hurried(0.2) if answer is hang else nullcontext():
        hook.look_until(lambda: server.received)
    assert said in hook.state.text("said")
    failed = hook.state.number("attempts")
    # The time of one that hangs may be over before it came at all.
    assert failed == 1 or answer is hang
    server.answers["/"] = OK
    hook.sender.look()
    wanted = [event.sequence_id for event in world.events() if event.plan_id == "p"]
    repeats = sequence_ids(server).count(wanted[0]) - 1
    assert sequence_ids(server) == [wanted[0]] * repeats + wanted
    assert 1 <= repeats <= failed
    same = {(one.body, one.headers["webhook-id"]) for one in server.received}
    assert len(same) == len({event_id for _, event_id in same}) == len(wanted)
    assert (hook.state.number("sent"), hook.state.number("failed")) == (len(wanted), failed)
    assert not hook.state.number("failures")


def test_a_head_that_says_yes_is_enough(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, events=["PlanStarted"])
    server.answers["/"] = raw(b"x" * 100_000)
    world.started("p", ["a"])
    hook.sender.look()
    assert (hook.state.number("sent"), hook.state.number("failed")) == (1, 0)
    # A body without end is not waited for beyond the time of an attempt.
    server.answers["/"] = drip
    world.started("q", ["b"])
    with hook.hurried(0.3):
        hook.sender.look()
    assert hook.state.number("attempts") == 1


def test_a_receiver_says_when_to_come_again(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server)
    server.answers["/"] = in_turn(raw(b"", 429, Retry_After="3600"), OK)
    world.started("p", ["a"])
    hook.looks(3)
    assert len(server.received) == 1
    wait_ms = hook.state.number("nextAt") - hook.hooks.reads.now_ms()
    assert 3_500_000 < wait_ms <= 3_600_000
    assert hook.desk.enable("ops", ASKED).name == "ops"
    hook.sender.look()
    assert len(server.received) > 1


def test_the_pauses_grow_over_events_and_end_with_a_success(world: LedgerWorld, server: Instances) -> None:
    # Long enough that none passes while the test runs.
    retry = RetryParameters(backoff_seconds=1000, max_backoff_seconds=10_000, jitter_seconds=0)
    hook = hooked(world, server, retry=retry, max_attempts=2)
    server.answers["/"] = in_turn(*[raw(b"", 503)] * 7, OK)
    world.started("p", ["a"])
    waits = []
    for _ in range(4):
        hook.sender.look()
        waits.append(round((hook.state.number("nextAt") - hook.hooks.reads.now_ms()) / 1000, -2))
        world.client.hdel(world.keys.of("hook", "ops"), "nextAt")
    # An event's second attempt is its last, and the next event is tried in the same look.
    assert waits == [1000, 2000, 4000, 8000]
    assert [one.type for one in hook.desk.dead("ops")] == [event.type for event in world.events()[-5:-2]]


def test_gone_switches_the_hook_off_until_a_person_has_it_tried_again(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server)
    server.answers["/"] = in_turn(raw(b"no more, please", 410), OK)
    world.started("p", ["a"])
    hook.looks(3)
    assert len(server.received) == 1
    (status,) = hook.desk.all()
    assert (status.health, status.behind) == ("disabled", 5)
    (row,) = webhook_rows(world.ledger, world.reader)
    assert not row.good
    assert row.finding.endswith("`changeover webhooks enable ops` once it takes them again")
    hook.desk.enable("ops", ASKED)
    hook.sender.look()
    # Nothing was lost meanwhile.
    assert sequence_ids(server)[1:] == [event.sequence_id for event in world.events() if event.plan_id == "p"]
    assert hook.desk.one("ops").health == "well"


def test_what_is_given_up_is_kept_told_and_sent_again(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, max_attempts=2)
    server.answers["/"] = in_turn(*[says({}, 500)] * 4, OK)
    world.started("p", ["a"])
    hook.looks(5)
    numbers = [event.sequence_id for event in world.events() if event.plan_id == "p"]
    dead = hook.desk.dead("ops")
    assert [one.sequence_id for one in dead] == numbers[:2]
    assert [(one.attempts, one.why) for one in dead] == [(2, "answered status 500: {}")] * 2
    assert sequence_ids(server)[4:] == numbers[2:]
    (row,) = webhook_rows(world.ledger, world.reader)
    assert row.finding == "2 notifications were given up; `changeover webhooks resend ops` sends them again"
    first_id = server.received[0].headers["webhook-id"]
    del server.received[:]
    assert hook.desk.resend("ops", [dead[0].id], ASKED).count == 1
    hook.sender.look()
    # The receiver can tell that it is the same.
    assert [one.headers["webhook-id"] for one in server.received] == [first_id]
    assert [one.id for one in hook.desk.dead("ops")] == [dead[1].id]
    hook.desk.resend("ops", (), ASKED)
    hook.sender.look()
    assert sequence_ids(server) == numbers[:2]
    assert hook.desk.dead("ops") == []
    (row,) = webhook_rows(world.ledger, world.reader)
    assert row.good
    with pytest.raises(NotFound, match="no dead letter 'x'"):
        hook.desk.resend("ops", ["x"], ASKED)
    with pytest.raises(NotFound, match="no webhook 'nobody'"):
        hook.desk.resend("nobody", (), ASKED)


def test_dead_letters_have_a_bound(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, max_attempts=1)
    server.answers["/"] = says({}, 500)
    dead = world.keys.of("hook_dead", "ops")
    world.client.zadd(dead, {json.dumps({"id": str(n)}): n / 10_000 for n in range(1000)})
    world.started("p", ["a"])
    hook.sender.look()
    assert world.client.zcard(dead) == 1000
    assert hook.desk.one("ops").dropped == 5
    assert [one.sequence_id for one in hook.desk.dead("ops", 995)] == [e.sequence_id for e in world.events()[-5:]]


def test_another_sender_goes_on_where_the_last_one_wrote_it_down(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, max_attempts=3)
    server.answers["/"] = says({}, 500)
    world.started("p", ["a"])
    hook.looks(2)
    first = hook.sender
    # The claim of one that is gone ends; its successor knows how often it was tried.
    assert not hook.claim("other/2")
    hook.claim("me/1", 0)
    server.answers["/"] = OK
    hook.take_over("other/2").look()
    numbers = [event.sequence_id for event in world.events() if event.plan_id == "p"]
    assert sequence_ids(server) == [*numbers[:1] * 2, *numbers]
    # One that comes back from the dead finds that it is another's, also in the middle of an attempt.
    first.look()
    assert len(server.received) == len(numbers) + 2
    cursor = HookCursor(hook.hooks, world.reader, "ops", "me/1")
    cursor.handled(Note(counts={"sent": 1}))
    with pytest.raises(HookLost):
        cursor.save(EventPosition())


def test_a_sender_that_died_before_it_wrote_sends_the_same_again(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, events=["PlanStarted"])
    kept = cast(dict[Any, Any], world.client.hgetall(world.keys.of("hook", "ops")))
    world.started("p", ["a"])
    hook.sender.look()
    world.client.hset(world.keys.of("hook", "ops"), mapping=kept)
    hook.take_over("me/1").look()
    first, again = server.received
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)


def test_what_a_fail_over_took_back_is_told_anew(world: LedgerWorld, server: Instances, place: Place) -> None:
    hook = Hooked(LedgerWorld(world.client, world.settings), server.url("/"), events=["TaskCompleted"])
    other = hook.world
    other.started("p", ["a", "b"], max_concurrency=2)
    hook.sender.look()
    kept = snapshot(place.admin_url)
    other.finish("p.0")
    hook.sender.look()
    restore(place.admin_url, kept)
    other.finish("p.1")
    # With what the sender has in mind, and without.
    for sender in (hook.sender, hook.take_over("me/1")):
        sender.look()
    lost, true = verified(server.received)
    assert (lost["data"]["taskId"], true["data"]["taskId"]) == ("p.0", "p.1")
    # Its number was given out again; a receiver that drops what it has seen takes it all the same.
    assert lost["data"]["sequenceId"] == true["data"]["sequenceId"]
    assert lost["id"] != true["id"]
    assert len({request.headers["webhook-id"] for request in server.received}) == 2


def test_events_that_left_the_feed_are_told_as_one_gap(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, events=["PlanStarted"], max_attempts=3)
    world.started("p", ["a"])
    world.started("q", ["b"])
    at = hook.state.number("at")
    world.client.xtrim(world.keys.of("feed"), minid=f"{at + 8}-0", approximate=False)
    server.answers["/"] = in_turn(says({}, 500), OK)
    hook.looks(3)
    gap, same, started = verified(server.received)
    assert gap == same
    assert gap["type"] == "changeover.EventsMissed"
    assert (gap["data"]["firstSequenceId"], gap["data"]["lastSequenceId"]) == (at + 1, at + 7)
    assert (started["type"], started["data"]["planId"]) == ("changeover.PlanStarted", "q")


@pytest.mark.parametrize("had_events", [True, False])
def test_a_gap_is_told_before_any_event_was_sent_and_after_another(
    world: LedgerWorld, server: Instances, had_events: bool
) -> None:
    hook = hooked(world, server) if had_events else Hooked(world, server.url("/"))
    hook.sender.look()
    began = hook.state.number("at")
    server.answers["/"] = in_turn(*[OK, says({}, 500)] * 2, OK)
    ends = []
    for plan_id in ("p", "q"):
        world.started(plan_id, [f"{plan_id}-{n}" for n in range(3)])
        ends.append(world.now() - 2)
        world.client.xtrim(world.keys.of("feed"), maxlen=2, approximate=False)
        # The gap is taken, what follows is not; the next sender knows what is in the ledger.
        hook.looks(2)
        hook.take_over("me/1")
    hook.sender.look()
    told = [event["data"] for event in verified(server.received) if event["type"] == "changeover.EventsMissed"]
    gaps = [(one["firstSequenceId"], one["lastSequenceId"]) for one in told]
    assert gaps == [(began + 1, ends[0]), (ends[0] + 1, ends[1])]
    assert sequence_ids_of_events(server)[-2:] == [ends[1] + 1, ends[1] + 2]


def test_a_new_hook_goes_on_from_its_beginning_after_a_fail_over(
    server: Instances, place: Place, redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings)
    world.started("old", [f"t{n}" for n in range(40)])
    kept = snapshot(place.admin_url)
    world.started("last", ["x"])
    hook = Hooked(world, server.url("/"))
    hook.sender.look()
    state = world.client.hgetall(world.keys.of("hook", "ops"))
    restore(place.admin_url, kept)
    world.client.hset(world.keys.of("hook", "ops"), mapping=cast(dict[Any, Any], state))
    last = world.now()
    world.started("new", ["y"])
    for sender in (hook.sender, hook.take_over("me/1")):
        sender.look()
    assert sequence_ids(server) == [event.sequence_id for event in world.events() if event.sequence_id > last]


def sequence_ids_of_events(server: Instances) -> list[int]:
    return [int(one["data"]["sequenceId"]) for one in verified(server.received) if "sequenceId" in one["data"]]
