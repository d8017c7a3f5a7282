"""What is told to who waits, once each: why what he waits for stands still, and what answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from orchestrator.cli.output import note
from orchestrator.control.asked import paused_words
from orchestrator.control.fleet_status import breach_sentence, breaches, gate_words, other_waits
from orchestrator.control.unserved import is_unserved
from orchestrator.domain.status import DAMAGED, PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed

if TYPE_CHECKING:
    from orchestrator import Client
    from orchestrator.control.answers import PlanSummary
    from orchestrator.control.target import OperationTarget

LOOK_SECONDS: Final = 5.0
"""How often it is looked at: of a plan that waits for a freeze or a group its tasks are, too."""


class Standing:
    """Of a plan or task that is waited for."""

    def __init__(self, client: Client, target: OperationTarget, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that only rise."""
        self._client = client
        self._target = target
        self._clock = clock
        self._until = clock()
        self._told: set[str] = set()

    def tell(self) -> None:
        """Look, if it is time to, and note what is new."""
        if self._clock() < self._until:
            return
        self._until = self._clock() + LOOK_SECONDS
        for name, words in self._found():
            if name not in self._told:
                self._told.add(name)
                note(words)

    def _found(self) -> Iterator[tuple[str, str]]:
        """What each is told once by, and the words."""
        kind, target_id = self._target.type, self._target.identifier
        if kind == "plan":
            yield from _of_plan(self._client.summary(target_id))
            return
        task = self._client.task_status(target_id)
        plan = self._client.summary(plan_of(target_id))
        if is_unserved(plan):
            yield from _of_plan(plan)
        elif task.waits_because:
            yield "waits", f"task {target_id}: {task.waits_because}; {typed('explain', '--task', target_id)}"
        elif task.status == TaskState.PENDING:
            yield from _of_plan(plan)
        elif task.status == TaskState.PAUSED and not task.rollback_requested:
            look = typed("explain", "--task", target_id)
            yield "paused", f"task {target_id}: it is paused{paused_words(task.paused_by)}; {look}"


def _of_plan(plan: PlanSummary) -> Iterator[tuple[str, str]]:
    """That nobody is alive; its breaker, its gate, its pause, or what its tasks wait for."""
    head, look = f"plan {plan.plan_id}: ", typed("explain", "--plan", plan.plan_id)
    if is_unserved(plan):
        yield "nobody", f"{head}{plan.waits_because}"
        return
    if plan.status in (*PLAN_ENDED, DAMAGED) or plan.retrying:
        return
    # Whoever goes back, or ends, waits for no answer of a person.
    if plan.status != PlanState.ROLLING_BACK and not plan.cancelling:
        tripped = [breach_sentence(*breach) for breach in breaches(plan)]
        yield from ((one, f"{head}{one}; {look}") for one in tripped)
        if words := gate_words(plan):
            yield plan.current_wave or "", head + words
        elif plan.status == PlanState.PAUSED and not tripped:
            yield f"paused {plan.paused_by}", f"{head}it is paused{paused_words(plan.paused_by)}; {look}"
    if why := other_waits(plan):
        yield "waits", head + (why if typed() in why else f"{why}; {look}")
