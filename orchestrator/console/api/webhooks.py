"""Webhooks: how each does, what was given up, and how it goes on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from orchestrator.console.access.roles import MayRead, MayResend
from orchestrator.console.api.bodies import PLAIN, Asked, WholeText, named
from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.console.numbers import WholeNumber
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.webhook_answers import DeadLetter, WebhookAnswer, WebhookStatus

router = APIRouter(prefix="/webhooks", tags=["webhooks"], default_response_class=MaskedJson)


class WebhookList(BaseModel):
    webhooks: list[WebhookStatus]


class LetterList(BaseModel):
    """The oldest first; the next page begins at ``first`` plus their number."""

    letters: list[DeadLetter]


class WantedLetters(Asked):
    """Ids of dead letters; without any, all of them."""

    ids: Annotated[list[WholeText], Field(max_length=1000, examples=[["41-9f2c4be11d07a3e8"]])] = Field(
        default_factory=list
    )


class TestSent(BaseModel):
    """``id``: what to ask the outcome by."""

    id: str


class TestOutcome(BaseModel):
    """``why`` it was not taken: "" when it was, null while nothing is known."""

    why: str | None


@router.get("")
def webhooks_there_are(client: ConsoleClient, actor: MayRead) -> WebhookList:
    """Every webhook that a coordinator has, or had, in its settings."""
    return WebhookList(webhooks=client.webhooks())


@router.get("/{name:id}/dead")
def dead_letters(
    name: str,
    client: ConsoleClient,
    actor: MayRead,
    first: Annotated[WholeNumber, Query(ge=0, le=1000)] = 0,
    count: Annotated[WholeNumber, Query(ge=1, le=500)] = 100,
) -> LetterList:
    """Notifications that were given up."""
    return LetterList(letters=client.dead_letters(name, first, count))


@router.post("/{name:id}/resend")
def resend_letters(name: str, body: WantedLetters, client: ConsoleClient, actor: MayResend) -> WebhookAnswer:
    """Has dead letters sent again."""
    return client.resend_letters(name, body.ids, reason=body.reason, actor=named(actor, body))


@router.post("/{name:id}/enable")
def enable_webhook(name: str, client: ConsoleClient, actor: MayResend, body: Asked = PLAIN) -> WebhookAnswer:
    """Has a webhook tried at once: one that waits after failures, or was switched off by a 410."""
    return client.enable_webhook(name, reason=body.reason, actor=named(actor, body))


@router.post("/{name:id}/test", status_code=202)
def send_test(name: str, client: ConsoleClient, actor: MayResend, body: Asked = PLAIN) -> TestSent:
    """Has its coordinator send a test."""
    return TestSent(id=client.send_webhook_test(name, reason=body.reason, actor=named(actor, body)))


@router.get("/{name:id}/tests/{test_id}")
def outcome_of_test(name: str, test_id: str, client: ConsoleClient, actor: MayRead) -> TestOutcome:
    """What came of a test."""
    return TestOutcome(why=client.webhook_test_outcome(name, test_id))
