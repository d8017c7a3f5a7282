"""Times of webhooks are told in the one form of all answers, whoever wrote them."""

from __future__ import annotations

import redis

from orchestrator.client import Client
from orchestrator.ledger.hooks import Letter, Note
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.planted_hooks import plant_hook


def test_times_of_webhooks_are_told_as_all_others_are(redis_client: redis.Redis, settings: Settings) -> None:
    fields = {"sentAt": "2026-11-29T14:00:00.123456+00:00", "failingSince": "1795960800123"}
    letter = Letter(1, '{"id": "1-a", "givenUpAt": "2026-11-29T14:00:00.123456+00:00"}')
    plant_hook(LedgerWorld(redis_client, settings), Note(fields, given_up=letter))
    with Client(settings) as client:
        (told,) = client.webhooks()
        (dead,) = client.dead_letters("ops")
    assert (told.last_sent_at, dead.given_up_at) == ("2026-11-29T14:00:00.123Z",) * 2
    assert told.failing_since == "2026-11-29T14:00:00.123Z"
