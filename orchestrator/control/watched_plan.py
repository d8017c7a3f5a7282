"""A live plan for who shows each of its tasks: where they all stand, every event as it comes, and the log backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from orchestrator.control.answers import TaskStatus
from orchestrator.control.failure_causes import CauseGroup
from orchestrator.control.live_plan import LivePlan
from orchestrator.control.possible import Possible, PossibleVerbs
from orchestrator.domain import events as e
from orchestrator.domain.status import TaskState
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.task_search import Only


class WatchedPlan(LivePlan):
    """The plan in the ledger. ``listeners`` are told every event that a look takes, in order."""

    def __init__(
        self,
        reader: Reader,
        plan_id: str,
        translated: Callable[[], AbstractContextManager[None]],
        possible: PossibleVerbs,
    ) -> None:
        """``possible`` knows which verbs would be taken."""
        self._possible = possible
        super().__init__(reader, plan_id, translated)

    taken = 0
    """How many events it has taken in."""
    readings = 0
    """How often it has been read as a whole: once, and whenever its log has gone back."""
    listeners: Sequence[Callable[[e.Event], None]] = ()

    @property
    def stages(self) -> list[str]:
        """Names of its stages, in order."""
        return list(self._steps)

    def positions(self, states: Sequence[TaskState], wave: int | None = None) -> Iterator[dict[str, list[int]]]:
        """Where its tasks stand now: of each state the positions, some of the plan at a time, from its first task on;
        ``wave``: of the wave of this index alone. Looks at every task once."""
        with self._translated():
            yield from self._reader.find_tasks(self._plan_id, self.total, list(states), Only(wave=wave))

    def log(self, before: int | None, limit: int) -> list[e.Event]:
        """At most ``limit`` of its events, the newest first: those older than sequence id ``before``, or the last."""
        with self._translated():
            return self._reader.pages.events_before(self._plan_id, before, limit)

    def possible(self) -> Mapping[str, Possible]:
        """What could be asked for of it now, by the verb; asks the ledger."""
        with self._translated():
            return self._possible.of_plan(self.summary)

    def resume_now(self) -> Possible:
        """Of these the resume alone."""
        with self._translated():
            return self._possible.resume_of(self.summary)

    def possible_of_task(self, task: TaskStatus) -> Mapping[str, Possible]:
        """The same of one of its tasks."""
        with self._translated():
            return self._possible.of_task(task)

    def possible_of_cause(self, group: CauseGroup) -> Mapping[str, Possible]:
        """The same of those that failed of one cause."""
        with self._translated():
            return self._possible.of_cause(list(group.tenants))

    def _begin(self) -> None:
        self.readings += 1
        super()._begin()

    def _take(self, event: e.Event) -> None:
        super()._take(event)
        self.taken += 1
        for listener in self.listeners:
            listener(event)
