"""What ends a key is known of every kind (I18)."""

from __future__ import annotations

from orchestrator.history.key_walk import EXPIRING, OWNERS
from orchestrator.ledger.keys import PATTERNS


def test_every_kind_of_which_there_are_many_has_an_owner_or_expires() -> None:
    many = {kind for kind, pattern in PATTERNS.items() if "{}" in pattern}
    assert many == OWNERS.keys() | EXPIRING
    assert not OWNERS.keys() & EXPIRING
