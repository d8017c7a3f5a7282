"""What a person could ask for now, of a plan, a task or a cause of failure: each verb is asked itself and writes
nothing, so nothing is offered that would be refused, and what is not offered says why in the verb's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.control.fleet_status import current_wave, stops_again
from orchestrator.control.narrowed_retry import NONE_CANCELLED, would_move_again
from orchestrator.control.purging import purge_words
from orchestrator.control.replies import reason_words
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.operations import Operation, Operations, Reply, Taken

Way = tuple[tuple[str, ...], Callable[[], Reply]]
"""Options, and how the verb answers to them."""

RETRY_WAYS: Final = ((), ("from_scratch",), ("force",), ("from_scratch", "force"))
SAMPLE: Final = 2
"""Failed tasks of a cause that are asked for all of it."""


@dataclass(frozen=True, slots=True)
class Possible:
    """``refused``: why it would be, "" when it would be taken; ``options``: what it takes to be taken, the least that
    does; ``why``: of these, why it would be refused without."""

    refused: str = ""
    options: tuple[str, ...] = ()
    why: str = ""


FREELY: Final = Possible()
"""Without more ado."""


class PossibleVerbs:
    """On one ledger. Blocks."""

    def __init__(self, operations: Operations) -> None:
        self._ask = operations

    def of_plan(self, plan: PlanSummary) -> Mapping[str, Possible]:
        """By the verb's name, as the console's page has it."""
        plan_id, would = plan.plan_id, self._ask.would
        of = partial(would, kind="plan", target_id=plan_id)
        found: dict[str, Possible] = {
            "pause": _first(((), lambda: of(Operation.PAUSE))),
            "resume": self.resume_of(plan),
            "retry": self._retry("plan", plan_id),
            "retry-cancelled": self._retry_cancelled(plan),
            "rollback": _first(((), lambda: of(Operation.ROLLBACK))),
            "cancel": _first(((), lambda: of(Operation.CANCEL))),
            "override-freeze": _first(((), lambda: self._ask.would_ask("override_freezes", plan_id))),
            "purge": self._purge(plan_id),
            "accept": _accept(plan),
            "exclude": _exclude(plan),
        }
        return found | self._gate(plan)

    def resume_of(self, plan: PlanSummary) -> Possible:
        """Of a plan the resume alone: the least that its policy does not undo."""
        of = partial(self._ask.would, Operation.RESUME, "plan", plan.plan_id)
        accepting = (("accept_failures",), partial(of, accept_failures=True))
        found, undone = _first(((), of), accepting), stops_again(plan)
        # One that nobody has paused may wait for an answer all the same: to what its breaker took back.
        accepts = _first(accepting) if found.refused or undone else found
        if accepts.refused:
            return found
        return replace(accepts, why="the retry under way does not mend what could not go back") if undone else accepts

    def of_task(self, task: TaskStatus) -> Mapping[str, Possible]:
        """The same of one task; ``release`` is of its tenant."""
        task_id = task.task_id
        of = partial(self._ask.would, kind="task", target_id=task_id)
        by_force = ("force",)
        return {
            "pause": _first(((), lambda: of(Operation.PAUSE))),
            "resume": _first(((), lambda: of(Operation.RESUME))),
            "retry": self._retry("task", task_id),
            "rollback": _first(
                ((), lambda: of(Operation.ROLLBACK)), (by_force, lambda: of(Operation.ROLLBACK, force=True))
            ),
            "cancel": _first(((), lambda: of(Operation.CANCEL))),
            "skip-stage": _first(((), lambda: self._ask.would_ask("skip_stage", task_id))),
            "accept": _first(((), lambda: self._ask.would_ask("accept_task", task_id))),
            "release": _first(
                ((), lambda: self._ask.would_release(task.tenant_id)),
                (by_force, lambda: self._ask.would_release(task.tenant_id, force=True)),
            ),
        }

    def of_cause(self, task_ids: Sequence[str]) -> Mapping[str, Possible]:
        """Of tasks that failed of one cause: what would be taken of any of the newest."""
        tried = list(task_ids)[: -SAMPLE - 1 : -1]
        retries = [self._retry("task", task_id) for task_id in tried]
        accepts = [_first(((), partial(self._ask.would_ask, "accept_task", task_id))) for task_id in tried]
        return {"retry": _best(retries), "accept": _best(accepts)}

    def _retry(self, kind: str, target_id: str) -> Possible:
        ways = [
            (names, partial(self._ask.would, Operation.RETRY, kind, target_id, **dict.fromkeys(names, True)))
            for names in RETRY_WAYS
        ]
        return _first(*ways)

    def _retry_cancelled(self, plan: PlanSummary) -> Possible:
        if not plan.counts.get(TaskState.CANCELLED, 0):
            return Possible(reason_words(NONE_CANCELLED))
        asked = partial(would_move_again, self._ask, plan.plan_id)
        return _first(((), asked), (("force",), partial(asked, force=True)))

    def _purge(self, plan_id: str) -> Possible:
        reply = self._ask.would_purge(plan_id, force=False)
        return FREELY if reply.answer is Taken.ACCEPTED else Possible(purge_words(plan_id, reply))

    def _gate(self, plan: PlanSummary) -> dict[str, Possible]:
        wave = current_wave(plan)
        if wave is None or wave.state not in (WaveState.GATED, WaveState.REJECTED):
            return dict.fromkeys(("approve", "reject"), Possible("no gate waits for an answer"))
        would = self._ask.would_answer_gate
        return {
            word: _first(((), partial(would, plan.plan_id, wave.name, approves=word == "approve")))
            for word in ("approve", "reject")
        }


def _first(*ways: Way) -> Possible:
    """The first that would be taken. Only what options can change is asked again."""
    refusal: Reply | None = None
    for options, ask in ways:
        reply = ask()
        if reply.answer is Taken.ACCEPTED:
            return Possible("", options, "" if refusal is None else _words(refusal))
        if refusal is None and reply.why in ("state", "bad-move", "running"):
            return Possible(_words(reply))
        refusal = refusal or reply
    assert refusal is not None
    return Possible(_words(refusal))


def _words(reply: Reply) -> str:
    return reason_words(reply) or "it is gone"


def _best(found: Sequence[Possible]) -> Possible:
    return next((one for one in found if not one.refused), found[0] if found else Possible("it is over"))


def _accept(plan: PlanSummary) -> Possible:
    """Of a plan it is done task by task, so there is no script to ask."""
    failed = plan.counts.get(TaskState.FAILED, 0) + plan.counts.get(TaskState.ROLLBACK_FAILED, 0)
    return FREELY if failed > plan.accepted_failures else Possible("it has no such failed task")


def _exclude(plan: PlanSummary) -> Possible:
    waits = plan.counts.get(TaskState.PENDING, 0) + plan.counts.get(TaskState.PAUSED, 0)
    is_given_up = plan.cancelling or plan.status in (PlanState.CREATED, PlanState.ROLLING_BACK)
    return FREELY if waits and not is_given_up else Possible("it has no such waiting task")
