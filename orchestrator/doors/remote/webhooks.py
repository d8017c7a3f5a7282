"""Webhooks, asked of a console."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.control.webhook_answers import DeadLetter, WebhookAnswer, WebhookStatus
from orchestrator.doors.remote.answers import member_of, model_of, rows_of, text
from orchestrator.doors.remote.connection import Connection, at, body_of
from orchestrator.ledger.operations import Order


class RemoteWebhooks:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def all(self) -> list[WebhookStatus]:
        return rows_of(WebhookStatus, self._to.get("/webhooks"), "webhooks")

    def dead(self, name: str, first: int, count: int) -> list[DeadLetter]:
        found = self._to.get(at("webhooks", name, "dead"), first=first, count=count)
        return rows_of(DeadLetter, found, "letters")

    def resend(self, name: str, ids: Collection[str], order: Order) -> WebhookAnswer:
        found = self._to.send("POST", at("webhooks", name, "resend"), body_of(order) | {"ids": sorted(ids)})
        return model_of(WebhookAnswer, found)

    def enable(self, name: str, order: Order) -> WebhookAnswer:
        return model_of(WebhookAnswer, self._to.send("POST", at("webhooks", name, "enable"), body_of(order)))

    def test(self, name: str, order: Order) -> str:
        return member_of(self._to.send("POST", at("webhooks", name, "test"), body_of(order)), "id", text)

    def outcome(self, name: str, event_id: str) -> str | None:
        found = self._to.get(at("webhooks", name, "tests", event_id))
        return None if found.get("why") is None else member_of(found, "why", text)
