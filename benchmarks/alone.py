"""What one tenant waits for when nobody else is there: a stage, against a plain chain's hop; and a slot's next task."""

from __future__ import annotations

import time
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

from benchmarks.facts import Spread
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.plain_chain import LOOK_SECONDS, plain_celery
from orchestrator.client import Client
from orchestrator.domain.status import PLAN_ENDED
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant

STAGES = 40
"""Of the lone task, so that its submit and its end count for little."""


def _lone_task(client: Client, plan_id: str) -> float:
    """Milliseconds a stage, from the submit to the end."""
    started = time.perf_counter()
    client.submit(plan(plan_id, [tenant("alone")], [noop_stage(f"s{n}") for n in range(STAGES)], 1))
    while client.summary(plan_id).status not in PLAN_ENDED:
        time.sleep(LOOK_SECONDS)
    return (time.perf_counter() - started) * 1000 / STAGES


def _hand_over(client: Client, plan_id: str, tasks: int) -> list[float]:
    """Milliseconds from the end of each task to the begin of the next, which has its slot; by the events' times."""
    client.submit(plan(plan_id, [tenant(f"{plan_id}-{n}") for n in range(tasks)], [noop_stage("one")], 1))
    client.wait(plan_id, timeout_seconds=120)
    moments = [
        (event.type, event.occurred_at.timestamp() * 1000)
        for event in client.events(plan_id)
        if event.type in ("TaskCompleted", "TaskStageStarted")
    ]
    return [later - sooner for (ended, sooner), (_, later) in pairwise(moments) if ended == "TaskCompleted"]


def run(rounds: int = 5, hand_overs: int = 200) -> list[dict[str, Any]]:
    """Prints a line each; a lone task runs ahead, and, in the last, has a message a stage."""
    found: list[dict[str, Any]] = []
    print(f"alone: one task of {STAGES} no-op stages, one worker with one thread")
    with private_redis() as server, ExitStack() as stack:
        places = [Place(server.url(2 * n), server.url(2 * n + 1)) for n in range(3)]
        crew = Crew("threads", 1, 1)
        plain = stack.enter_context(plain_celery(places[0], crew, None))
        stack.enter_context(changeover_cluster(places[1], crew))
        stack.enter_context(changeover_cluster(places[2], crew, CHANGEOVER_RUN_AHEAD="false"))
        plain.wait_ready(1)
        assert server.process is not None
        ahead, by_message = (stack.enter_context(Client(settings_of(place))) for place in places[1:])
        hops, stages, linked = list[float](), list[float](), list[float]()
        for number in range(rounds + 1):
            # The first is the warm-up.
            took = (1000 / plain.run(1, STAGES, server.process.pid)[0], _lone_task(ahead, f"lone-{number}"))
            took_linked = _lone_task(by_message, f"lone-{number}")
            if number:
                hops.append(took[0])
                stages.append(took[1])
                linked.append(took_linked)
        for name, values in (("run ahead", stages), ("a message a stage", linked)):
            ratio = Spread.of([one / hop for one, hop in zip(values, hops, strict=True)])
            found.append({"name": name, "ms_a_stage": values, "ms_a_hop": hops})
            print(
                f"  {name}: {Spread.of(values).shown()} ms a stage, a chain's hop {Spread.of(hops).shown()} ms: "
                f"ratio {ratio.shown()}",
                flush=True,
            )
        gaps = _hand_over(ahead, "slots", hand_overs)
        found.append({"name": "slot hand-over", "ms": gaps})
        print(f"  a slot's next stage begins {Spread.of(gaps).shown(1)} ms after the task before it ended", flush=True)
    return found
