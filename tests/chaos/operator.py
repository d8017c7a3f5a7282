"""An operator behind the same network as everybody else: asks again with the same request id until answered, and later
once more. A request acts once (I17), so the repeats change nothing and are answered as the first time."""

from __future__ import annotations

import random
from dataclasses import dataclass

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.connection import UNREACHABLE, connect
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Operations, Order, Reply, Taken, draw_request_id
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.chaos.patience import patiently


@dataclass(frozen=True)
class Request:
    """One request and its first answer."""

    operation: Operation
    target: OperationTarget
    order: Order
    result: OperationResult


class ChaosOperator:
    """Pauses and resumes one plan and its tasks, takes tenants away and has the plan retried. ``broken`` says which
    repeats were answered otherwise."""

    def __init__(self, settings: Settings, plan_id: str, tasks: int, chance: random.Random) -> None:
        self._client = Client(settings)
        # As if any number of failed tasks were many: what is to be done, the coordinators do.
        ledger = Ledger(connect(find_servers(settings).redis_url, patient=False), settings)
        self._chunked = Operations(ledger, retried_at_once=0)
        self._plan = OperationTarget("plan", plan_id)
        self._tasks = tasks
        self._chance = chance
        self._requests: list[Request] = []
        self.broken: list[str] = []
        self.retries = 0

    def act(self) -> None:
        """Stops something and lets it go on, then repeats the stop and one request from long ago."""
        target = self._plan
        if self._chance.random() < 0.7:
            target = OperationTarget("task", f"{self._plan.identifier}.{self._chance.randrange(self._tasks)}")
        pause = self._ask(Operation.PAUSE, target)
        self._ask(Operation.RESUME, target)
        # The plan goes on although it is asked again to stop: that was the same request.
        self._repeat(pause)
        self._repeat(self._chance.choice(self._requests))
        if self._chance.random() < 0.4:
            self._fail_and_retry()

    def _fail_and_retry(self) -> None:
        """Takes some tenants from their holders, which fail, and has the plan retried until all are taken back."""
        for _ in range(3):
            task_id = f"{self._plan.identifier}.{self._chance.randrange(self._tasks)}"
            tenant_id = patiently(lambda: self._client.task_status(task_id).tenant_id)  # noqa: B023 - run at once
            request = draw_request_id()
            patiently(
                lambda: self._client.release_tenant(tenant_id, reason="a try", force=True, request_id=request)  # noqa: B023
            )
        order = Order("chaos", "a try", request_id=draw_request_id())
        first = patiently(lambda: self._retry(order))
        again = patiently(lambda: self._retry(order))
        if again != first:
            self.broken.append(f"retry of {self._plan}: first {first}, again {again}")
        self.retries += first.answer is Taken.ACCEPTED

    def _retry(self, order: Order) -> Reply:
        try:
            return self._chunked.on_plan(Operation.RETRY, self._plan.identifier, order)
        except UNREACHABLE as error:
            raise Unreachable(str(error)) from error

    def close(self) -> None:
        self._client.close()

    @property
    def asked(self) -> int:
        """Requests, without their repeats."""
        return len(self._requests)

    def _ask(self, operation: Operation, target: OperationTarget) -> Request:
        order = Order("chaos", "a try", request_id=draw_request_id())
        request = Request(operation, target, order, self._send(operation, target, order))
        self._requests.append(request)
        return request

    def _repeat(self, request: Request) -> None:
        again = self._send(request.operation, request.target, request.order)
        if again != request.result:
            self.broken.append(f"{request.operation} of {request.target}: first {request.result}, again {again}")

    def _send(self, operation: Operation, target: OperationTarget, order: Order) -> OperationResult:
        return patiently(lambda: self._client.operate(operation, target, order))
