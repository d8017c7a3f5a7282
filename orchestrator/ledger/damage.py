"""Which plans and tasks a hand, or a lost disk, has damaged: no script leaves one like that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast, get_args

import redis

from orchestrator.domain.errors import cut_text, quoted_value
from orchestrator.domain.fleet_config import MAX_WAVES, Breach
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import COUNTED as COUNT_FORM
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look
from orchestrator.ledger.stored_forms import (
    GATE_FORM,
    LISTS,
    MOST,
    PLAN_FORMS,
    TASK_FORMS,
    member_words,
    wrong_with_list,
    wrong_with_object,
)

NUMBERS: Final = ("max", "total", "stages", "planSeq")
TEXTS: Final = (*PLAN_FORMS, *LISTS)
_CHOSEN: Final = ("notBefore", "notAfter")
"""Times that a person chose, before 1970 too."""
_SIGNED: Final = ("priority", *_CHOSEN)
"""May be below 0."""
LATER: Final = ("written", "chunks", "createdAt", "startedAt", "endedAt", "durationMillis", "rate", *_SIGNED)
"""Numbers that a plan may be without."""
_WAVES: Final = 1 + len(TEXTS) + len(NUMBERS) + len(LATER)
"""Where the number of waves stands in what is read of a plan: behind its status, texts and numbers."""
COUNTED: Final = (
    *("lined", "rollbackRequested", "accepted", "acceptedFailed", "skipped", "takenBack", "sentBack"),
    *TaskState.__members__.values(),
)
"""What the plan's record counts, as ``n:NAME``; of a wave too, as ``wave:INDEX:n:NAME``."""

_OF_WAVES: Final = ("wave", "passed")
"""Numbers that a plan of waves has besides."""
_OF_WAIT: Final = (
    *("soakEnds", "soakUntil", "soakAt", "soakLook", "soakFirst", "soakLeft", "soakDoubts"),
    *("gateEnds", "gateUntil", "gateQuestion"),
)
"""Numbers that a plan may have besides whose wave soaks, or asks its gate."""
_OF_PART: Final = ("max", "tolerance", "accepted", "strict", "soak", "interval", "sentBack")
"""Numbers that a plan, or one of its waves, may have, by which it is held back."""
_GROUP: Final = "group:"
"""Before a group's name: its limit in the plan."""

_BREACHES: Final[tuple[str, ...]] = get_args(Breach)

_OF_A_WAVE: Final = ("total", "until", "first", "last")
"""Numbers that a wave may have besides."""

_TIMES: Final = ("At", "Until", ":until", *_CHOSEN)
PAGE: Final = 1000
TOLD_SECONDS: Final = 86_400
"""For how long a plan that was taken out is told of."""

ENDED_LOOKED_AT: Final = 1000
"""Of the newest plans, those that have ended are looked at too."""

LOOKED_AT: Final = 500
"""Tasks that one script looks at: some three milliseconds of Redis' time."""

_NO_RECORD: Final = "it has no record"
_WRONG: Final = {
    "gone": "its record is gone",
    "kind": "its record is no hash",
    "missing": "its {field} is missing",
    "status": "its status is {value}, which is none",
    "number": "its {field} is {value}, not a whole number",
    "object": "its {field} is {value}, not a JSON object",
    "inside": "its {field} is {value}, which cannot be worked with: a number in it is not finite, or it is nested too "
    "deeply",
    "config": "its config (the key {field}) is {value}, not a JSON object",
}


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """``tenant_id`` is "" when the record does not tell it; ``wrong``: what is, as a clause."""

    task_id: str
    tenant_id: str
    wrong: str


def damaged_tasks(client: redis.Redis, keys: Keys, plan_id: str, first: int, end: int) -> Iterator[list[DamagedRecord]]:
    """Those of the plan's tasks from position ``first`` to before ``end`` with whose record no script can work, and
    what is wrong with each: a list for each step of a bounded size."""
    for position in range(first, end, LOOKED_AT):
        step = (plan_id, position, min(LOOKED_AT, end - position))
        found = look(client, keys, "damaged_tasks", step)
        # A purge takes the plan's record first, its tasks later.
        if any(wrong == "gone" for _, _, wrong, *_ in found) and _is_purged(client, keys.of("plan", plan_id)):
            return
        yield [
            DamagedRecord(task_id_of(plan_id, at), tenant, _wrong(wrong, field, value))
            for at, tenant, wrong, field, value in found
        ]


def _wrong(wrong: str, field: str, value: str) -> str:
    if wrong == "member":
        name, member = field.split()
        return member_words(name, TASK_FORMS[name], member, value)
    return _WRONG[wrong].format(field=field, value=quoted_value(value))


def _is_purged(client: redis.Redis, plan: str) -> bool:
    try:
        return not client.hexists(plan, "status")
    except redis.ResponseError:
        return False


def lost_plans(client: redis.Redis, keys: Keys) -> list[tuple[str, datetime]]:
    """The plans that a coordinator has taken out in the last day, as their record was gone; and when. Not those that
    have been submitted again."""
    seconds, _ = client.time()
    since, until = ((seconds + days * TOLD_SECONDS) * 1000 for days in (-1, 1))
    found = client.zrangebyscore(keys.of("lost"), since, until, start=0, num=PAGE, withscores=True)
    pairs = cast(list[tuple[str, float]], found)
    with client.pipeline(transaction=False) as pipeline:
        for plan_id, _ in pairs:
            pipeline.exists(keys.of("plan", plan_id))
        is_back = pipeline.execute()
    gone = [pair for pair, back in zip(pairs, is_back, strict=True) if not back]
    return [(plan_id, datetime.fromtimestamp(at / 1000, UTC)) for plan_id, at in gone]


def damaged_plans(client: redis.Redis, keys: Keys) -> list[tuple[str, str]]:
    """The active plans, and of the ``ENDED_LOOKED_AT`` newest the ended ones, with whose record no script can work, and
    what is wrong with each."""
    active = sorted(cast(set[str], client.smembers(keys.of("active"))))
    newest = cast(list[str], client.zrevrange(keys.of("plans"), 0, ENDED_LOOKED_AT - 1))
    known = frozenset(active)
    ended = [plan_id for plan_id in newest if plan_id not in known]
    return _damaged(client, keys, active) + _damaged(client, keys, ended)


def wrong_with_plan(client: redis.Redis, keys: Keys, plan_id: str) -> str:
    """What is wrong with the plan's record, as a clause; "" when scripts can work with it."""
    return next((wrong for _, wrong in _damaged(client, keys, [plan_id])), "")


def _damaged(client: redis.Redis, keys: Keys, plan_ids: Sequence[str]) -> list[tuple[str, str]]:
    """What two looks say alike: a record is read in several steps, between which its plan may end and be purged. One
    without a record was that if its plan is active still."""
    found = _seen(client, keys, plan_ids)
    if not found:
        return []
    gone = [plan_id for plan_id, wrong in found if wrong == _NO_RECORD]
    purged = {one for one in gone if not client.sismember(keys.of("active"), one)}
    again = set(_seen(client, keys, [plan_id for plan_id, _ in found]))
    return [one for one in found if one in again and one[0] not in purged]


def _seen(client: redis.Redis, keys: Keys, plan_ids: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for start in range(0, len(plan_ids), PAGE):
        page = plan_ids[start : start + PAGE]
        with client.pipeline(transaction=False) as pipeline:
            for plan_id in page:
                key = keys.of("plan", plan_id)
                counted = (*_counts(""), *_OF_PART, *_OF_WAIT)
                pipeline.hmget(key, "status", *TEXTS, *NUMBERS, *LATER, "waves", *counted, "retryCursor")
                pipeline.hgetall(key)
            answers = pipeline.execute(raise_on_error=False)
        for plan_id, answer, record in zip(page, answers[::2], answers[1::2], strict=True):
            wrong = _wrong_with(answer) or _wrong_record(record)
            if wrong := wrong or _wrong_waves(client, keys.of("plan", plan_id), answer):
                found.append((plan_id, wrong))
    return found


def _counts(part: str) -> list[str]:
    return [f"{part}n:{name}" for name in COUNTED]


def _wrong_waves(client: redis.Redis, key: str, answer: Sequence[Any]) -> str:
    waves = answer[_WAVES]
    if waves is None:
        return ""
    if not COUNT_FORM.fullmatch(str(waves)) or int(waves) > MAX_WAVES:
        return f"its waves is {cut_text(str(waves), 50)!r}, not a number of waves"
    for name, value in zip(_OF_WAVES, cast(list[str | None], client.hmget(key, list(_OF_WAVES))), strict=True):
        if value is None or not COUNT_FORM.fullmatch(value) or int(value) > int(waves):
            return f"its {name} is {cut_text(str(value), 50)!r}, not a wave's number"
    for wave in range(int(waves)):
        part = f"wave:{wave}:"
        names = [*_counts(part), *(part + name for name in (*_OF_PART, *_OF_A_WAVE))]
        state, gate, *counts = cast(list[str | None], client.hmget(key, [f"{part}state", f"{part}gate", *names]))
        wrong = _wrong_counts(names, counts) or _wrong_gate(f"{part}gate", gate)
        if not wrong and state not in (None, *WaveState):
            wrong = f"its {part}state is {cut_text(str(state), 50)!r}, which is none of a wave"
        if wrong:
            return wrong
    return ""


def _wrong_record(record: Mapping[str, str] | Exception) -> str:
    """Of its groups, of what follows a breach, of its counts together; one that is no hash is told of as such."""
    if isinstance(record, Exception):
        return ""
    names = [name for name in record if name.startswith(_GROUP)]
    if wrong := _wrong_counts(names, [record[name] for name in names]):
        return wrong
    on_breach = record.get("onBreach")
    if on_breach is not None and on_breach not in _BREACHES:
        return f"its onBreach is {cut_text(on_breach, 50)!r}, which is none of its kind ({', '.join(_BREACHES)})"
    return _wrong_sum(record)


def _wrong_sum(record: Mapping[str, str]) -> str:
    """A count that is lost would end the plan over a task that is open."""
    counts = [f"n:{state}" for state in TaskState.__members__.values()]
    told = sum(int(record.get(name, "0")) for name in counts)
    if record.get("status") in (None, PlanState.CREATED) or told == int(record["total"]):
        return ""
    seen = ", ".join(f"{name} {record[name]}" for name in counts if name in record)
    return f"its counts ({seen}) make up {told} tasks, not its total of {cut_text(record['total'], 50)}"


def _wrong_gate(field: str, gate: str | None) -> str:
    return "" if gate in (None, "manual") else wrong_with_object(field, gate or "", GATE_FORM, is_told=False)


def _is_number(name: str, text: str) -> bool:
    """Also of what is a time: of one that can be told."""
    return bool(COUNT_FORM.fullmatch(text)) and (int(text) < MOST or not name.endswith(_TIMES))


def _wrong_counts(names: Sequence[str], values: Sequence[str | None]) -> str:
    for name, value in zip(names, values, strict=True):
        if value is not None and not _is_number(name, value):
            return f"its {name} is {cut_text(value, 50)!r}, not a number"
    return ""


def _wrong_with(answer: Sequence[Any] | Exception) -> str:
    if isinstance(answer, Exception):
        return "its record is no hash"
    if answer[0] is None:
        return _NO_RECORD if all(value is None for value in answer) else "its status is missing"
    status, texts, numbers = answer[0], answer[1 : 1 + len(TEXTS)], answer[1 + len(TEXTS) : _WAVES]
    if status not in PlanState.__members__.values():
        return f"its status is {cut_text(str(status), 50)!r}"
    if wrong := _wrong_numbers(numbers):
        return wrong
    for name, text in zip(TEXTS, texts, strict=True):
        if text and (wrong := _wrong_text(name, text)):
            return wrong
    *counts, is_retried = answer[_WAVES + 1 :]
    if is_retried is not None and not texts[TEXTS.index("retryAsked")]:
        return "its retryAsked is missing, though a retry of it is under way"
    return _wrong_counts([*_counts(""), *_OF_PART, *_OF_WAIT], counts)


def _wrong_numbers(numbers: Sequence[Any]) -> str:
    told = dict(zip((*NUMBERS, *LATER), numbers, strict=True))
    for name, value in told.items():
        text = str(value or 0).removeprefix("-" if name in _SIGNED else "")
        if (not value and name in NUMBERS) or not _is_number(name, text):
            return f"its {name} is {cut_text(str(value), 50)!r}, not a number"
    if int(told["written"] or 0) > int(told["total"]):
        return f"its written is {cut_text(told['written'], 50)!r}, more than its total of {cut_text(told['total'], 50)}"
    return ""


def _wrong_text(name: str, text: str) -> str:
    if name in LISTS:
        return wrong_with_list(name, text, LISTS[name])
    return wrong_with_object(name, text, PLAN_FORMS[name])
