"""A turn that a worker cannot run is given back; what is not its to give is left alone."""

from __future__ import annotations

import json

from orchestrator.broker.messages import own_queue
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import HandedBack
from tests.support.coordinating import Coordinating
from tests.support.ledger_world import LedgerWorld
from workers.waiting_turns import waiting_turns


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


def announced(world: LedgerWorld, pid: int, knows: list[str], lanes: list[int]) -> str:
    """A worker that tells what it can; answers its own queue."""
    queue = own_queue("h", pid)
    queues = json.dumps([queue, *(lane_name(lane) for lane in lanes)])
    told = json.dumps({"knows": knows})
    world.ledger.call("beat", f"worker:h:{pid}", queues, 0, "{}", 1, told)
    return queue


def test_what_waits_for_a_worker_that_can_is_for_the_first_that_comes(world: LedgerWorld) -> None:
    lanes = world.settings.lanes
    tasks = world.started("p", "abcd", max_concurrency=4)
    needs = ["drain", "drain", "fill", "drain"]
    for task, what in zip(tasks, needs, strict=True):
        world.ledger.hand_back(world.turn(task), "w:1/d", "step", what, had_begun=False, own_queue="worker-w-1")
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
