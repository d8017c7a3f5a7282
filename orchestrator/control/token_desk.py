"""Tokens of the console in words: what people give is checked here, and answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.control.answers import Answer, OperationResult
from orchestrator.control.order_gate import is_own_name
from orchestrator.domain.errors import NotAllowed, NotFound, Problem, quoted_value
from orchestrator.domain.look_alikes import name_skeleton
from orchestrator.domain.naming import unknown
from orchestrator.domain.roles import TOKEN_NAME, Role
from orchestrator.ledger.credentials import Credential, is_secret
from orchestrator.ledger.operations import Order, Taken
from orchestrator.ledger.sessions import LINK_SECONDS
from orchestrator.ledger.tokens import StoredToken, Tokens, owner_token

LONGEST_SECONDS: Final = 10 * 365 * 86400.0


class TokenStatus(Answer):
    """One token; ``expires_at`` null: never. Its secret is nowhere."""

    name: str
    role: Role
    created_at: str
    created_by: str
    expires_at: str | None = None
    expired: bool = False


class NewToken(TokenStatus):
    """With the ``token`` itself, which is shown this once."""

    token: str


class SignInLink(Answer):
    """What follows the ``#`` of a console's address of sign-in: it signs in once, as the token ``name``."""

    name: str
    code: str
    lasts_seconds: int


def token_problems(name: str, role: str, expires_seconds: float | None, secret: str | None = None) -> list[Problem]:
    """What is wrong with a token that is asked for."""
    problems = []
    if not TOKEN_NAME.fullmatch(name):
        message = "expected letters, digits, '.', '_', '@' and '-', at most 64, beginning with a letter or digit"
        problems.append(Problem("name", name, message))
    elif is_own_name(name):
        message = "only Changeover itself acts under that name; take another"
        problems.append(Problem("name", name, message))
    if role not in set(Role):
        problems.append(Problem("role", role, unknown("role", role, list(Role))))
    if expires_seconds is not None and not 0 < expires_seconds <= LONGEST_SECONDS:
        problems.append(Problem("expires", expires_seconds, "expected more than 0 s and at most ten years"))
    if secret is not None and not is_secret(secret):
        # Never quoted.
        problems.append(Problem("secret", None, "expected 64 hexadecimal digits in small letters, drawn at random"))
    return problems


class TokenDesk:
    """Of one namespace."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def create(
        self, name: str, role: str, expires_seconds: float | None, order: Order, secret: str | None = None
    ) -> NewToken:
        """Makes one of what ``token_problems`` finds nothing wrong with. Raises ``NotAllowed`` for a name that is taken
        or looks like one, or a repeat that shows another secret."""
        lasts_ms = None if expires_seconds is None else max(round(expires_seconds * 1000), 1)
        self._require_own_look(name)
        self._require_own_secret(name, secret)
        made, stored = self._tokens.create(name, Role(role), order, lasts_ms, secret=secret)
        return NewToken(token=made.text, **_told(stored))

    def _require_own_look(self, name: str) -> None:
        """Raises ``NotAllowed``: in the audit one would be taken for the other."""
        looks = name_skeleton(name)
        alike = next(
            (one.name for one in self._tokens.all() if one.name != name and name_skeleton(one.name) == looks), None
        )
        if alike is not None:
            raise NotAllowed(f"the name {name!r} looks like that of the token {alike!r}; take another name")

    def _require_own_secret(self, name: str, secret: str | None) -> None:
        """Raises ``NotAllowed``: who revokes one of two tokens with one secret has not shut out who has it."""
        if secret is None:
            return
        digest = Credential("token", "", secret).digest
        if any(one.digest == digest for one in self._tokens.all() if one.name != name):
            raise NotAllowed("another token has this secret; draw another at random")

    def all(self) -> list[TokenStatus]:
        """Every token that is not revoked, by name."""
        now_ms = self._tokens.look_up("", None).now_ms
        return [TokenStatus(**_told(token), expired=token.has_expired(now_ms)) for token in self._tokens.all()]

    def link(self, name: str | None, actor: str) -> SignInLink:
        """A link for the token of this name, else for the one that ``changeover up`` made for the actor. Raises
        ``NotFound``."""
        wanted = owner_token(actor) if name is None else name
        if (made := self._tokens.make_link(wanted, actor)) is None:
            raise self._none_in_force(wanted, actor, is_named=name is not None)
        return SignInLink(name=wanted, code=made.text, lasts_seconds=LINK_SECONDS)

    def _none_in_force(self, name: str, actor: str, *, is_named: bool) -> NotFound:
        kept = next((one for one in self.all() if one.name == name), None)
        if kept is not None and kept.expired:
            return NotFound(f"token {quoted_value(name)} has expired; `changeover token create` makes another")
        if is_named:
            return _no_token(name)
        return NotFound(f"no `changeover up` has made a token for {actor}; name one that `changeover token list` lists")

    def revoke(self, name: str, order: Order) -> OperationResult:
        """Revokes one, at once. Raises ``NotFound``."""
        if self._tokens.revoke(name, order).answer is Taken.MISSING:
            raise _no_token(name)
        return OperationResult(
            target_type="token",
            target_id=name,
            accepted=True,
            status="",
            message="revoked",
            request_id=order.request_id,
        )


def _no_token(name: str) -> NotFound:
    return NotFound(f"there is no token {quoted_value(name)}; `changeover token list` lists them")


def _told(token: StoredToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "role": token.role,
        "created_at": _iso(token.created_ms),
        "created_by": token.created_by,
        "expires_at": None if token.expires_ms is None else _iso(token.expires_ms),
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
