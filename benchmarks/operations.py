"""What a person asks of a whole plan: how long the longest script of each operation takes in Redis.

Redis serves nobody else while a script runs. Each operation is asked where it has the most to do; what the call leaves
to the coordinators is done to its end, in their chunks. Times are Redis' own, from its command statistics.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.place import private_redis, settings_of
from orchestrator.coordinator.coordinator import ADMIT_LIMIT, CHUNK
from orchestrator.fleet.rules import NO_RULES, FleetRules, Tolerance, Wave
from orchestrator.ledger.connection import connect
from tests.support.ledger_world import LedgerWorld, config
from tests.support.place import Place


@dataclass(frozen=True)
class _Took:
    """Of scripts in Redis: by the clock, which a busy machine lengthens, and of its processor's time."""

    wall_ms: float
    processor_ms: float


class _Bench:
    def __init__(self, place: Place, tasks: int) -> None:
        self.redis = connect(place.redis_url, patient=True)
        self.world = LedgerWorld(self.redis, settings_of(place))
        self.tasks = [f"p.{i}" for i in range(tasks)]

    def submit(self, slots: int) -> None:
        """The plan ``p``, served once; what was there before it is gone."""
        self.write(slots)
        self.world.serve("p")

    def ready(self) -> None:
        self.write(slots=len(self.tasks))

    def ready_in_waves(self) -> None:
        """All but one in the first wave, each wave and the plan with a tolerance."""
        total, few = len(self.tasks), Tolerance(10, strict=False)
        waves = (Wave("most", total - 1, tolerance=few), Wave("last", 1, tolerance=few))
        self.write(slots=total, rules=FleetRules(total, few, waves=waves))

    def write(self, slots: int, rules: FleetRules = NO_RULES) -> None:
        self.redis.flushdb()
        self.world.ledger.announce()
        total = len(self.tasks)
        self.world.open("p", total, stages=["one", "two"], max_concurrency=slots, rules=rules)
        for first in range(0, total, 100):
            places = range(first, min(first + 100, total))
            # The last tenant is the last wave's.
            traits = [json.dumps({"wave": int(i == total - 1)}) if rules.waves else "{}" for i in places]
            rows = [(f"t{i}", config(f"t{i}", "p"), told) for i, told in zip(places, traits, strict=True)]
            self.world.ledger.write_chunk("p", "d", first // 100, rows)
        self.world.ledger.commit_plan("p", "d")

    def waiting(self) -> None:
        self.submit(slots=1)

    def in_stage(self) -> None:
        self.submit(slots=len(self.tasks))
        for task in self.tasks:
            self.world.begin(task)

    def paused(self) -> None:
        self.in_stage()
        self.world.ask("pause", "p")
        for task in self.tasks:
            self.world.succeed(task)

    def completed(self) -> None:
        self.submit(slots=len(self.tasks))
        for task in self.tasks:
            self.world.finish(task)

    def failed(self) -> None:
        self.submit(slots=len(self.tasks))
        for task in self.tasks:
            self.world.stage(task)
            self.world.break_stage(task)

    def failed_with_large_checkpoints(self) -> None:
        self.failed()
        for task in self.tasks:
            key = self.world.keys.of("checkpoint", task)
            text = str(self.redis.get(key)).replace('"outputs":{}', '"outputs":{"one":{"0":["%s"]}}' % ("a" * 4000))
            self.redis.set(key, text)

    def one_failed(self) -> None:
        self.submit(slots=len(self.tasks))
        for task in self.tasks[:-1]:
            self.world.finish(task)
        self.world.break_stage(self.tasks[-1])

    def measure(self, operation: str) -> dict[str, list[_Took]]:
        """What each call of each script took."""
        found: dict[str, list[_Took]] = defaultdict(list)
        call = self.world.ledger.call

        def timed(verb: str, *arguments: str | int | float) -> list[Any]:
            before = self._spent()
            answer = call(verb, *arguments)
            after = self._spent()
            found[verb].append(_Took(after.wall_ms - before.wall_ms, after.processor_ms - before.processor_ms))
            return answer

        self.world.ledger.call = timed  # type: ignore[method-assign]
        try:
            if operation == "admit":
                while self.world.admit("p", ADMIT_LIMIT).more:
                    pass
                return found
            assert self.world.ask(operation, "p").answer == "ACCEPTED"
            chunk = getattr(self.world.operations, f"{operation}_chunk", None)
            while chunk is not None and chunk("p", CHUNK):
                pass
        finally:
            self.world.ledger.call = call  # type: ignore[method-assign]
        return found

    def _spent(self) -> _Took:
        found = self.redis.info("all")
        micros = sum(found[name]["usec"] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in found)
        return _Took(micros / 1000, (found["used_cpu_user"] + found["used_cpu_sys"]) * 1000)


def run(tasks: int = 10_000) -> list[dict[str, Any]]:
    """Prints a row for each script of each operation."""
    print(f"operations on a plan of {tasks:,} tasks: scripts and their time in Redis")
    rows = list[dict[str, Any]]()
    with private_redis() as server:
        bench = _Bench(Place(server.url(0), server.url(1)), tasks)
        cases: list[tuple[str, str, Callable[[], None]]] = [
            ("admit", "all waiting, all slots free", bench.ready),
            ("admit", "the same, in waves with tolerances", bench.ready_in_waves),
            ("pause", "all in a stage", bench.in_stage),
            ("resume", "all paused", bench.paused),
            ("cancel", "all waiting", bench.waiting),
            ("rollback", "all completed", bench.completed),
            ("retry", "all failed", bench.failed),
            ("retry", "all failed, checkpoints of 4 KB", bench.failed_with_large_checkpoints),
            ("retry", "the last one failed", bench.one_failed),
        ]
        for operation, where, prepare in cases:
            prepare()
            for verb, took in bench.measure(operation).items():
                wall = sorted(one.wall_ms for one in took)
                # A look at the server's own figures costs it a little; the shortest has hardly more.
                processor = max(one.processor_ms for one in took)
                median = wall[len(wall) // 2]
                line = f"longest {wall[-1]:6.2f} ms (processor {processor:5.2f}), median {median:5.2f} ms"
                print(f"  {operation:8} ({where}): {len(took):4} x {verb:14} {line}", flush=True)
                row = {"calls": len(took), "longest_ms": wall[-1], "median_ms": median, "processor_ms": processor}
                rows.append({"operation": operation, "where": where, "script": verb, **row})
    return rows
