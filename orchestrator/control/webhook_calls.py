"""The client's calls on webhooks."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.order_gate import pattern_problems
from orchestrator.control.target import asking_about, order_about
from orchestrator.control.webhook_answers import DeadLetter, WebhookAnswer, WebhookStatus
from orchestrator.domain.whole_numbers import whole_problems
from orchestrator.ledger.connection import translate_errors

ASK_SECONDS: Final = 0.1


@judges_kinds()
class WebhookCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def webhooks(self) -> list[WebhookStatus]:
        """Every webhook that a coordinator has, or had, in its settings: how it does, and how far it is."""
        with translate_errors(self._door.url):
            return self._door.webhooks.all()

    def dead_letters(self, name: str, first: int = 0, count: int = 100) -> list[DeadLetter]:
        """Notifications of a webhook that were given up, the oldest first, 1,000 in all. Raises ``NotFound``."""
        with asking_about(self._door.url, whole_problems("first", first), whole_problems("count", count, 1), name=name):
            return self._door.webhooks.dead(name, first, count)

    def resend_letters(
        self, name: str, ids: Collection[str] = (), *, reason: str = "", actor: str | None = None
    ) -> WebhookAnswer:
        """Has these dead letters sent again, or all of the webhook's. Raises ``NotFound``."""
        wrong = [one for letter in ids for one in pattern_problems(ids=letter)]
        order = order_about({"name": name}, actor, reason, None, wrong)
        with translate_errors(self._door.url):
            return self._door.webhooks.resend(name, ids, order)

    def enable_webhook(self, name: str, *, reason: str = "", actor: str | None = None) -> WebhookAnswer:
        """Has a webhook tried at once: one that waits after failures, or that its receiver switched off by a 410."""
        order = order_about({"name": name}, actor, reason, None)
        with translate_errors(self._door.url):
            return self._door.webhooks.enable(name, order)

    def test_webhook(
        self, name: str, *, reason: str = "", actor: str | None = None, timeout_seconds: float = 15.0
    ) -> str | None:
        """Has its coordinator send a test, and waits for what came of it: '' when it was taken, why not, or None when
        nothing is known by then. Raises ``NotFound``."""
        end = time.monotonic() + timeout_seconds
        event_id = self.send_webhook_test(name, reason=reason, actor=actor)
        while (outcome := self.webhook_test_outcome(name, event_id)) is None and time.monotonic() < end:
            time.sleep(ASK_SECONDS)
        return outcome

    def send_webhook_test(self, name: str, *, reason: str = "", actor: str | None = None) -> str:
        """Has its coordinator send a test; the id to ask what came of it. Raises ``NotFound``."""
        order = order_about({"name": name}, actor, reason, None)
        with translate_errors(self._door.url):
            return self._door.webhooks.test(name, order)

    def webhook_test_outcome(self, name: str, event_id: str) -> str | None:
        """What came of a test: '' it was taken, why not, or None while nothing is known."""
        with asking_about(self._door.url, name=name, event_id=event_id):
            return self._door.webhooks.outcome(name, event_id)
