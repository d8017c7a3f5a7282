"""What `doctor` says of records that a hand, or a lost disk, has damaged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

import redis

from orchestrator.control.absent import lost_words
from orchestrator.control.answers import Check
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.explain.damaged import key_words, name_of, place_words, way_out
from orchestrator.control.explain.offers import Offers
from orchestrator.domain.errors import DamagedData, TooOld
from orchestrator.domain.status import PLAN_OPEN
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.task_id import tasks_in
from orchestrator.ledger.damage import ENDED_LOOKED_AT, DamagedRecord
from orchestrator.ledger.damaged_key import DamagedKey, in_redis_cli
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import is_damage

SHOWN: Final = 20
"""How many damaged plans, or tasks, are named."""

LOOK_SECONDS: Final = 2.0
"""How long the plans' tasks are looked at: some 300,000 of them."""


def key_rows(found: Sequence[DamagedKey]) -> Iterator[Check]:
    """The keys that a whole namespace goes by."""
    for one in found[:SHOWN]:
        means = "no plan moves until it is mended" if one.stops_all else "what goes by it stands still, plans go on"
        finding = f"{one.wrong}: a hand in the data? Now {means}; in redis-cli: {in_redis_cli(one.mend)}"
        yield check(Row.DAMAGED_KEY, f"key {one.key}", finding, good=False)
    if len(found) > SHOWN:
        yield check(Row.DAMAGED_KEY, "keys", f"{len(found) - SHOWN} more are damaged", good=False)


def as_far_as_it_goes(name: str, rows: Iterator[Check], damaged: Sequence[DamagedKey]) -> Iterator[Check]:
    """The rows, up to one that needs a damaged key, or a script that this release is too old for. Raises what reading
    raises when no such key is told of."""
    try:
        yield from rows
    except TooOld:
        # That it is too old is a finding of its own, beside those of other processes.
        yield check(Row.RELEASES, name, "not looked at further, since this command is too old for the ledger")
    except (*UNREADABLE, redis.ResponseError, DamagedData) as error:
        if not damaged or not (isinstance(error, (*UNREADABLE, DamagedData)) or is_damage(error)):
            raise
        yield check(Row.DAMAGED_KEY, name, "not looked at further, since a damaged key is in the way", good=False)


def damage_rows(reader: Reader, offers: Offers, *, tasks: bool) -> Iterator[Check]:
    """Plans, then the ``tasks`` of plans under way, unless Redis takes in no script now."""
    for plan_id, wrong in reader.damaged_plans()[:SHOWN]:
        finding = f"{wrong}: a hand in the data? It is passed by; {way_out(offers, plan_id)}"
        yield check(Row.DAMAGED_PLAN, f"plan {plan_id}", finding, good=False)
    for plan_id, at in reader.lost_plans()[:SHOWN]:
        yield check(Row.DAMAGED_PLAN, f"plan {plan_id}", lost_words(at), good=False)
    yield from _ended_plans(reader)
    if tasks:
        yield from _tasks(reader, offers)
        yield from _tenants(reader)


def _ended_plans(reader: Reader) -> Iterator[Check]:
    """What of the newest the plan itself goes by: its tasks are not looked at, `explain --plan` does."""
    for plan_id, key in reader.plan_keys.damaged_of_ended()[:SHOWN]:
        yield check(Row.DAMAGED_KEY, f"key {key.key}", key_words(key, f"plan {plan_id}"), good=False)


def _tasks(reader: Reader, offers: Offers) -> Iterator[Check]:
    until, named = time.monotonic() + LOOK_SECONDS, 0
    plans = _under_way(reader)
    for place, (plan_id, total) in enumerate(plans):
        for row in _keys(reader, plan_id, total):
            named += 1
            yield row
        for step in reader.damaged_tasks(plan_id, 0, total):
            for found in step[: SHOWN - named]:
                named += 1
                yield _row(found, offers, plan_id)
            if named >= SHOWN:
                return
            if time.monotonic() > until:
                left = ", ".join(name for name, _ in plans[place:][:3]) + (", ..." if len(plans) - place > 3 else "")
                look = "`changeover explain --plan PLAN --whole` does"
                finding = f"not all were looked at in {LOOK_SECONDS:g} s; {look}: {left}"
                yield check(Row.DAMAGED_TASK, "task records", finding)
                return


def _keys(reader: Reader, plan_id: str, total: int) -> Iterator[Check]:
    """Of what one plan, and what its tasks stand in, goes by."""
    for key in reader.plan_keys.damaged(plan_id):
        yield check(Row.DAMAGED_KEY, f"key {key.key}", key_words(key, f"plan {plan_id}"), good=False)
    for step in reader.plan_keys.places(plan_id, 0, total, ended_too=True):
        for place in step[:SHOWN]:
            finding = key_words(place.key, place_words(place, plan_id))
            yield check(Row.DAMAGED_KEY, f"key {place.key.key}", finding, good=False)


def _tenants(reader: Reader) -> Iterator[Check]:
    """Of plans that have ended, the newest first: a later plan meets what is damaged there."""
    until, named = time.monotonic() + LOOK_SECONDS, 0
    under_way = frozenset(reader.active_plans())
    for plan_id in (one for one in reader.plan_ids()[:ENDED_LOOKED_AT] if one not in under_way):
        total = tasks_in(reader.plan_record(plan_id))
        for step in reader.plan_keys.places(plan_id, 0, total, ended_too=True):
            for place in step[: SHOWN - named]:
                named += 1
                who = f"tenant {place.tenant_id}"
                yield check(Row.DAMAGED_KEY, f"key {place.key.key}", key_words(place.key, who), good=False)
            if named >= SHOWN or time.monotonic() > until:
                return


def _row(found: DamagedRecord, offers: Offers, plan_id: str) -> Check:
    finding = f"{found.wrong}: a hand in the data? It is passed by; {way_out(offers, plan_id)}"
    return check(Row.DAMAGED_TASK, name_of(found), finding, good=False)


def _under_way(reader: Reader) -> list[tuple[str, int]]:
    """Plans whose tasks are all written and that have an end to come to, and how many tasks each has."""
    plan_ids = reader.active_plans()
    found = zip(plan_ids, reader.plan_records(plan_ids), strict=True)
    return [
        (plan_id, tasks_in(record))
        for plan_id, record in found
        if record.get("status") in PLAN_OPEN and counted_number(record.get("written")) is not None
    ]
