"""Draws which fault comes when from one seeded source, so that a run can be told again, and looks after each one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.history import Report
from tests.chaos.fleet_operator import FleetOperator
from tests.chaos.kinds import ALL
from tests.chaos.operator import ChaosOperator
from tests.chaos.patience import patiently
from tests.chaos.scene import Scene
from tests.support.waiting import wait_until


class FaultInjector:
    """``done`` are the faults so far; ``moment`` is the first judgement between two faults that did not hold."""

    def __init__(
        self, scene: Scene, kinds: Sequence[str], operator: ChaosOperator, fleet: FleetOperator | None = None
    ) -> None:
        self._scene = scene
        self._kinds = sorted(kinds)
        self._operator = operator
        self._fleet = fleet
        self.done: list[str] = []
        self.moment: Report | None = None

    def run(self, faults: int, *, until: Callable[[], bool], pause_seconds: float) -> None:
        """Injects this many faults, every kind in turn in a drawn order, or fewer if ``until`` says so first."""
        order: list[str] = []
        while len(self.done) < faults and not until() and self.moment is None:
            if not order:
                order = list(self._kinds)
                self._scene.chance.shuffle(order)
            name = order.pop()
            print(f"fault {len(self.done) + 1}: {name}", flush=True)
            ALL[name](self._scene)
            self.done.append(name)
            self._operator.act()
            if self._fleet is not None:
                self._fleet.act()
            self._scene.pause(0.3 * pause_seconds, pause_seconds)
            self._scene.crew.supervise()
            self._judge()

    def wait(self, is_over: Callable[[], bool], seconds: float) -> bool:
        """Everything goes on, with a supervisor at work, until it is over; false when it is not by then."""
        self._scene.crew.calm()

        def over() -> bool:
            self._scene.crew.supervise()
            if self._fleet is not None:
                self._fleet.calm()
            return is_over()

        try:
            wait_until(over, seconds)
        except AssertionError:
            return False
        return True

    def _judge(self) -> None:
        scene = self._scene
        report = patiently(
            lambda: scene.world.report(ended=False, damaged=scene.damaged, lost_workers=scene.crew.lost_workers)
        )
        if not report.holds:
            self.moment = report
