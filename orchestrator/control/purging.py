"""Purging asked for by a person: one plan, or all that ended before a moment; exported first, if a file is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import PurgeResult
from orchestrator.control.export import as_text, plan_lines
from orchestrator.domain.errors import NotAllowed, NotFound
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.typed import typed
from orchestrator.files.new_file import NewFile, new_file
from orchestrator.ledger.operations import Order, Reply, Taken
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader

Progress = Callable[[str, int], None]
"""Told a plan's id and how many of its tasks are left to take out."""

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
        if reply.answer is Taken.MISSING:
            raise absent(self._reader, "plan", plan_id, "`changeover status` lists the plans")
        if reply.answer is Taken.REFUSED:
            raise NotAllowed(f"purge of plan {plan_id}: {purge_words(plan_id, reply)}")
        self._finish(progress)
        return PurgeResult(purged=[plan_id])

    def ended_before(self, moment: datetime, order: Order, export: Path | None, progress: Progress) -> PurgeResult:
        """Purges every plan that ended before ``moment`` (with a time zone). Raises ``InvalidInput`` (the file)."""
        what = f"what ended before {moment.isoformat()}"
        if (first := self._purges.first_answer(what, order)) is not None:
            return PurgeResult(purged=read_stored(first.what))
        purged = self._purges.parts(what, order)
        with opened(export) as file:
            for plan_id in self.listed(moment):
                # Each is a request of its own; a repeat of the call draws the same ids.
                one = replace(order, request_id=f"{order.request_id}/{plan_id}")
                part_of = (order.request_id, self._purges.asked(what, order))
                if self._purge(plan_id, one, file, part_of=part_of).answer is Taken.ACCEPTED:
                    purged.append(plan_id)
                self._finish(progress)
        self._purges.keep_answer(what, order, Reply(Taken.ACCEPTED, what=json.dumps(purged)))
        return PurgeResult(purged=purged)

    def listed(self, moment: datetime) -> list[str]:
        """Plans that ended before ``moment``: what ``ended_before`` would purge."""
        return self._purges.ended_before(round(moment.timestamp() * 1000))

    def _purge(
        self, plan_id: str, order: Order, file: NewFile | None, seen: str = "", part_of: tuple[str, str] = ("", "")
    ) -> Reply:
        if file is not None:
            try:
                for line in plan_lines(self._reader, plan_id):
                    if line["kind"] == "plan":
                        seen = str(line["plan"]["lastPlanSequenceId"])
                    file.write(as_text(line))
            except NotFound:
                return Reply(Taken.MISSING)
            # Before what is in it leaves the ledger.
            file.keep()
        reply = self._purges.purge(plan_id, order, seen, part_of)
        if reply.why == "lost":
            self._purges.lose(plan_id)
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
