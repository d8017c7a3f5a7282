"""What all of the model stands on: its plans, tasks and tenants, the counters, what was said, and the bare moves."""

from __future__ import annotations

from orchestrator.domain.status import TASK_ACTIVE, TASK_ENDED, TaskState
from orchestrator.domain.transitions import Trigger
from orchestrator.domain.waves import WAVE_DONE, WaveState
from tests.support.model.records import Limits, Plan, Task, Tenant
from tests.support.whole_table import TASK_MOVES


class Core:
    """The bare state; time and order are said by the caller."""

    def __init__(self, retried_at_once: int) -> None:
        self.retried_at_once = retried_at_once
        """Failed tasks that a plan's retry takes back in the call; of more, coordinators take back all."""
        self.plans: dict[str, Plan] = {}
        self.drafts: dict[str, Plan] = {}
        """Written and not committed."""
        self.tasks: dict[str, Task] = {}
        self.tenants: dict[str, Tenant] = {}
        self.events: list[tuple[str, str]] = []
        self.freezes: dict[str, tuple[frozenset[str], bool]] = {}
        """Those in force, in the order in which they were set: whom they stop, and whether rollbacks too."""
        self.thawing: dict[str, set[str]] = {}
        """Tasks that are to be looked at anew, by the freeze that they wait for."""
        self.epoch = 0
        self.ticket = 0
        self._tripped: list[Limits] = []

    def free_slots(self, plan: Plan) -> int:
        return plan.slots - sum(task.status in TASK_ACTIVE for task in plan.tasks)

    def queue(self, plan: Plan) -> list[Task]:
        return sorted((task for task in plan.tasks if task.queued), key=_order)

    def _say(self, kind: str, subject: str) -> None:
        self.events.append((kind, subject))

    def _next_epoch(self) -> int:
        self.epoch += 1
        return self.epoch

    def _next_ticket(self) -> int:
        self.ticket += 1
        return self.ticket

    def _move(self, task: Task, trigger: Trigger) -> None:
        was = task.status
        task.status = TASK_MOVES[task.status, trigger]
        task.accepted = task.soak_failed = False
        task.by_policy = task.by_policy and task.status is not TaskState.PENDING
        if task.status is TaskState.PENDING:
            self._forget_sent_back(task)
        if was in TASK_ENDED and task.status not in TASK_ENDED:
            self._reopen_wave(task, was)

    @staticmethod
    def _mark_with_plan(task: Task) -> None:
        """It goes back with its plan, by its policy."""
        task.sent_back = True
        if task.wave is not None:
            task.wave.sent_back = True

    @staticmethod
    def _forget_sent_back(task: Task) -> None:
        """Nobody has to answer any more for its way back."""
        part = task.wave or task.plan
        if not task.sent_back:
            return
        task.sent_back = False
        if not task.plan.tripped and not any(one.sent_back for one in part.tasks):
            part.sent_back = False

    @staticmethod
    def _forget_trip(plan: Plan) -> None:
        """Nobody answers for who could not go back."""
        plan.tripped = ""
        for part in plan.parts:
            part.sent_back = part.sent_back and any(task.sent_back for task in part.tasks)

    @staticmethod
    def _reopen_wave(task: Task, was: TaskState) -> None:
        undone = task.plan.undone
        if task.wave is None:
            return
        if task.wave is undone and task.wave.state in WAVE_DONE:
            task.wave.state = WaveState.OPEN
        if was is TaskState.CANCELLED and task.wave.state is WaveState.PASSED and not task.wave.has_moved:
            task.wave.state = WaveState.OPEN
            if undone is not None and task.plan.undone is task.wave and undone.state in WAVE_DONE:
                undone.state = WaveState.OPEN

    def _tell_drafts(self, tenant: Tenant) -> None:
        """It is not any more what previews have shown of it."""
        for draft in self.drafts.values():
            draft.moved = draft.moved or any(task.tenant is tenant and task.seen for task in draft.tasks)

    def _enqueue(self, task: Task, rank: tuple[int, int, int]) -> None:
        task.rank, task.queued = rank, True


def _order(task: Task) -> tuple[int, int, int, int, int]:
    """Rollbacks, resumed ones that hold their tenant, then wave by wave the others."""
    kind, nothing, place = task.rank
    if kind == 0 or (kind == 1 and nothing == 0):
        return kind, nothing, 0, 0, place
    return 2, 0, task.wave.index if task.wave else 0, kind, place
