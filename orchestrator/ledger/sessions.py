"""Sessions of browsers, and links that start one: each stands for a token, and ends with it or before.

A session's key is written by these commands, not by scripts: it moves nothing, and no event tells of it. A link is
made by ``Tokens.make_link``, which tells the log.
"""

from __future__ import annotations

import contextlib
import json
from typing import Final, cast

from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.credentials import Credential, draw_credential
from orchestrator.ledger.ledger import Ledger

LINK_SECONDS: Final = 600
"""A link is used within this, or not at all."""

MOST_SESSIONS: Final = 50
"""Of one token: whoever has it may sign in again and again."""


class Sessions:
    """Of one namespace."""

    def __init__(self, ledger: Ledger) -> None:
        self._client = ledger.client
        self._keys = ledger.keys

    def start(self, token_id: str, seconds: float) -> Credential:
        """A session of this token; it ends after so many seconds at the latest, or when it is the oldest of more than
        ``MOST_SESSIONS``."""
        made, lasts_ms = draw_credential("session"), round(seconds * 1000)
        record = json.dumps({"kind": made.kind, "token": token_id, "digest": made.digest})
        whole, micros = self._client.time()
        now, known = whole * 1_000_000 + micros, self._keys.of("sessions", token_id)
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.set(self._keys.of("session", made.identifier), record, px=lasts_ms)
            pipeline.zadd(known, {made.identifier: now})
            pipeline.pexpire(known, lasts_ms)
            pipeline.zrange(known, 0, -MOST_SESSIONS - 1)
            *_, oldest = pipeline.execute()
        for identifier in oldest:
            self._client.delete(self._keys.of("session", identifier))
            self._client.zrem(known, identifier)
        return made

    def end(self, credential: Credential) -> None:
        """Signs out; once more changes nothing."""
        key = self._keys.of("session", credential.identifier)
        kept = cast(str | None, self._client.get(key))
        self._client.delete(key)
        # Else who signs in and out again and again would end the sessions of others with this token. A damaged record
        # names none.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            token = str(read_stored(kept or "")["token"])
            self._client.zrem(self._keys.of("sessions", token), credential.identifier)

    def use_link(self, credential: Credential) -> bool:
        """Takes the link out; True for the one that did, of however many."""
        return self._client.delete(self._keys.of("session", credential.identifier)) == 1
