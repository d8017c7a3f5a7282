"""Freezes in the ledger: set, lifted, looked at. Which task they stop is decided in the scripts that admit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from orchestrator.fleet.freezes import FreezeRecord
from orchestrator.ledger.freeze_log import FreezeLog
from orchestrator.ledger.freeze_reads import FreezeReads, StoredFreeze
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply, what_is_asked
from orchestrator.ledger.records import wire_json

SET: Final = "freeze"

OVERRIDE: Final = "override-freeze"
"""The operation of a plan that is to pass all freezes, as its event calls it."""


class Freezes:
    """Their verbs."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._operations = Operations(ledger)
        self.reads = FreezeReads(ledger.client, ledger.keys)

    def set(self, record: FreezeRecord, told: Mapping[str, Any], asked: str, order: Order) -> Reply:
        """Sets one; ``told`` goes into its event. The answer's ``what`` is its id, or how many there are already, and
        its ``status`` the record as it was set: that of the first time, when the request is a repeat."""
        event = wire_json(dict(told)).removesuffix("}")
        return self._operations.send("set_freeze", SET, asked, "", order, record.stored(), event)

    def first_answer(self, asked: str, order: Order) -> Reply | None:
        """How this request to set one was answered before, if it was."""
        return self._operations.first_answer(what_is_asked(SET, asked, order), order.request_id)

    def lift(self, freeze_id: str, order: Order) -> Reply:
        """Lifts one, before or in its window."""
        return self._operations.send("lift_freeze", "unfreeze", freeze_id, freeze_id, order)

    def override(self, plan_id: str, order: Order) -> Reply:
        """Lets a plan pass all freezes from now on."""
        reply = self._operations.send("override_freezes", OVERRIDE, f"plan {plan_id}", plan_id, order)
        return replace(reply, of_plan=True)

    def top_up(self, freeze: StoredFreeze, record: FreezeRecord) -> bool:
        """Writes the record with more windows; False when it was lifted, or written by another, since it was read."""
        return bool(self._ledger.call("top_up_freeze", freeze.freeze_id, freeze.text, record.stored())[0] == "WRITTEN")

    def rebuild(self, log: FreezeLog) -> list[tuple[str, str]]:
        """Puts right what a hand, or a lost disk, has taken of freezes that the log tells of, and of those in force;
        pairs of an id and what was wrong. Nothing when one was set or lifted meanwhile: the next call looks again."""
        told = log.not_lifted(self.reads.told_now_ms())
        parts = [part for name, record in told.items() for part in (name, record.stored())]
        answer = self._ledger.call("rebuild_freezes", log.upto, *parts)
        return [(name, what) for name, what in answer[1]] if answer[0] == "REBUILT" else []

    def thaw(self, limit: int) -> bool:
        """Puts back so many of those whose freeze has ended; True when there may be more."""
        return bool(self._ledger.call("thaw", limit)[0] != "NONE")
