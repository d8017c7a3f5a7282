"""What may be put around stages and steps without touching the runner: metrics, limits, traces.

A middleware is named by an entry point of ``changeover.middlewares`` and switched on in the setting ``middlewares``, a
list whose first is the outermost. Installed and not named, it does nothing; with an empty list nothing is paid.

Around a *stage* means around each of its turns: a stage that polls comes back once a turn (``stage.turn`` counts).

``before_*`` may answer ``PollAgain`` (not now: the worker's slot is given back and the turn comes again later) or
``Failed`` (not at all: the stage fails with this); then the stage or step is not run and inner middlewares are not
asked. ``after_*`` is called, in reverse, on those whose ``before_*`` answered None.

A middleware that raises never does so unseen. Raised before: a limit that is broken must not let everything through, so
the stage fails as ``MiddlewareError``, naming the middleware. Raised after: the step has had its effect and its result
stands; the error is logged with its traceback (``action: middleware-raised``). A worker that is killed calls nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import unknown
from orchestrator.settings.extensions import MIDDLEWARES, unusable
from orchestrator.settings.model import Settings
from steps import Failed, Outcome, PollAgain
from steps.installed import entry_points
from steps.raised import is_for_process
from workers.answered import failure_of, recordable

KIND: Final = "MiddlewareError"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StageInfo:
    """One turn of a stage. ``mode`` is RUNNING or ROLLING_BACK."""

    plan_id: str
    task_id: str
    tenant_id: str
    stage_name: str
    mode: str
    turn: int


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One attempt of a step: ``name`` is its type, ``index`` its place in the stage, from 0."""

    stage: StageInfo
    name: str
    index: int
    attempt: int


class Middleware:
    """Base of all; override what you need. One object serves all threads of a worker process."""

    def __init__(self, settings: Settings) -> None:
        """Called once a worker process."""

    def before_stage(self, stage: StageInfo) -> PollAgain | Failed | None:
        """Before the first step of a turn."""
        return None

    def after_stage(self, stage: StageInfo, outcome: Outcome) -> None:
        """After the last step of a turn, before the ledger records it: Done, PollAgain or Failed."""

    def before_step(self, step: StepInfo) -> PollAgain | Failed | None:
        """Before an attempt of a step."""
        return None

    def after_step(self, step: StepInfo, outcome: Outcome) -> None:
        """After an attempt of a step."""


class Chain:
    """The middlewares of a process, the first outermost."""

    def __init__(self, middlewares: Sequence[Middleware]) -> None:
        self._all = tuple(middlewares)

    def around_stage(self, stage: StageInfo, run: Callable[[], Outcome]) -> Outcome:
        """Runs the turn's steps, unless a middleware answers first."""
        return self._around(
            "stage", run, lambda one: one.before_stage(stage), lambda one, outcome: one.after_stage(stage, outcome)
        )

    def around_step(self, step: StepInfo, run: Callable[[], Outcome]) -> Outcome:
        """Runs the step, unless a middleware answers first."""
        return self._around(
            "step", run, lambda one: one.before_step(step), lambda one, outcome: one.after_step(step, outcome)
        )

    def _around(
        self,
        what: str,
        run: Callable[[], Outcome],
        before: Callable[[Middleware], Outcome | None],
        after: Callable[[Middleware, Outcome], None],
    ) -> Outcome:
        entered: list[Middleware] = []
        answer: Outcome | None = None
        for middleware in self._all:
            try:
                answer = _held(before(middleware), middleware, what)
            except BaseException as error:
                if is_for_process(error):
                    raise
                _log.exception("middleware raised", action="middleware-raised", middleware=_name(middleware), hook=what)
                answer = failure_of(error, f"{_name(middleware)}, before the {what}: ", KIND)
            if answer is not None:
                break
            entered.append(middleware)
        outcome = run() if answer is None else answer
        for middleware in reversed(entered):
            try:
                after(middleware, outcome)
            except BaseException as error:
                if is_for_process(error):
                    raise
                _log.exception("middleware raised", action="middleware-raised", middleware=_name(middleware), hook=what)
        return outcome


def load_chain(settings: Settings, outermost: Sequence[Middleware] = ()) -> Chain | None:
    """The middlewares that the settings name, in their order; None when there is none. Raises ``InvalidInput``.

    ``outermost``: of our own, around them all.
    """
    if not settings.middlewares and not outermost:
        return None
    points = {point.name: point for point in entry_points(group=MIDDLEWARES)}
    made: list[Middleware] = []
    problems: list[Problem] = []
    for index, name in enumerate(settings.middlewares):
        point = points.get(name)
        if point is None:
            problems.append(Problem(f"middlewares[{index}]", name, unknown("middleware", name, points)))
            continue
        try:
            middleware = point.load()(settings)
        except BaseException as error:
            if is_for_process(error):
                raise
            problems.append(Problem(f"middlewares[{index}]", name, unusable(point, error)))
            continue
        if not isinstance(middleware, Middleware):
            message = f"entry point {point.name} = {point.value} gives no workers.middleware.Middleware"
            problems.append(Problem(f"middlewares[{index}]", name, message))
        made.append(middleware)
    if problems:
        raise InvalidInput(problems)
    return Chain([*outermost, *made])


def _held(answer: Outcome | None, middleware: Middleware, what: str) -> Outcome | None:
    """What a middleware may answer, masked; a failure in the place of anything else. ``Done`` is what steps answer: a
    stage of which none was run must not count as done."""
    who = f"{_name(middleware)}, before the {what},"
    if answer is None or isinstance(answer, PollAgain | Failed):
        return None if answer is None else recordable(answer, who, KIND)
    return Failed(KIND, f"{who} answered a {type(answer).__name__}, not PollAgain, Failed or None")


def _name(middleware: Middleware) -> str:
    return f"{type(middleware).__module__}.{type(middleware).__qualname__}"
