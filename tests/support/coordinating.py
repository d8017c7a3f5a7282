"""A real coordinator in the test's own process, round by round; what it would publish is collected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from orchestrator.broker.backlog import LaneDepth
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.publisher import DOUBTED_ROOM, ROOM
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.ledger.records import Admitted
from tests.support.ledger_world import LedgerWorld


class Published:
    """Stands where the dispatcher does."""

    def __init__(self, tasks: list[Admitted]) -> None:
        self._tasks = tasks

    def publish(self, tasks: Sequence[Admitted], leg_names: Sequence[Sequence[str]]) -> None:
        assert [len(names) for names in leg_names] == [task.legs for task in tasks]
        self._tasks += tasks

    def depths(self) -> list[LaneDepth]:
        # Taken at once: an overdue message is a lost one.
        return [LaneDepth(pushed=len(self._tasks), waiting=0)]


class Coordinating:
    """``seconds`` is its clock: a look around comes when that has gone on by more than a second."""

    def __init__(self, world: LedgerWorld, name: str = "test") -> None:
        self.world = world
        self.seconds = 0.0
        self.reconciler = Reconciler(world.ledger, world.reader.plan_ids)
        self.coordinator = Coordinator(
            world.ledger,
            world.reader,
            world.inbox,
            cast(Dispatcher, Published(world.published)),
            world.settings,
            clock=lambda: self.seconds,
        )
        # The first round looks around.
        self.round()

    def round(self) -> bool:
        """One round, and what it admitted published; True when there may be more to do."""
        more = self.coordinator.round(0.001)
        publisher = self.coordinator.publisher
        while (publisher.room(), publisher.doubted_room()) != (ROOM, DOUBTED_ROOM):
            publisher.round()
        return more

    def settle(self) -> int:
        """Rounds until nothing is to be done; how many there were."""
        rounds = 1
        while self.round():
            rounds += 1
            assert rounds < 1000, "it never comes to rest"
        return rounds

    def reconcile(self) -> None:
        """One step of the reconciler."""
        self.reconciler.step()

    def look(self) -> None:
        """A round with a look around."""
        self.seconds += 2.0
        self.round()
