"""The pieces of a plan's page as HTML, each from what its viewers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.console.page import words
from orchestrator.console.page.buttons import (
    Button,
    cause_buttons,
    gate_buttons,
    more_buttons,
    plan_buttons,
    plan_url,
    resume_button,
)
from orchestrator.console.page.cells import CODES
from orchestrator.console.page.rendering import piece
from orchestrator.console.page.shared_plan import CAUSES_SHOWN, SharedPlan
from orchestrator.control.answers import PlanSummary, WaveStatus
from orchestrator.control.fleet_status import (
    breach_sentence,
    breaches,
    current_wave,
    gone_words,
    holding,
    other_waits,
    soak_end,
    unanswered_wave,
    wave_sentence,
)
from orchestrator.control.live_plan import FAILED
from orchestrator.control.possible import Possible
from orchestrator.control.unserved import is_unserved
from orchestrator.domain.roles import Role
from orchestrator.domain.spans import span_text
from orchestrator.domain.status import PLAN_ENDED, PLAN_ENDED_WELL, PlanState, TaskState
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState

TENANTS_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Now:
    """What the plan does or waits for, in a line.

    ``mark``: the state that it is drawn as; ``tone``: bad, warn or ""; ``until``: what a clock counts down to.
    """

    sentence: str
    mark: TaskState | PlanState = TaskState.RUNNING
    tone: str = ""
    until: datetime | None = None
    buttons: tuple[Button, ...] = ()


def draw_plan(name: str, role: Role, shared: SharedPlan) -> str:
    """The piece of this name."""
    if name.startswith("wave-"):
        return _wave(shared, int(name.removeprefix("wave-")))
    return _PIECES[name](shared, role)


def _head(shared: SharedPlan, _: Role) -> str:
    plan = shared.live.summary
    more = "…" if plan.pausing or plan.cancelling or plan.resuming or plan.retrying else ""
    return piece("plan/_head.html", plan=plan, more=more)


def _actions(shared: SharedPlan, role: Role) -> str:
    plan = shared.live.summary
    buttons, more = plan_buttons(plan, role, shared.possible), more_buttons(plan, role, shared.possible)
    return piece("plan/_actions.html", buttons=buttons, more=more)


def _now(shared: SharedPlan, role: Role) -> str:
    return piece("plan/_now.html", now=now_of(shared.live.summary, role, shared.live.seconds_run, shared.possible))


def now_of(
    plan: PlanSummary, role: Role, seconds_run: float | None = None, possible: Mapping[str, Possible] | None = None
) -> Now:
    """What matters most of it at this moment; ``possible``: what could be asked for, which the buttons go by."""
    can = possible or {}
    wave = current_wave(plan)
    if plan.status in PLAN_ENDED:
        return _ended(plan, seconds_run)
    resume = resume_button(plan, role, can)
    if (
        plan.breaker is not None
        and plan.breaker.tripped
        and (broken := [breach_sentence(*one) for one in holding(plan)])
    ):
        return Now(_sentence(broken[0]), TaskState.ROLLBACK_FAILED, "bad", buttons=(resume,))
    if wave is not None and wave.state in (WaveState.GATED, WaveState.REJECTED):
        return Now(
            _sentence(wave_sentence(wave, plan.plan_id)),
            TaskState.PAUSED,
            "warn",
            buttons=tuple(gate_buttons(plan, wave.name, role, can)),
        )
    if plan.status == PlanState.PAUSED:
        by = plan.paused_by
        why = f" by {by.actor}" + (f": {by.reason}" if by.reason else "") if by else ""
        # Such as that its breaker took a wave back.
        but = can["resume"].why.partition(";")[0] if "resume" in can else ""
        but += f"; {plan.waits_because}" if plan.waits_because else ""
        return Now(
            f"Paused{why}" + (f"; {but.removeprefix('; ')}" if but else ""), TaskState.PAUSED, "warn", buttons=(resume,)
        )
    running = plan.counts.get(TaskState.RUNNING, 0)
    if plan.pausing or plan.cancelling:
        what = "Cancelling" if plan.cancelling else "Pausing"
        stages = words.count(running, "tenant ends its stage", "tenants end their stages")
        nobody = f"; {plan.waits_because}" if is_unserved(plan) else ""
        return Now(f"{what}: {stages} first{nobody}", TaskState.PAUSED, "warn")
    if why := other_waits(plan):
        return Now(_sentence(why), PlanState.READY, "")
    if wave is not None and wave.state == WaveState.SOAKING:
        until = words.told_moment(wave.soaks_until)
        again = gone_words(wave) if wave.gone_at_last_look else "its tenants are looked at again"
        return Now(f"Wave {wave.name} soaks: {again}", until=until)
    if (unanswered := unanswered_wave(plan)) is not None:
        sentence = f"{wave_sentence(unanswered, plan.plan_id)}; what is behind it waits for an answer"
        return Now(_sentence(sentence), TaskState.PAUSED, "warn", buttons=(resume,))
    if plan.status == PlanState.ROLLING_BACK:
        return Now("Going back to where its tenants came from", TaskState.ROLLING_BACK)
    if wave is not None:
        return Now(_sentence(wave_sentence(wave, plan.plan_id)))
    waits = plan.counts.get(TaskState.PENDING, 0)
    return Now(f"{words.count(running, 'tenant moves', 'tenants move')}, {words.count(waits, 'waits', 'wait')}")


def _ended(plan: PlanSummary, seconds_run: float | None) -> Now:
    took = f" after {span_text(seconds_run)}" if seconds_run else ""
    failed = sum(plan.counts.get(state, 0) for state in FAILED)
    accepted = f", {plan.accepted_failures:,} accepted" if plan.accepted_failures else ""
    tail = f" with {failed:,} failed{accepted}" if failed else ""
    tail += f"; {plan.waits_because}" if plan.waits_because else ""
    tone = "" if plan.status in PLAN_ENDED_WELL else "bad" if failed else "warn"
    return Now(f"{_sentence(words.state_in_words(plan.status))}{took}{tail}", PlanState(plan.status), tone)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _figures(shared: SharedPlan, _: Role) -> str:
    live = shared.live
    plan = live.summary
    rate = live.pace.per_minute(live.now)
    left = live.seconds_left
    worst = max(breaches(plan), key=lambda one: one[1] - one[2], default=None)
    return piece(
        "plan/_figures.html",
        plan=plan,
        progress=words.progress_of(plan),
        goes_back=shared.goes_back,
        rate="" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}",
        left=span_text(_rounded(left)),
        started=live.started,
        took=span_text(live.seconds_run) if live.ended else "",
        moving=len(live.moving),
        breaker=_breaker(plan, worst),
    )


def _rounded(seconds: float | None) -> float | None:
    """As exact as it is known, so that it does not tremble."""
    if seconds is None or seconds < 20:
        return seconds
    return round(seconds / 5) * 5 if seconds < 120 else round(seconds / 30) * 30


def _breaker(plan: PlanSummary, worst: tuple[str, int, int] | None) -> Mapping[str, Any]:
    """The part that is nearest to its tolerance: the one that is over it, else the wave under way, else the plan."""
    wave = current_wave(plan)
    if worst is not None:
        name, failed, tolerance = worst
    elif wave is not None and wave.tolerance is not None:
        name, failed, tolerance = wave.name, wave.failed, wave.tolerance
    elif plan.breaker is not None and plan.breaker.tolerance is not None:
        name, failed, tolerance = "", plan.breaker.failed, plan.breaker.tolerance
    else:
        failed = sum(plan.counts.get(state, 0) for state in FAILED) - plan.accepted_failures
        return {"failed": max(failed, 0), "tolerance": None, "of": "", "used": 0, "is_over": False}
    used = min(100.0, 100 * failed / (tolerance + 1))
    return {"failed": failed, "tolerance": tolerance, "of": name, "used": round(used, 1), "is_over": failed > tolerance}


def _legend(shared: SharedPlan, _: Role) -> str:
    counts = shared.live.summary.counts
    shown = [TaskState.PENDING, *words.BAR[-3:], *words.BAR[:5]]
    states = [(state, CODES[state], counts.get(state, 0)) for state in shown]
    return piece("plan/_legend.html", states=states, digits=len(f"{shared.live.total:,}"))


def _wave(shared: SharedPlan, index: int) -> str:
    plan = shared.live.summary
    strip = shared.cells.strips[index]
    wave = plan.waves[index] if plan.waves else None
    return piece("plan/_wave.html", wave=wave, total=len(strip.positions), state=_wave_words(wave, plan))


def _wave_words(wave: WaveStatus | None, plan: PlanSummary) -> str:
    if wave is None:
        return ""
    if wave.state == WaveState.PASSED and wave.ended == wave.tenants:
        return "done"
    if wave.state == WaveState.PENDING:
        return "not begun"
    if wave.state == WaveState.SOAKING:
        return f"soaks until {soak_end(wave)}"
    if wave.state == WaveState.GATED:
        return "waits for approval"
    if wave.state == WaveState.REJECTED:
        return "gate rejected"
    return "under way" if plan.status == PlanState.RUNNING else words.state_in_words(plan.status)


def _causes(shared: SharedPlan, role: Role) -> str:
    plan = shared.live.summary
    groups = list(shared.live.causes)
    shown = [
        {
            "cause": group.cause,
            "count": len(group.tenants),
            "message": group.message,
            "tenants": list(group.tenants.values())[-1 : -TENANTS_NAMED - 1 : -1],
            "buttons": cause_buttons(
                plan, group.cause.type, group.cause.stage, role, shared.possible_of_causes.get(group.cause, {})
            ),
        }
        for group in groups[:CAUSES_SHOWN]
    ]
    return piece(
        "plan/_causes.html",
        groups=shown,
        more=len(groups) - len(shown),
        base=plan_url(plan.plan_id),
        gone_back=_gone_back(plan),
        explain=typed("explain", "--plan", plan.plan_id),
    )


def _gone_back(plan: PlanSummary) -> str:
    """What may have failed before: it is no failure any more, but nobody is told that there was none."""
    back = plan.counts.get(TaskState.ROLLED_BACK, 0) + plan.counts.get(TaskState.ROLLING_BACK, 0)
    if plan.breaker is not None and plan.breaker.failed > 0:
        return "what had failed has gone back"
    return words.count(back, "tenant has gone back, or does", "tenants have gone back, or do") if back else ""


def _moving(shared: SharedPlan, _: Role) -> str:
    more = len(shared.live.moving) - len(shared.views)
    return piece("plan/_moving.html", views=shared.views, more=max(more, 0))


def _log(shared: SharedPlan, _: Role) -> str:
    return piece("plan/_log.html", lines=shared.lines)


_PIECES: Final[Mapping[str, Callable[[SharedPlan, Role], str]]] = {
    "head": _head,
    "actions": _actions,
    "now": _now,
    "figures": _figures,
    "legend": _legend,
    "causes": _causes,
    "moving": _moving,
    "log": _log,
}
