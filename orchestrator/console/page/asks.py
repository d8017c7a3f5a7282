"""What a button asks before it does anything: in words what will happen, to how many, and for a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.console.access.roles import Permission
from orchestrator.console.page.words import count
from orchestrator.control.answers import PlanSummary
from orchestrator.control.fleet_status import breaches
from orchestrator.control.live_plan import FAILED
from orchestrator.control.possible import FREELY, Possible
from orchestrator.domain.status import TASK_ENDED, PlanState, TaskState

MARKS: Final = {
    "stay": TaskState.COMPLETED,
    "stop": TaskState.PAUSED,
    "go": TaskState.RUNNING,
    "back": TaskState.ROLLING_BACK,
    "end": TaskState.CANCELLED,
    "bad": TaskState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that will happen; ``mark`` is the state that it is drawn as."""

    mark: TaskState
    sentence: str


@dataclass(frozen=True, slots=True)
class Checkbox:
    """A box that may be ticked; ``permission``: what it needs besides."""

    name: str
    words: str
    is_on: bool = False
    permission: Permission = Permission.OPERATE


@dataclass(frozen=True, slots=True)
class Ask:
    """A dialog: ``button`` is what its own says; ``pattern``: what its field for tenants is called, "" without one;
    ``takes_reason``: whether there is a place where it is kept."""

    title: str
    button: str
    effects: tuple[Consequence, ...]
    permission: Permission = Permission.OPERATE
    is_dangerous: bool = False
    choices: tuple[Checkbox, ...] = ()
    pattern: str = ""
    needs_reason: bool = True
    takes_reason: bool = True


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a verb is narrowed to: of a plan a wave, or failures of a type in a stage, and how many there are;
    ``possible``: how the verb would be taken now."""

    wave: str = ""
    cause: str = ""
    stage: str = ""
    number: int = 0
    possible: Possible = FREELY


FORCE: Final = Checkbox("force", "Also where another plan has moved the tenant since")
OVERRIDE: Final = Checkbox(
    "override_freeze", "Pass all freezes; the reason is kept with it", permission=Permission.OVERRIDE_FREEZE
)


def effect(kind: str, sentence: str) -> Consequence:
    return Consequence(MARKS[kind], sentence)


def as_possible(ask: Ask, possible: Possible) -> Ask:
    """The dialog with what the verb takes to be taken ticked; of one that would be refused, why."""
    choices = tuple(replace(one, is_on=one.is_on or one.name in possible.options) for one in ask.choices)
    effects = (effect("bad", f"It would be refused now: {possible.refused}"),) if possible.refused else ask.effects
    return replace(ask, choices=choices, effects=effects)


def _some(*pairs: tuple[int, str, str]) -> tuple[Consequence, ...]:
    """Those that concern anybody: (how many, kind, sentence)."""
    return tuple(effect(kind, sentence) for number, kind, sentence in pairs if number)


def _counts(plan: PlanSummary) -> tuple[int, int, int, int]:
    """Running, waiting or paused, failed, ended."""
    running = plan.counts.get(TaskState.RUNNING, 0) + plan.counts.get(TaskState.ROLLING_BACK, 0)
    waits = plan.counts.get(TaskState.PENDING, 0) + plan.counts.get(TaskState.PAUSED, 0)
    failed = sum(plan.counts.get(state, 0) for state in FAILED)
    return running, waits, failed, sum(plan.counts.get(state, 0) for state in TASK_ENDED)


def _pause(plan: PlanSummary, _: Narrowed) -> Ask:
    running, waits, _failed, ended = _counts(plan)
    effects = _some(
        (running, "stop", f"{count(running, 'running tenant')}: stopped after the stage under way, and still held"),
        (waits, "stop", f"{count(waits, 'tenant waits', 'tenants wait')} and will not start"),
        (ended, "stay", f"{count(ended, 'tenant')} that ended: left as they are"),
    )
    return Ask("Pause the plan", "Pause", effects, needs_reason=False)


def _resume(plan: PlanSummary, of: Narrowed) -> Ask:
    paused, waits = plan.counts.get(TaskState.PAUSED, 0), plan.counts.get(TaskState.PENDING, 0)
    effects = _some(
        (paused, "go", f"{count(paused, 'paused tenant goes', 'paused tenants go')} on where the plan stopped them"),
        (
            waits,
            "go",
            f"{count(waits, 'waiting tenant is', 'waiting tenants are')} let in, {plan.max_concurrency:,} at once",
        ),
    )
    broken = list(breaches(plan))
    choices: tuple[Checkbox, ...] = ()
    if broken:
        name, failed, tolerance = broken[0]
        where = f"wave {name}" if name else "the plan"
        effects = (effect("bad", f"{failed:,} of {where} have failed, {tolerance:,} are borne"), *effects)
        choices = (Checkbox("accept_failures", f"Bear these failures: {where} may go on with {failed:,}"),)
    elif "accept_failures" in of.possible.options:
        effects = (effect("bad", f"Without the box below it is refused: {of.possible.why.partition(';')[0]}"), *effects)
        choices = (Checkbox("accept_failures", "Bear that: the plan may go on without them"),)
    return Ask("Resume the plan", "Resume", effects, choices=choices, needs_reason=bool(choices))


def _cancel(plan: PlanSummary, _: Narrowed) -> Ask:
    running, waits, _failed, ended = _counts(plan)
    effects = _some(
        (
            running,
            "end",
            f"{count(running, 'running tenant stops', 'running tenants stop')} after the stage under way, half moved",
        ),
        (waits, "end", f"{count(waits, 'waiting tenant', 'waiting tenants')} will not start"),
        (ended, "stay", f"{count(ended, 'tenant', 'tenants')} that ended: nothing is taken back"),
    )
    return Ask("Cancel the plan", "Cancel the plan", effects, is_dangerous=True)


def _is_paused(plan: PlanSummary) -> bool:
    return plan.status == PlanState.PAUSED or plan.pausing


def _retry(plan: PlanSummary, of: Narrowed) -> Ask:
    number = of.number or plan.counts.get(TaskState.FAILED, 0)
    what = f" of {of.cause}" + (f" at {of.stage}" if of.stage else "") if of.cause else ""
    title = f"Retry what failed{what}"
    effects = (
        effect("go", f"{count(number, 'failed tenant queues', 'failed tenants queue')} again, behind what still waits"),
        effect("stay", "Each goes on behind its last good stage; waves, caps and freezes hold"),
        *((effect("stop", "The plan is paused: none of them moves before it is resumed"),) if _is_paused(plan) else ()),
    )
    if not number:
        # Nothing stands as failed: what a policy took back can be moved again.
        title = "Move again what was taken back"
        effects = (
            effect("go", "What a breaker or policy took back queues again, from its first stage on"),
            effect("stay", "Waves, caps and freezes hold"),
        )
    scratch = () if of.cause else (Checkbox("from_scratch", "From the first stage on"),)
    return Ask(
        title,
        f"Retry {number:,}" if number else "Retry",
        effects,
        choices=(*scratch, FORCE, OVERRIDE),
        needs_reason=False,
    )


def _retry_cancelled(plan: PlanSummary, _: Narrowed) -> Ask:
    number = plan.counts.get(TaskState.CANCELLED, 0)
    effects = (
        effect("go", f"Of {count(number, 'cancelled tenant')} those that the plan took along queue again"),
        effect("stay", "Each goes from its first stage on; waves, caps and freezes hold, and so does a breaker"),
        effect("end", "Who was cancelled alone, or left out, stays so"),
    )
    return Ask("Move again what was cancelled", "Move again", effects, choices=(FORCE, OVERRIDE), needs_reason=False)


def _rollback(plan: PlanSummary, _: Narrowed) -> Ask:
    running, waits, failed, _ended = _counts(plan)
    moved = plan.counts.get(TaskState.COMPLETED, 0) + failed
    effects = _some(
        (running, "back", f"{count(running, 'running tenant')}: back at the end of the stage under way"),
        (moved, "back", f"{count(moved, 'moved tenant')}: back to the old config, {plan.max_concurrency:,} at once"),
        (waits, "end", f"{count(waits, 'tenant', 'tenants')} that nothing has touched will not start"),
    )
    return Ask("Roll the plan back", "Roll back", effects, is_dangerous=True, choices=(FORCE,))


def _gate(approves: bool) -> Callable[[PlanSummary, Narrowed], Ask]:
    def made(plan: PlanSummary, of: Narrowed) -> Ask:
        index = next((at for at, wave in enumerate(plan.waves) if wave.name == of.wave), 0)
        following = plan.waves[index + 1] if index + 1 < len(plan.waves) else None
        waiting = following.tenants if following else 0
        if approves:
            told = f"wave {following.name} begins with {count(waiting, 'tenant')}" if following else "the plan can end"
            effects = [effect("go", f"{told[:1].upper()}{told[1:]}")]
            if plan.status == PlanState.PAUSED and not (plan.paused_by and plan.paused_by.kind == "gate"):
                effects = [effect("stop", "The plan stays paused until somebody resumes it")]
            return Ask(f"Approve wave {of.wave}", "Approve", tuple(effects), Permission.APPROVE)
        rejects = "The plan is paused until an approval after all; a resume asks the gate again"
        return Ask(
            f"Reject wave {of.wave}", "Reject", (effect("stop", rejects),), Permission.APPROVE, is_dangerous=True
        )

    return made


def _accept(plan: PlanSummary, of: Narrowed) -> Ask:
    failed = of.number or _counts(plan)[2]
    what = f" of {of.cause}" if of.cause else ""
    effects = (
        effect(
            "bad",
            f"{count(failed, 'failure', 'failures')}{what} will not count any more, for breakers or the plan's end",
        ),
        effect("stay", "The tenants stay as they are"),
    )
    return Ask(f"Accept failures{what}", "Accept", effects)


def _exclude(plan: PlanSummary, _: Narrowed) -> Ask:
    waits = _counts(plan)[1]
    effects = (
        effect(
            "end",
            f"Of {count(waits, 'waiting tenant')} those that are like this leave the plan; they are no failures",
        ),
    )
    return Ask("Exclude waiting tenants", "Exclude", effects, pattern="Tenants, such as eu-*")


def _pass_freezes(plan: PlanSummary, _: Narrowed) -> Ask:
    running, waits, _failed, _ended = _counts(plan)
    effects = (
        *_some((waits, "go", f"{count(waits, 'tenant waits', 'tenants wait')}, and no freeze holds any of them back")),
        *_some((running, "go", f"{count(running, 'running tenant goes', 'running tenants go')} on, frozen or not")),
        effect("stay", "Freezes stay as they are for all other plans; for this one it cannot be taken back"),
    )
    return Ask("Pass all freezes", "Pass freezes", effects, Permission.OVERRIDE_FREEZE, is_dangerous=True)


def _purge(plan: PlanSummary, _: Narrowed) -> Ask:
    total = sum(plan.counts.values())
    effects = (
        effect("end", f"The plan, its log and its {count(total, 'task')} are taken out of the ledger for good"),
        effect("stay", "Tenants keep what they run and their last known good config"),
    )
    return Ask("Purge the plan", "Purge", effects, Permission.PURGE, is_dangerous=True)


PLAN_ASKS: Final[Mapping[str, Callable[[PlanSummary, Narrowed], Ask]]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "retry": _retry,
    "retry-cancelled": _retry_cancelled,
    "rollback": _rollback,
    "approve": _gate(approves=True),
    "reject": _gate(approves=False),
    "accept": _accept,
    "exclude": _exclude,
    "override-freeze": _pass_freezes,
    "purge": _purge,
}
