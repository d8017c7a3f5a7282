"""Tasks with whose record no script can work: which they are, what is wrong, and the way out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.offers import Offers, of_plan
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.explain.steps import Steps
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.damage import DamagedRecord
from orchestrator.ledger.damaged_key import DamagedKey, in_redis_cli
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.plan_keys import DamagedPlace

SHOWN: Final = 10
"""Damaged tasks of a plan that are told one by one."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """In words; ``commands``: the first of it, if it would be taken now."""

    words: str
    commands: Sequence[str] = ()

    def __str__(self) -> str:
        return self.words + "".join(f": `{command}`" for command in self.commands)


def way_out(offers: Offers, plan_id: str) -> WayOut:
    """Of damage that nobody can mend. A damaged task keeps its plan open: only a person can say that it ends."""
    purge = typed("purge", "--plan", plan_id, "--force")
    mend = "put it right with HSET (a config: SET), or take the plan out"
    if cancel := offers.every(of_plan(Operation.CANCEL, plan_id)):
        return WayOut(f"{mend} by a cancel and then `{purge}`", cancel)
    if offers.purge(plan_id):
        return WayOut(mend, [purge])
    if offers.purge_waits(plan_id):
        return WayOut(f"{mend} by `{purge}`, which waits for the workers that are at it")
    return WayOut(f"{mend} by a cancel and then `{purge}`, which waits for the workers that are at it")


def task_damage(found: DamagedRecord, out: WayOut) -> Remark:
    """The task itself is explained."""
    sentence = f"{found.wrong}: a hand in the data? It is passed by; {out.words}"
    return remark(Situation.DAMAGED, sentence, *out.commands or [typed("doctor")])


def plan_record(plan_id: str, wrong: str, offers: Offers) -> Remark:
    """Of the plan, or one of its tasks, whose own record may be sound."""
    sentence = f"the record of plan {plan_id}: {wrong}: a hand in the data? It is passed by; {way_out(offers, plan_id)}"
    # A cancel alone leaves the record as it is.
    purge = typed("purge", "--plan", plan_id, "--force")
    return remark(Situation.DAMAGED, sentence, purge if offers.purge(plan_id) else typed("doctor"))


def plan_damage(
    plan_id: str, found: Sequence[DamagedRecord], out: WayOut, *, has_ended: bool, unnamed: int = 0
) -> Iterator[Remark]:
    """Its plan is. ``unnamed``: so many more are damaged, and were not looked at."""
    for one in found[:SHOWN]:
        means = "whatever is done with the plan leaves it as it is" if has_ended else "may keep the plan from its end"
        sentence = f"{name_of(one)} is damaged: {one.wrong}. It is passed by, and {means}; {out.words}"
        yield remark(Situation.DAMAGED, sentence, *out.commands or [typed("doctor")])
    if more := len(found[SHOWN:]) + unnamed:
        yield remark(Situation.DAMAGED, f"and {more} more tasks are damaged", typed("status", plan_id))


def plan_keys(found: Sequence[DamagedKey]) -> Iterator[Remark]:
    """The plan stands still for them."""
    for one in found:
        yield remark(Situation.DAMAGED_PLAN_KEY, f"key {one.key} is damaged: {key_words(one, 'the plan')}")


def places(found: Sequence[DamagedPlace], plan_id: str, unnamed: int = 0) -> Iterator[Remark]:
    """What goes by them stands still. ``unnamed``: so many more are damaged, and were not looked at."""
    told: dict[str, DamagedPlace] = {}
    for place in found:
        told.setdefault(place.key.key, place)
    for place in list(told.values())[:SHOWN]:
        sentence = f"key {place.key.key} is damaged: {key_words(place.key, place_words(place, plan_id))}"
        yield remark(Situation.DAMAGED_PLAN_KEY, sentence)
    if more := max(len(told) - SHOWN, 0) + unnamed:
        sentence = f"and {more} more keys are damaged: mend these and ask again"
        yield remark(Situation.DAMAGED_PLAN_KEY, sentence)


def not_all(plan_id: str, steps: Steps) -> Remark:
    """How many of a large plan were looked at."""
    sentence = f"{steps.count:,} of its {steps.total:,} tasks were looked at for damage, first around records that "
    sentence += "are lost, then from the first on that moves or comes next; all else told here is of all tasks"
    return remark(Situation.NOT_ALL_LOOKED_AT, sentence, typed("explain", "--plan", plan_id, "--whole"))


def key_words(found: DamagedKey, who: str) -> str:
    """What is wrong, who stands still for it, and what to type."""
    still = f"{who[0].upper()}{who[1:]} stands still until it is mended"
    return f"{found.wrong}: a hand in the data? {still}; in redis-cli: {in_redis_cli(found.mend)}"


def place_words(place: DamagedPlace, plan_id: str) -> str:
    """Who stands there."""
    return f"what goes by it, such as task {task_id_of(plan_id, place.position)} (tenant {place.tenant_id}),"


def name_of(found: DamagedRecord) -> str:
    """``task p.3 (tenant acme)``."""
    return f"task {found.task_id}" + (f" (tenant {found.tenant_id})" if found.tenant_id else "")
