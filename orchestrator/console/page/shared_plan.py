"""One plan as all its viewers in this process see it: read once, then kept up by its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from orchestrator.client import Client
from orchestrator.console.page.cells import Cells, grouped
from orchestrator.console.page.fragments import Fragments
from orchestrator.console.page.log_lines import LogLine, log_line
from orchestrator.console.page.shared import Watched
from orchestrator.control.failure_causes import FailureCause
from orchestrator.control.live_plan import PLAN_GOES_BACK, TaskView
from orchestrator.control.possible import Possible
from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.domain import events as e
from orchestrator.domain.roles import Role

CAUSES_SHOWN: Final = 30
LINES: Final = 50
"""Of the log's end, which the page shows as it grows."""

ROWS: Final = 25
"""Moving tasks that are shown at most, the longest at it first."""

STEPS_KEPT: Final = 600
"""So many changes of the map are kept for viewers that come back: more than two minutes of a busy plan."""

LOOKS_BETWEEN_READS: Final = 4
"""What moving tasks do without an event (another try of a poll) is read at each of so many looks."""

PIECES: Final = ("head", "actions", "now", "figures", "legend", "causes", "moving", "log")
BY_ROLE: Final = ("actions", "now", "causes")

DrawPlan = Callable[[str, Role, "SharedPlan"], str]


class SharedPlan(Watched):
    """Raises ``NotFound`` and ``Unreachable`` when it is made; blocks then, and while it looks."""

    def __init__(self, client: Client, plan_id: str, draw: DrawPlan) -> None:
        super().__init__()
        self.plan_id = plan_id
        live = client.live(plan_id)
        # A console stands on the ledger itself, never on another console.
        assert isinstance(live, WatchedPlan)
        self.live = live
        self.lines: deque[LogLine] = deque(maxlen=LINES)
        """The newest first."""
        self._read_lines()
        self.cells = Cells(self.live)
        self.views: list[TaskView] = []
        live.listeners = (self._take,)
        self._steps: deque[tuple[int, dict[int, str]]] = deque(maxlen=STEPS_KEPT)
        self._complete_since = self.version
        self._looks = 0
        self._touched: dict[str, int] = {}
        waves = [f"wave-{index}" for index, _ in enumerate(self.cells.strips)]
        self.possible: Mapping[str, Possible] = {}
        self.possible_of_causes: Mapping[FailureCause, Mapping[str, Possible]] = {}
        self._asked_of: object = None
        self._ask_what_is_possible()
        self.fragments = Fragments(lambda name, role: draw(name, role, self), (*PIECES, *waves), BY_ROLE)
        self._read_views()

    def look(self) -> bool:
        """Takes the events that came. Once a second, the tasks that move are read as well."""
        before, readings = (self.live.taken, self.live.summary), self.live.readings
        self.live.look()
        if self.live.readings != readings:
            self.cells.read_anew()
            self._read_lines()
        moved = self.cells.settle()
        is_new = bool(moved) or (self.live.taken, self.live.summary) != before
        self._looks += 1
        if is_new or self._looks % LOOKS_BETWEEN_READS == 0:
            is_new = self._read_views() or is_new
        if is_new or self._looks % LOOKS_BETWEEN_READS == 0:
            is_new = self._ask_what_is_possible() or is_new
        if moved:
            if len(self._steps) == STEPS_KEPT:
                self._complete_since = self._steps[0][0]
            self._steps.append((self.version + 1, moved))
        return is_new

    def map_since(self, seen: int) -> dict[str, Any] | None:
        """What a viewer of the version ``seen`` needs for its map: the positions by their new code, or all of it
        (``all``); None when it has it."""
        if seen < self._complete_since:
            return {"all": self.cells.text}
        moved: dict[int, str] = {}
        for version, step in self._steps:
            if version > seen:
                moved |= step
        return grouped(moved) if moved else None

    def touched_since(self, task_id: str, seen: int) -> bool:
        """Whether an event, or another try, has come of one task after the version ``seen``."""
        return self._touched.get(task_id, 0) > seen

    @property
    def goes_back(self) -> bool:
        """It is on its way back as a whole, or has been."""
        return self.live.summary.status in PLAN_GOES_BACK

    def _ask_what_is_possible(self) -> bool:
        """Which buttons can be pressed; True when it is another answer. Asked at once when what it hangs on has
        changed, else now and then: numbers alone change many times a second."""
        plan, causes = self.live.summary, list(self.live.causes)[:CAUSES_SHOWN]
        hangs_on = (
            *(plan.status, plan.pausing, plan.cancelling, plan.resuming, plan.retrying, plan.breaker, plan.paused_by),
            *(sorted(state for state, number in plan.counts.items() if number), plan.accepted_failures),
            *(
                plan.current_wave,
                [wave.state for wave in plan.waves],
                [(group.cause, len(group.tenants)) for group in causes],
            ),
        )
        if hangs_on == self._asked_of and self._looks % LOOKS_BETWEEN_READS:
            return False
        self._asked_of = hangs_on
        before = (self.possible, self.possible_of_causes)
        self.possible = self.live.possible()
        self.possible_of_causes = {group.cause: self.live.possible_of_cause(group) for group in causes}
        return before != (self.possible, self.possible_of_causes)

    def _read_lines(self) -> None:
        self.lines.clear()
        self.lines.extend(log_line(event) for event in self.live.log(None, LINES))
        self._newest = self.lines[0].sequence if self.lines else 0

    def _take(self, event: e.Event) -> None:
        self.cells.take(event)
        if event.sequence_id > self._newest:
            # Those that came while the plan was read are there already.
            self.lines.appendleft(log_line(event))
        if isinstance(event, e.TaskEvent) or (isinstance(event, e.OperationRequested) and event.task_id):
            self._touch(str(event.task_id))

    def _touch(self, task_id: str) -> None:
        self._touched.pop(task_id, None)
        self._touched[task_id] = self.version + 1
        while len(self._touched) > STEPS_KEPT:
            del self._touched[next(iter(self._touched))]

    def _read_views(self) -> bool:
        views = self.live.views(list(self.live.moving)[:ROWS])
        changed = [view for view in views if view not in self.views]
        for view in changed:
            self._touch(view.task.task_id)
        is_new = bool(changed) or len(views) != len(self.views)
        self.views = views
        return is_new
