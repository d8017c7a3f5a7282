"""Webhooks, asked of a console."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.control.webhook_answers import DeadLetter, WebhookAnswer, WebhookStatus
from orchestrator.doors.remote.connection import Connection, at


class RemoteWebhooks:
    """By requests."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def all(self) -> list[WebhookStatus]:
        return [WebhookStatus.model_validate(one) for one in self._to.get("/webhooks")["webhooks"]]

    def dead(self, name: str, first: int, count: int) -> list[DeadLetter]:
        found = self._to.get(at("webhooks", name, "dead"), first=first, count=count)
        return [DeadLetter.model_validate(one) for one in found["letters"]]

    def resend(self, name: str, ids: Collection[str]) -> WebhookAnswer:
        found = self._to.send("POST", at("webhooks", name, "resend"), {"ids": sorted(ids)})
        return WebhookAnswer.model_validate(found)

    def enable(self, name: str) -> WebhookAnswer:
        return WebhookAnswer.model_validate(self._to.send("POST", at("webhooks", name, "enable"), {}))

    def test(self, name: str, actor: str) -> str:
        return str(self._to.send("POST", at("webhooks", name, "test"), {})["id"])

    def outcome(self, name: str, event_id: str) -> str | None:
        found: str | None = self._to.get(at("webhooks", name, "tests", event_id))["why"]
        return found
