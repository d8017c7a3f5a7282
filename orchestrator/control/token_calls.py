"""The client's calls on the console's tokens."""

from __future__ import annotations

from orchestrator.control.answers import OperationResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.order_gate import pattern_problems
from orchestrator.control.target import asking, order_about
from orchestrator.control.token_desk import NewToken, SignInLink, TokenStatus, token_problems
from orchestrator.ledger.connection import translate_errors


@judges_kinds()
class TokenCalls:
    """Part of ``Client``, which gives it what it stands on."""

    _door: ClientDoor

    def create_token(
        self,
        name: str,
        role: str,
        *,
        expires_seconds: float | None = None,
        actor: str | None = None,
        request_id: str | None = None,
        secret: str | None = None,
    ) -> NewToken:
        """Makes a token of the console, whose name the log will tell as the actor. ``secret``, 64 hexadecimal digits
        drawn by the caller: the same request with the same secret is answered as the first time; without one a repeat
        is refused, since nobody knows the secret any more. Raises ``InvalidInput``, and ``NotAllowed`` for a name that
        is taken."""
        order = order_about({}, actor, "", request_id, token_problems(name, role, expires_seconds, secret))
        with asking(self._door.url, order):
            return self._door.tokens.create(name, role, expires_seconds, order, secret)

    def tokens(self) -> list[TokenStatus]:
        """Every token that is not revoked, by name."""
        with translate_errors(self._door.url):
            return self._door.tokens.all()

    def sign_in_link(self, name: str | None = None, *, actor: str | None = None) -> SignInLink:
        """A code that signs in at the page once, within ten minutes, as the token of this name; without one as that of
        ``changeover up``, or through a console as the caller's own, which is the only one there. Raises
        ``NotFound``."""
        order = order_about({}, actor, "", None, pattern_problems(name=name))
        with translate_errors(self._door.url):
            return self._door.tokens.link(name, order.actor)

    def revoke_token(
        self, name: str, *, reason: str = "", actor: str | None = None, request_id: str | None = None
    ) -> OperationResult:
        """Revokes a token, at once: requests, sessions and open streams of it end. Raises ``NotFound``."""
        order = order_about({"name": name}, actor, reason, request_id)
        with asking(self._door.url, order):
            return self._door.tokens.revoke(name, order)
