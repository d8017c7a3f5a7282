"""What people ask for, and with it the whole world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.fleet.freezes import Scope
from orchestrator.ledger.operations import Operation, Order, Reply, draw_request_id
from tests.support.ledger_world.rows import ME
from tests.support.ledger_world.working import Working


class LedgerWorld(Working):
    """One namespace; ``published`` are the rows that the coordinator would have sent, newest last."""

    def ask(self, operation: str, target_id: str, order: Order = ME) -> Reply:
        """Of a task when the id ends in ``.<position>``, else of a plan. A new request each time."""
        return self.ask_again(operation, target_id, replace(order, request_id=draw_request_id()))

    def ask_again(self, operation: str, target_id: str, order: Order) -> Reply:
        """The very request of this order, once more if it was made before."""
        verb = Operation(operation)
        if target_id.rpartition(".")[2].isdigit() and "." in target_id:
            return self.operations.on_task(verb, target_id, order)
        return self.operations.on_plan(verb, target_id, order)

    def freeze(
        self,
        tenants: str | None = None,
        label: str | None = None,
        *,
        begins: float = 0.0,
        seconds: float | None = 3600.0,
        every: str | None = None,
        rollbacks_too: bool = False,
    ) -> str:
        """Freezes some tenants, or all, from ``begins`` seconds from now on; answers the freeze's id."""
        since = None if begins == 0 else self.reader.now() + timedelta(seconds=begins)
        order = replace(ME, request_id=draw_request_id())
        desk, scope = FreezeDesk(self.freezes, self.reader), Scope(tenants, label)
        made = desk.set(scope, order, since=since, for_seconds=seconds, every=every, rollbacks_too=rollbacks_too)
        return made.freeze_id

    def unfreeze(self, freeze_id: str) -> None:
        assert self.freezes.lift(freeze_id, replace(ME, request_id=draw_request_id())).answer == "ACCEPTED"
        self.thaw()

    def override(self, plan_id: str) -> Reply:
        return self.freezes.override(plan_id, replace(ME, request_id=draw_request_id()))
