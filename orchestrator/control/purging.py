"""Purging asked for by a person: one plan, or all that ended before a moment; exported first, if a file is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import PurgeResult
from orchestrator.control.export import Line, as_text, plan_lines
from orchestrator.domain.errors import NotAllowed, NotFound
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.typed import typed
from orchestrator.files.new_file import NewFile, new_file
from orchestrator.ledger.operations import Order, Reply, Taken
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader

Progress = Callable[[str, int], None]
"""Told a plan's id and how many of its tasks are left to take out."""

EndedBefore = datetime | timedelta
"""A moment with a time zone, or how long ago."""

Exported = Mapping[str, int] | None
"""Plans that the caller has exported, each with the planSequenceId of its last event then."""

_WHY: Final = {
    "not-ended": "it is {status}; only an ended plan can be purged: `{cancel}` ends it",
    "ending": "it is {status} and will end by itself; should it not, since a hand has damaged its records, "
    "`{purge} --force` takes it out as it is",
    "damaged": "its record is damaged (status {status!r}); `{purge} --force` takes it out, "
    "tasks, slots and tenants included",
    "cancel-first": "it is {status}, and can end: `{cancel}` first; --force takes out what does not end by that",
    "alive": "{what} of its tasks are in a worker's hands; ask again when their stages have ended",
    "went-on": "it went on while it was exported; export it again",
}


class Purger:
    """On one namespace. ``progress`` is told the plan and how many of its tasks are left."""

    def __init__(self, purges: Purges, reader: Reader) -> None:
        self._purges = purges
        self._reader = reader

    def plan(
        self, plan_id: str, order: Order, export: Path | None, progress: Progress, *, seen: str = ""
    ) -> PurgeResult:
        """Purges one plan. Raises ``NotFound``, ``NotAllowed`` (it has not ended), ``InvalidInput`` (the file).

        ``seen``: the planSequenceId of the last event of an export that the caller has made; refused when it went on.
        """
        reply = self._purges.first_answer(f"plan {plan_id}", order)
        if reply is None:
            with opened(export) as file:
                reply = self._purge(plan_id, order, file, seen)
                if file is not None and reply.answer in (Taken.MISSING, Taken.REFUSED):
                    # Of nothing that went: the corrected call is to find the name free.
                    file.drop()
        result = self._result(plan_id, reply)
        self._finish(progress)
        return result

    def answered(self, plan_id: str, order: Order) -> PurgeResult | None:
        """How this request to purge the plan was answered before; None when it was not. Raises what ``plan`` raises."""
        reply = self._purges.first_answer(f"plan {plan_id}", order)
        return None if reply is None else self._result(plan_id, reply)

    def _result(self, plan_id: str, reply: Reply) -> PurgeResult:
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id)
        if reply.answer is Taken.REFUSED:
            raise NotAllowed(f"purge of plan {plan_id}: {purge_words(plan_id, reply)}")
        return PurgeResult(purged=[plan_id])

    def ended_before(
        self,
        before: EndedBefore,
        order: Order,
        export: Path | None,
        progress: Progress,
        *,
        seen: Exported = None,
    ) -> PurgeResult:
        """Purges every plan that ended before a moment (with a time zone), or that long ago. Raises ``InvalidInput``
        (the file). ``seen``: only these, each with the planSequenceId that ``plan`` calls so."""
        moment, what = self._asked(before, order.request_id)
        if (first := self._purges.first_answer(what, order)) is not None:
            return PurgeResult(purged=read_stored(first.what))
        purged = self._purges.parts(what, order)
        with opened(export) as file:
            for plan_id in self._ended(moment):
                if seen is not None and plan_id not in seen:
                    continue
                # Each is a request of its own; a repeat of the call draws the same ids.
                one = replace(order, request_id=f"{order.request_id}/{plan_id}")
                part_of = (order.request_id, self._purges.asked(what, order))
                known = "" if seen is None else str(seen[plan_id])
                if self._purge(plan_id, one, file, known, part_of=part_of).answer is Taken.ACCEPTED:
                    purged.append(plan_id)
                self._finish(progress)
        self._purges.keep_answer(what, order, Reply(Taken.ACCEPTED, what=json.dumps(purged)))
        return PurgeResult(purged=purged)

    def listed(self, before: EndedBefore, request_id: str = "") -> list[str]:
        """Plans that ended before: what ``ended_before`` would purge. With the id of a request that was sent before,
        what that has left: nothing once it has been answered."""
        moment, what = self._asked(before, request_id)
        if request_id and self._purges.first_answer(what, Order("", request_id=request_id)) is not None:
            return []
        return self._ended(moment)

    def _asked(self, before: EndedBefore, request_id: str) -> tuple[datetime, str]:
        """The moment that is meant, and what is asked in words. Of an age the words have the moment too: the first time
        that a request is sent counts, however often it is sent again."""
        if isinstance(before, datetime):
            return before, f"what ended before {before.isoformat()}"
        words = f"what ended {before.total_seconds():.0f} s ago or earlier, that is before "
        first = self._purges.first_asked(request_id) if request_id else ""
        _, is_same, rest = first.partition(words)
        moment = datetime.fromisoformat(rest) if is_same else datetime.now(UTC) - before
        return moment, words + moment.isoformat()

    def _ended(self, moment: datetime) -> list[str]:
        return self._purges.ended_before(round(moment.timestamp() * 1000))

    def _purge(
        self, plan_id: str, order: Order, file: NewFile | None, seen: str = "", part_of: tuple[str, str] = ("", "")
    ) -> Reply:
        if file is not None:
            try:
                seen = write_export(file, plan_lines(self._reader, plan_id, damaged=order.force))
            except NotFound:
                return Reply(Taken.MISSING)
        reply = self._purges.purge(plan_id, order, seen, part_of)
        if reply.why == "lost":
            self._purges.lose(plan_id, is_purged=True)
        return reply

    def _finish(self, progress: Progress) -> None:
        for plan_id, left in self._purges.chunks():
            progress(plan_id, left)


def purge_words(plan_id: str, reply: Reply) -> str:
    """Why a plan is not purged."""
    cancel, purge = typed("cancel", "--plan", plan_id), typed("purge", "--plan", plan_id)
    return _WHY[reply.why].format(status=reply.status, what=reply.what, cancel=cancel, purge=purge)


def opened(path: Path | None) -> AbstractContextManager[NewFile | None]:
    """What a purge writes down first, none without a path. Raises ``InvalidInput`` for a file that exists."""
    return new_file(path, "export")


def write_export(file: NewFile, lines: Iterable[Line]) -> str:
    """Writes a plan's lines down, before what is in them leaves the ledger; its last planSequenceId, "" where a hand
    has made none of it: then nobody can say that it has gone on."""
    seen = ""
    for line in lines:
        if line.get("kind") == "plan":
            number = line["plan"]["lastPlanSequenceId"]
            seen = "" if number is None else str(number)
        file.write(as_text(line))
    file.keep()
    return seen
