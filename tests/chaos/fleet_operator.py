"""People who operate a fleet behind the same network: gates are answered by two at once, failures accepted or retried,
tenants taken out, freezes set and lifted. What is refused is refused; what is not answered is asked again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestrator.client import Client
from orchestrator.control.answers import PlanSummary
from orchestrator.domain.errors import ChangeoverError, Unreachable
from orchestrator.domain.status import PLAN_ENDED, PlanState
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.operations import draw_request_id
from orchestrator.settings.model import Settings
from tests.chaos.patience import T, patiently


class FleetOperator:
    """``done`` counts what was accepted, by what it was."""

    def __init__(self, settings: Settings, plan_ids: Sequence[str], chance: random.Random) -> None:
        self._client = Client(settings)
        self._plan_ids = plan_ids
        self._chance = chance
        self._freezes: list[str] = []
        self.done: Counter[str] = Counter()

    def close(self) -> None:
        self._client.close()

    def act(self) -> None:
        """After a fault: somebody fails, is frozen, thawed or taken out; then all that waits for a person is answered,
        by now or later."""
        plan_id = self._chance.choice(self._plan_ids)
        for _ in range(self._chance.randrange(1, 4)):
            self._fail()
        if self._chance.random() < 0.4:
            self._freeze()
        if self._freezes and self._chance.random() < 0.4:
            self._thaw()
        if self._chance.random() < 0.3:
            name = f"{plan_id}-t{self._chance.randrange(30)}"
            request = draw_request_id()
            self._try("exclude", lambda: self._client.exclude(plan_id, name, reason="a try", request_id=request))
        if self._chance.random() < 0.7:
            self.answer()

    def calm(self) -> None:
        """Nothing new comes: what is frozen thaws, and whatever waits for a person is answered until all has ended."""
        while self._freezes:
            self._thaw()
        self.answer(hurries=True)

    def all_ended(self) -> bool:
        """Whether every plan of the fleet has."""
        try:
            return all(self._client.summary(plan_id).status in PLAN_ENDED for plan_id in self._plan_ids)
        except Unreachable:
            return False

    def answer(self, *, hurries: bool = False) -> None:
        """Every plan that waits for a person; one that ``hurries`` says no to nothing."""
        for plan_id in self._plan_ids:
            plan = patiently(lambda: self._client.summary(plan_id))  # noqa: B023 - run at once
            if plan.status in PLAN_ENDED:
                continue
            if any(wave.state in (WaveState.GATED, WaveState.REJECTED) for wave in plan.waves):
                self._answer_gate(plan_id, says_no=not hurries and self._chance.random() < 0.25)
            if plan.status == PlanState.PAUSED or plan.pausing:
                self._answer_breach(plan)
            elif _is_slow(plan, hurries=hurries):
                self._answer_failures(plan, self._chance.choice(("accept", "retry")))

    def _answer_gate(self, plan_id: str, *, says_no: bool) -> None:
        """By two people at once: one of them is in time."""
        call = self._client.reject if says_no else self._client.approve
        word = "reject" if says_no else "approve"
        requests = [draw_request_id(), draw_request_id()]

        def answer(request: str) -> None:
            self._try(word, lambda: call(plan_id, reason="two at once", request_id=request))

        with ThreadPoolExecutor(2) as both:
            list(both.map(answer, requests))

    def _answer_breach(self, plan: PlanSummary) -> None:
        resumes = draw_request_id()
        how = self._chance.choice(("accept", "retry", "resume"))
        if how != "resume":
            self._answer_failures(plan, how)
        accepts = how == "resume" or self._chance.random() < 0.5
        self._try(
            "resume",
            lambda: self._client.resume(
                accept_failures=accepts, reason="a try", request_id=resumes, plan_id=plan.plan_id
            ),
        )

    def _answer_failures(self, plan: PlanSummary, how: str) -> None:
        request, call = draw_request_id(), self._client.accept if how == "accept" else self._client.retry
        self._try(how, lambda: call(reason="a try", request_id=request, plan_id=plan.plan_id))

    def _fail(self) -> None:
        """One that runs loses its tenant, and fails."""
        for plan_id in self._chance.sample(self._plan_ids, len(self._plan_ids)):
            running = patiently(
                lambda: list(self._client.status(plan_id, statuses=["RUNNING"], limit=20).tasks)  # noqa: B023 - at once
            )
            if not running:
                continue
            task, request = self._chance.choice(running), draw_request_id()
            self._try(
                "release",
                lambda: self._client.release_tenant(task.tenant_id, reason="a try", force=True, request_id=request),  # noqa: B023
            )
            return

    def _freeze(self) -> None:
        request, seconds = draw_request_id(), self._chance.choice((3.0, 3600.0))
        tenants, label = f"{self._chance.choice(self._plan_ids)}-t1*", f"ring=r{self._chance.randrange(2)}"
        by_label = self._chance.random() < 0.3
        made = self._try(
            "freeze",
            lambda: self._client.freeze(
                reason="a try",
                tenants=None if by_label else tenants,
                label=label if by_label else None,
                for_seconds=seconds,
                request_id=request,
            ),
        )
        if made is not None:
            self._freezes.append(made.freeze_id)

    def _thaw(self) -> None:
        freeze_id, request = self._freezes.pop(0), draw_request_id()
        self._try("unfreeze", lambda: self._client.unfreeze(freeze_id, reason="a try", request_id=request))

    def _try(self, word: str, call: Callable[[], T]) -> T | None:
        """Until it is answered; None when it is refused."""
        try:
            answer = patiently(call)
        except Unreachable:
            raise
        except ChangeoverError:
            return None
        self.done[word] += 1
        return answer


def _is_slow(plan: PlanSummary, *, hurries: bool) -> bool:
    """Whether its strict breaker, which nothing has tripped, lets one tenant move at a time, or fewer than it might."""
    breaker = plan.breaker
    if breaker is None or breaker.mode != "strict" or breaker.tolerance is None:
        return False
    return breaker.failed >= (1 if hurries else max(breaker.tolerance, 1))
