"""Sessions of browsers, and links that start one: each stands for a token, and ends with it or before.

A session's key is written by these commands, not by scripts: it moves nothing, and no event tells of it. A link is
made by ``Tokens.make_link``, which tells the log.
"""

from __future__ import annotations

import json
from typing import Final

from orchestrator.ledger.credentials import Credential, draw_credential
from orchestrator.ledger.ledger import Ledger

LINK_SECONDS: Final = 600
"""A link is used within this, or not at all."""


class Sessions:
    """Of one namespace."""

    def __init__(self, ledger: Ledger) -> None:
        self._client = ledger.client
        self._keys = ledger.keys

    def start(self, token_id: str, seconds: float) -> Credential:
        """A session of this token; it ends after so many seconds at the latest."""
        return self._keep(draw_credential("session"), token_id, seconds)

    def end(self, credential: Credential) -> None:
        """Signs out; once more changes nothing."""
        self._client.delete(self._keys.of("session", credential.identifier))

    def use_link(self, credential: Credential) -> bool:
        """Takes the link out; True for the one that did, of however many."""
        return self._client.delete(self._keys.of("session", credential.identifier)) == 1

    def _keep(self, credential: Credential, token_id: str, seconds: float) -> Credential:
        record = json.dumps({"kind": credential.kind, "token": token_id, "digest": credential.digest})
        self._client.set(self._keys.of("session", credential.identifier), record, px=round(seconds * 1000))
        return credential
