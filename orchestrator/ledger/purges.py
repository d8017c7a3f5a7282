"""Retention as verbs: which plans ended long ago, and how they leave the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply, what_is_asked

CHUNK: Final = 100
"""Tasks taken out in one script."""


class Purges:
    """The scripts behind retention, on one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._operations = Operations(ledger)

    def purge(self, plan_id: str, order: Order, seen: str = "", part_of: tuple[str, str] = ("", "")) -> Reply:
        """Takes the plan's record and log out; its tasks follow with ``chunk``. ``REFUSED`` while it has not ended,
        and when it went on after ``seen``, the planSequenceId of the last event that the caller knows of. By force also
        one that cannot end, or whose record is damaged, unless a worker is at it. ``part_of``: the request for many
        plans that this is part of, its id and what it asks (see ``parts``)."""
        options = (seen, int(order.force), *part_of)
        return self._operations.send("purge_plan", "purge", f"plan {plan_id}", plan_id, order, *options)

    def chunk(self, limit: int = CHUNK) -> tuple[str, int] | None:
        """Takes out the next tasks of a purged plan: its id and how many are left; None when nothing is to be done."""
        code, *rest = self._ledger.call("purge_chunk", limit)
        return None if code == "NONE" else (str(rest[0]), int(rest[1]))

    def chunks(self, limit: int = CHUNK) -> Iterator[tuple[str, int]]:
        """All of them, of whatever plan."""
        while (step := self.chunk(limit)) is not None:
            yield step

    def lose(self, plan_id: str, limit: int = CHUNK, *, is_purged: bool = False) -> bool:
        """Takes out what is left of a plan whose record is gone, or that a person has purged. False when it has a
        record, or nothing is left."""
        position = found = 0
        while position >= 0:
            position, _ = self._ledger.lose_plan(plan_id, position, limit, is_purged=is_purged)
            found += position >= 0
        return found > 0

    def first_answer(self, of: str, order: Order) -> Reply | None:
        """How this request to purge was answered before, if it was; ``of`` says what was to be purged."""
        return self._operations.first_answer(self.asked(of, order), order.request_id)

    def asked(self, of: str, order: Order) -> str:
        """What the request asks, in words."""
        return what_is_asked("purge", of, order)

    def parts(self, of: str, order: Order) -> list[str]:
        """The plans that this request for many has purged. Raises ``InvalidInput`` when its id served another."""
        return self._operations.parts(self.asked(of, order), order.request_id)

    def first_asked(self, request_id: str) -> str:
        """What this request asked when it was sent first, in words; "" when it was not, or had done nothing yet."""
        return self._operations.first_asked(request_id)

    def keep_answer(self, of: str, order: Order, reply: Reply) -> Reply:
        """Keeps the answer to a request that was many purges."""
        return self._operations.keep_answer(self.asked(of, order), order.request_id, reply)

    def expired(self, seconds: float, limit: int, passed_by: int = 0) -> tuple[list[tuple[str, str]], list[str]]:
        """Plans that ended ``seconds`` ago or earlier by the ledger's clock, the oldest first, each with what ``purge``
        calls ``seen``; without the first ``passed_by``. Then those whose record is gone."""
        _, rows, lost = self._ledger.call("expired_plans", round(seconds * 1000), limit, passed_by)
        return [(str(plan_id), str(seen)) for plan_id, seen in rows], [str(plan_id) for plan_id in lost]

    def ended_before(self, moment_ms: int) -> list[str]:
        """Plans that ended before a moment, as people are told of it, the oldest first."""
        found: list[str] = []
        first, looked = 0, CHUNK
        while looked == CHUNK:
            _, looked, plan_ids = self._ledger.call("ended_plans", moment_ms, first, CHUNK)
            found += [str(plan_id) for plan_id in plan_ids]
            first += looked
        return found

    def note_ended(self, plan_ids: Sequence[str]) -> int:
        """Files those of them that have ended, and were not filed by the release that ended them."""
        return int(self._ledger.call("note_ended", *plan_ids)[1]) if plan_ids else 0
