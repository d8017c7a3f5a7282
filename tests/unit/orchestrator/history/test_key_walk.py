"""What ends a key is known of every kind (I18)."""

from __future__ import annotations

from orchestrator.history.key_walk import EXPIRING, OWNERS
from orchestrator.ledger.keys import PATTERNS
from tests.support.agreed_lists import must_agree


def test_every_kind_of_which_there_are_many_has_an_owner_or_expires() -> None:
    many = {kind for kind, pattern in PATTERNS.items() if "{}" in pattern}
    home = "orchestrator/history/key_walk.py"
    must_agree(
        many,
        [*OWNERS, *EXPIRING],
        lacking=f"{{}}: what ends it? {home} has its owner in OWNERS (a new owner: also in strays), or EXPIRING if each"
        " of its keys has a time to live",
        left_over=f"{{}}: in {home}, and no kind of which there are many in orchestrator/ledger/keys.py",
    )
    assert not OWNERS.keys() & EXPIRING, "one of the two ends it"
