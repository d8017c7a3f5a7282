"""What a plan's wave waits for besides its tasks: looks at tenants while it soaks, the answer of an HTTP gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.domain.events import FailureInfo
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Looked
from orchestrator.ledger.records import TurnRecord, wire_json
from orchestrator.ledger.stored_forms import GATE_FORM, told_json, wrong_member
from orchestrator.ledger.turn_record import turn_record

LOOKED_AT: Final = 200
"""Tasks that one script looks at for those of the wave: about a millisecond of Redis' time."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a tenant: its task and the number of the look, which rises."""

    task_id: str
    tenant_id: str
    number: int


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """One question to the HTTP gate behind a plan's wave, by its number, which no other question has."""

    plan_id: str
    wave: int
    number: int


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What is due of one plan; ``more``: whether there may be another one."""

    looks: tuple[Look, ...] = ()
    question: GateQuestion | None = None
    more: bool = True


class Awaited:
    """The scripts of it, on one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def hand_out(self) -> HandedOut:
        """What is due next; the same is due again later, should nobody answer."""
        code, *rest = self._ledger.call("sweep_awaited", LOOKED_AT)
        if code == "LOOKS":
            return HandedOut(tuple(Look(*row) for row in rest[0]))
        if code == "GATE":
            return HandedOut(question=GateQuestion(*rest))
        return HandedOut(more=code != "NONE")

    def look(self, task_id: str, number: int) -> TurnRecord | None:
        """What is needed for the look; None when nobody asks for it any more."""
        code, *record = self._ledger.ask("look_record", task_id, number)
        return turn_record(record) if code == Looked.LOOK else None

    def record_look(self, task_id: str, number: int, gone: FailureInfo | None) -> Looked:
        """Records what it saw: that the tenant is there, or why it is ``gone``."""
        why = "" if gone is None else wire_json(gone.model_dump(by_alias=True))
        return Looked(self._ledger.call("record_look", task_id, number, int(gone is None), why)[0])

    def gate(self, question: GateQuestion) -> tuple[str, str] | None:
        """Name of the wave, and where its gate is asked; None when the question is not asked any more, its plan is
        gone, or a hand has damaged it (as `explain` tells)."""
        fields = [f"wave:{question.wave}:{name}" for name in ("name", "gate", "state")]
        key = self._ledger.keys.of("plan", question.plan_id)
        name, told, state, number = self._ledger.client.hmget(key, [*fields, "gateQuestion"])
        is_asked = state == WaveState.GATED and number == str(question.number)
        gate = told_json(str(told or ""))
        if not is_asked or not name or not isinstance(gate, dict) or wrong_member(GATE_FORM, gate):
            return None
        return str(name), str(gate["url"])

    def not_yet(self, question: GateQuestion, said: str) -> Looked:
        """The gate is asked again later; ``OVERDUE`` when it has been asked for as long as its plan allows. ``said``:
        its answer, or why there is none, in words."""
        return Looked(self._ledger.call("gate_not_yet", question.plan_id, question.wave, question.number, said)[0])
