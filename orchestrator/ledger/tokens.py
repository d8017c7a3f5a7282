"""Tokens of the console in the ledger: made, revoked, looked up; who failed to show one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from orchestrator.domain.errors import NotAllowed
from orchestrator.domain.roles import Role
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.credentials import Credential, CredentialKind, draw_credential
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply
from orchestrator.ledger.sessions import LINK_SECONDS


def owner_token(owner: str) -> str:
    """The name of the token that ``changeover up`` makes for its owner; no other can have it, by its colon."""
    return f"up:{owner}"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """One token as it is kept; times in ms of Redis' clock, ``expires_ms`` None: never."""

    identifier: str
    name: str
    role: Role
    digest: str
    created_ms: int
    created_by: str
    expires_ms: int | None = None

    def has_expired(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.expires_ms is not None and self.expires_ms <= now_ms


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What is kept of what was shown, at one moment (``now_ms``), for the caller to compare. ``wait_ms``: how long the
    address has to wait, having failed too often."""

    now_ms: int
    wait_ms: int
    token: StoredToken | None
    session_digest: str | None


class Tokens:
    """Of one namespace."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._operations = Operations(ledger)

    def create(
        self,
        name: str,
        role: Role,
        order: Order,
        lasts_ms: int | None = None,
        *,
        replaces: bool = False,
        secret: str | None = None,
    ) -> tuple[Credential, StoredToken]:
        """Makes one; its secret is nowhere else. ``secret``: the caller's own, which alone lets a repeat of the request
        be answered as the first time. Raises ``NotAllowed`` for a name that is taken (unless ``replaces``), when there
        are too many, and for a repeat that shows another secret."""
        drawn = draw_credential("token")
        made = drawn if secret is None else Credential("token", drawn.identifier, secret)
        lasts = "" if lasts_ms is None else lasts_ms
        of = f"token {name} as {role}" + (f" for {lasts} ms" if lasts else "")
        options = (made.identifier, role, made.digest, lasts, int(replaces))
        reply = self._operations.send("create_token", "create", of, name, order, *options)
        if reply.why == "taken":
            raise NotAllowed(f"there is a token {name!r}; revoke it first, or take another name")
        if reply.why == "full":
            raise NotAllowed(f"there are {reply.what} tokens, the most that may be; revoke some")
        identifier, _, text = reply.what.partition(" ")
        stored = _read(identifier, text)
        assert stored is not None
        if not made.proves(stored.digest):
            raise NotAllowed(
                f"this request has made the token {name!r} already, and its secret is kept nowhere, so it cannot be "
                "shown again: revoke it, and make another by a new request"
            )
        return replace(made, identifier=identifier), stored

    def make_link(self, name: str, actor: str) -> Credential | None:
        """The code of a link that signs in once, as the token of this name; None when there is none."""
        made = draw_credential("link")
        lasts = LINK_SECONDS * 1000
        code, *_ = self._ledger.call("make_link", made.identifier, actor, name, made.digest, lasts)
        return made if code == "MADE" else None

    def revoke(self, name: str, order: Order) -> Reply:
        """Revokes one, at once for all consoles."""
        return self._operations.send("revoke_token", "revoke", f"token {name}", name, order)

    def all(self) -> list[StoredToken]:
        """Every token that is not revoked, by name; a damaged record is none."""
        entries = cast(dict[str, str], self._ledger.client.hgetall(self._ledger.keys.of("tokens")))
        found = (_read(identifier, text) for identifier, text in entries.items())
        return sorted((token for token in found if token is not None), key=lambda token: token.name)

    def look_up(self, address: str, credential: Credential | None) -> LookedUp:
        """What is kept of the credential, and of the address."""
        identifier = "" if credential is None else credential.identifier
        is_token = credential is not None and credential.kind == "token"
        asked = (identifier, "") if is_token else ("", identifier)
        _, now_ms, wait_ms, token, session = self._ledger.ask("identify", address, *asked)
        record = _record(session)
        token_id = identifier if is_token else str(record.get("token", ""))
        digest = record.get("digest") if credential is not None and record.get("kind") == credential.kind else None
        return LookedUp(int(now_ms), int(wait_ms), _read(token_id, token), digest)

    def note_failure(self, address: str, shown: CredentialKind, *, may_be_guess: bool = True) -> int:
        """Tells the log of a failure, and counts what may be a guess; how many ms the address has to wait now."""
        return int(self._ledger.call("note_failure", address, shown, "1" if may_be_guess else "")[2])


def _record(text: str) -> dict[str, Any]:
    try:
        found = read_stored(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(identifier: str, text: str) -> StoredToken | None:
    record = _record(text)
    try:
        return StoredToken(
            identifier,
            str(record["name"]),
            Role(record["role"]),
            str(record["digest"]),
            int(record["createdAt"]),
            str(record["createdBy"]),
            int(record["expiresAt"]) if "expiresAt" in record else None,
        )
    except (KeyError, ValueError, TypeError):
        return None
