"""An operator behind the same network as everybody else: asks again with the same request id until answered, and later
once more. A request acts once (I17), so the repeats change nothing and are answered as the first time."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.operations import Operation, Order, draw_request_id
from orchestrator.settings.model import Settings

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """One request and its first answer."""

    operation: Operation
    target: OperationTarget
    order: Order
    result: OperationResult


class ChaosOperator:
    """Pauses and resumes one plan and its tasks. ``broken`` says which repeats were answered otherwise."""

    def __init__(self, settings: Settings, plan_id: str, tasks: int, chance: random.Random) -> None:
        self._client = Client(settings)
        self._plan = OperationTarget("plan", plan_id)
        self._tasks = tasks
        self._chance = chance
        self._requests: list[Request] = []
        self.broken: list[str] = []

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
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._client.operate(operation, target, order)
            except Unreachable:
                if time.monotonic() > ends_at:
                    raise
                threading.Event().wait(0.1)
