"""A turn that a worker cannot run is given back; what is not its to give is left alone."""

from __future__ import annotations

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from orchestrator.broker.app import make_app
from orchestrator.broker.messages import own_queue
from orchestrator.client import Client
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import HandedBack
from tests.support.coordinating import Coordinating
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.since import Since
from workers.waiting_turns import take_waiting_turns, waiting_turns

LEASE_MS = 10_000


def test_a_poll_that_is_not_due_is_not_due_earlier(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    assert world.begin(task) is Begun.BEGUN
    world.poll(task, 60)
    due = int(world.task(task)["dueAt"])
    others = [("worker-h-2", "")]
    ended, known = world.ledger.hand_back(world.turn(task), "w:1/d", "step", "drain", had_begun=False, others=others)
    assert isinstance(known, HandedBack)
    assert (ended, known.turn, known.queue) == (Ended.AGAIN, 2, "worker-h-2")
    assert known.due_ms == due == int(world.task(task)["dueAt"])


def test_who_lost_its_tenant_gives_nothing_back(world: LedgerWorld) -> None:
    coordinating = Coordinating(world)
    (task,) = world.started("p", ["a"])
    world.client.delete(world.keys.of("tenant", "a"))
    before = world.task(task)
    assert world.ledger.hand_back(world.turn(task), "w:1/d", "step", "drain", had_begun=False)[0] is Ended.STALE
    assert world.task(task) == before
    coordinating.reconcile()
    assert world.holder("a") == task


def test_a_copy_of_a_turn_that_runs_elsewhere_gives_nothing_back(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    turn = world.turn(task)
    assert world.ledger.hand_back(turn, "w:1/d", "step", "drain", had_begun=True)[0] is Ended.STALE
    assert world.begin(task) is Begun.BEGUN
    before = world.dump()
    assert world.ledger.hand_back(turn, "w:1/e", "step", "drain", had_begun=False)[0] is Ended.STALE
    assert world.dump() == before
    assert world.ledger.hand_back(turn, "w:1/f", "step", "drain", had_begun=True)[0] is Ended.AGAIN


def announced(world: LedgerWorld, pid: int, knows: list[str], lanes: list[int]) -> str:
    """A worker that tells what it can; answers its own queue."""
    queue = own_queue("h", pid)
    queues = json.dumps([queue, *(lane_name(lane) for lane in lanes)])
    told = json.dumps({"knows": knows})
    world.ledger.call("beat", f"worker:h:{pid}", queues, 0, "{}", 1, told)
    return queue


def wait_long(world: LedgerWorld, task: str, needs: str = "drain") -> None:
    """As if all who are there had tried again and again: it waits for seconds."""
    for number in range(6):
        given = (world.turn(task), f"w:1/{number}", "step", needs)
        world.ledger.hand_back(*given, had_begun=False, own_queue="worker-w-1")


def test_what_waits_for_a_worker_that_can_is_for_the_first_that_comes(world: LedgerWorld) -> None:
    lanes = world.settings.lanes
    tasks = world.started("p", "abcd", max_concurrency=4)
    needs = ["drain", "drain", "fill", "drain"]
    for task, what in zip(tasks, needs, strict=True):
        wait_long(world, task, what)
    # A poll that has its own time keeps it; one that goes to another worker by name has no need.
    world.client.hset(world.keys.of("task", tasks[1]), "dueAt", world.reader.now_ms() + 60_000)
    turns = [world.turn(task) for task in tasks]

    def taken(pid: int, knows: list[str], served: list[int]) -> list[str]:
        queue = announced(world, pid, knows, served)
        return [row.task_id for row in waiting_turns(world.ledger, world.reader, queue, lanes)]

    every = list(range(lanes))
    assert taken(2, ["noop"], every) == []
    others = [lane for lane in every if lane != lane_of("a", lanes)]
    assert "p.0" not in taken(3, ["noop", "drain"], others)
    before = world.dump()
    assert waiting_turns(world.ledger, world.reader, "worker-nobody-1", lanes) == []
    assert world.dump() == before
    assert "p.0" in taken(4, ["drain"], every)
    # Once: it is not given to two.
    assert taken(5, ["drain"], every) == []
    assert world.turn("p.0").turn == turns[0].turn + 1
    assert [world.turn(task) for task in tasks[1:3]] == turns[1:3]
    # The message that waited is a copy by now, and the turn is due.
    assert world.ledger.begin(turns[0], "w:1/e")[0] is Begun.COPY
    assert world.ledger.hand_back(turns[0], "w:1/e", "step", "drain", had_begun=False)[0] is Ended.STALE
    assert world.begin("p.0") is Begun.BEGUN
    world.check()


def test_each_who_could_tries_once_before_everybody_waits(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    lane = lane_of("a", 4)
    serving = {"worker-h-1": "", "worker-h-2": f"4:{(lane + 1) % 4},", "worker-h-3": f"4:{lane},", "worker-h-4": ""}

    def gives_back(own: str) -> tuple[str, bool]:
        """Whom it goes to, and whether at once."""
        others = [(queue, lanes) for queue, lanes in serving.items() if queue != own]
        turn = world.turn(task)
        answers = [
            world.ledger.hand_back(
                turn, f"{own}/{turn.turn}", "stage", "no such field", had_begun=False, own_queue=own, others=others
            )
            for _ in range(2)
        ]
        # The answer may be lost: its repeat is the same.
        assert answers[0] == answers[1]
        found = answers[0][1]
        assert isinstance(found, HandedBack)
        world.client.hset(world.keys.of("task", task), "dueAt", 0)
        return found.queue, found.due_ms <= world.reader.now_ms()

    # The second does not serve the lane.
    assert gives_back("worker-h-1") == ("worker-h-3", True)
    assert gives_back("worker-h-3") == ("worker-h-4", True)
    assert gives_back("worker-h-4") == ("", False)
    # After the wait it begins anew, whoever comes first.
    assert gives_back("worker-h-4") == ("worker-h-1", True)
    kept = json.loads(world.task(task)["handedBack"])
    assert (kept["times"], kept["waits"]) == (4, 1)


DAMAGED = {
    "infinite": '{"worker":"w:1/d","why":"step","what":"drain","times":1e999,"waits":1e999,"to":"","back":1}',
    "infinite inside": '{"worker":"w:1/d","why":"step","what":"drain","times":1,"to":"","back":-1e999}',
    "nested": '{"tried":' * 100_000,
    "long": json.dumps({"worker": "w:1/d", "why": "cursor", "what": "9" * 5000, "times": 1, "to": "", "back": 1}),
    "none": "[]",
}


@pytest.mark.parametrize("name", mostly_long(DAMAGED, "infinite", "nested"))
def test_what_a_hand_made_of_one_keeps_no_other_from_being_taken(hurt: LedgerWorld, name: str) -> None:
    text = DAMAGED[name]
    tasks = hurt.started("p", "abc", max_concurrency=3)
    for task in tasks:
        wait_long(hurt, task)
    hurt.client.hset(hurt.keys.of("task", "p.0"), "handedBack", text)
    with Client(hurt.settings) as client:
        doctor = {check.name: check.finding for check in client.doctor().checks}
        reasons = " ".join(client.explain(task_id="p.0").reasons)
        client.explain(plan_id="p")
    if name != "long":
        # That one is well formed; no release knows such a format.
        assert "its handedBack" in doctor["task p.0 (tenant a)"]
        assert "its handedBack" in reasons
    queue = announced(hurt, 4, ["drain"], list(range(hurt.settings.lanes)))
    taken = [row.task_id for row in waiting_turns(hurt.ledger, hurt.reader, queue, hurt.settings.lanes)]
    assert {"p.1", "p.2"} <= set(taken)
    # Whoever gives it back notes it anew.
    known = hurt.ledger.hand_back(hurt.turn("p.0"), "w:2/d", "step", "drain", had_begun=False, own_queue="worker-w-2")
    assert known[0] is Ended.AGAIN
    assert json.loads(hurt.task("p.0")["handedBack"])["worker"] == "w:2/d"


def test_of_many_that_come_at_once_each_turn_is_given_to_one(world: LedgerWorld) -> None:
    tasks = world.started("p", [f"t{n}" for n in range(20)], max_concurrency=20)
    for task in tasks:
        wait_long(world, task)
    lanes = world.settings.lanes
    queues = [announced(world, pid, ["drain"], list(range(lanes))) for pid in range(2, 6)]
    with ThreadPoolExecutor(len(queues)) as pool:
        found = list(pool.map(lambda queue: waiting_turns(world.ledger, world.reader, queue, lanes), queues))
    assert sorted(row.task_id for rows in found for row in rows) == sorted(tasks)
    for queue, rows in zip(queues, found, strict=True):
        assert {json.loads(world.task(row.task_id)["handedBack"])["to"] for row in rows} <= {queue}


def test_what_was_taken_by_one_that_died_comes_back_by_its_lease(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    wait_long(world, task)
    queue = announced(world, 2, ["drain"], list(range(world.settings.lanes)))
    since = Since(world.reader.now_ms)
    (taken,) = waiting_turns(world.ledger, world.reader, queue, world.settings.lanes)
    # It dies with the message in its own queue, which nobody else reads.
    assert since.waits(world.reader.lease_ends_ms("queued", task), LEASE_MS)
    world.expire("leases_queued", task)
    (row,) = world.ledger.call("sweep_queued", 100, world.reader.now_ms(), 2)[1]
    assert (row[0], row[6]) == (task, taken.turn)
    assert world.begin(task) is Begun.BEGUN
    world.succeed(task)


def test_a_worker_that_comes_is_stopped_by_nothing_it_finds(hurt: LedgerWorld) -> None:
    """Neither by a damaged plan among those whose turns it takes, nor by a ledger that it is too old for."""
    app, queue = make_app(hurt.settings), own_queue(socket.gethostname(), os.getpid())
    queues = json.dumps([queue, *(lane_name(lane) for lane in range(hurt.settings.lanes))])
    for plan_id, tenant in (("p", "a"), ("q", "b"), ("r", "c")):
        (task,) = hurt.started(plan_id, [tenant])
        wait_long(hurt, task)
    name = f"worker:{socket.gethostname()}:{os.getpid()}"
    hurt.ledger.call("beat", name, queues, 0, "{}", 1, json.dumps({"knows": ["drain"]}))
    # No whole number: what is done with the plan waits until that is mended.
    hurt.client.hset(hurt.keys.of("plan", "p"), "stages", hurt.reader.plan_record("p")["stages"] + "e0")
    waits = hurt.task("p.0")["turn"]

    def turns() -> list[int]:
        return [int(hurt.task(task)["turn"]) for task in ("q.0", "r.0")]

    with capture_logs() as said:
        hurt.client.hset(hurt.keys.of("settings"), "NEEDS", 99)
        take_waiting_turns(app, hurt.ledger, hurt.settings)
        hurt.client.hdel(hurt.keys.of("settings"), "NEEDS")
        assert turns() == [6, 6]
        hurt.client.rename(hurt.keys.of("handed_back"), "kept")
        hurt.client.set(hurt.keys.of("handed_back"), "garbage")
        take_waiting_turns(app, hurt.ledger, hurt.settings)
        hurt.client.rename("kept", hurt.keys.of("handed_back"))
        take_waiting_turns(app, hurt.ledger, hurt.settings)
    assert turns() == [7, 7]
    actions = [line.get("action") for line in said]
    assert (actions.count("left-waiting"), "took-waiting" in actions) == (2, True)
    assert (hurt.task("p.0")["turn"], actions.count("passed-by")) == (waits, 0)
