"""Who a request comes from: by its token, by what a trusted proxy says, or by its session."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request

from orchestrator.console.access.addresses import Caller, TrustedProxies
from orchestrator.console.access.cookies import read_cookie
from orchestrator.console.access.roles import Actor
from orchestrator.console.problems import Refusal
from orchestrator.domain.printable import printable
from orchestrator.domain.roles import Role
from orchestrator.ledger.credentials import Credential, CredentialKind, draw_credential, read_credential
from orchestrator.ledger.tokens import LookedUp, StoredToken, Tokens
from orchestrator.settings.console import ConsoleSettings

MOST_PROVEN: Final = 1000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """``by_browser``: it came by what a browser sends by itself, so a form of another page could have sent it.
    ``new_cookie`` is to be set: the forms of a proxy's user are tied to it. ``credential`` None: a proxy's word."""

    actor: Actor
    by_browser: bool
    credential: Credential | None = None
    new_cookie: Credential | None = None


class Identities:
    """Asks the ledger; safe to share between threads."""

    def __init__(self, tokens: Tokens, settings: ConsoleSettings) -> None:
        self._tokens = tokens
        self._settings = settings
        self._proxies = TrustedProxies(settings.trusted_addresses)
        self._proven: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def caller_of(self, request: Request) -> Caller:
        """Where it comes from."""
        return self._proxies.caller_of(request)

    def of(self, request: Request) -> Identity:
        """Raises ``Refusal``: 401 for nobody, or for what is not (any more) a token or session; 403 for a proxy's user
        without a role; 429 for an address that has failed too often."""
        caller = self.caller_of(request)
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token, _ = self.prove(shown.strip(), "token", caller)
            return Identity(Actor(token.name, token.role), False, read_credential(shown.strip(), "token"))
        if (user := self._named_by_proxy(request, caller)) is not None:
            return self._of_proxy(request, caller, user)
        session = read_cookie(request, "session", is_https=caller.is_https)
        if session is None:
            raise _nobody("show a token: Authorization: Bearer TOKEN")
        kept = self._tokens.look_up(caller.counted_as, session)
        if not session.proves(kept.session_digest) or kept.token is None or kept.token.has_expired(kept.now_ms):
            # Not counted as a failure: nobody can tell it from one that has ended.
            raise _nobody("the session has ended; sign in again")
        return Identity(Actor(kept.token.name, kept.token.role, session.csrf), True, session)

    def still_holds(self, credential: Credential) -> bool:
        """Whether it is good still; asks for nobody's address."""
        kept = self._tokens.look_up("", credential)
        digest = kept.session_digest if credential.kind == "session" else kept.token and kept.token.digest
        return credential.proves(digest) and kept.token is not None and not kept.token.has_expired(kept.now_ms)

    def prove(self, shown: str, kind: CredentialKind, caller: Caller) -> tuple[StoredToken, Credential]:
        """The token that a token or a link stands for. Raises ``Refusal`` for what is none, and counts it."""
        credential = read_credential(shown, kind)
        kept = self._tokens.look_up(caller.counted_as, credential)
        if kept.wait_ms and not (credential is not None and self._is_proven(credential)):
            seconds = str(-(-kept.wait_ms // 1000))
            message = f"too many failed sign-ins from your address; try again in {seconds} s"
            raise Refusal(429, "too_many_failures", "Wait", message, {"Retry-After": seconds})
        token = _proved(credential, kept)
        if token is None or credential is None:
            self._note_failure(f"no such {kind}", kind, caller)
            raise _nobody(f"there is no such {kind}, or it was revoked or used")
        if token.has_expired(kept.now_ms):
            # No guess: those who share its address are not to wait for a program that goes on with it.
            self._note_failure(f"the token {token.name} has expired", kind, caller, may_be_guess=False)
            raise _nobody("the token has expired")
        self._remember(credential)
        return token, credential

    def _note_failure(self, why: str, kind: CredentialKind, caller: Caller, *, may_be_guess: bool = True) -> None:
        wait_ms = self._tokens.note_failure(caller.counted_as, kind, may_be_guess=may_be_guess)
        _log.warning(why, action="sign-in-failed", address=caller.address, wait_seconds=wait_ms / 1000)

    def _named_by_proxy(self, request: Request, caller: Caller) -> str | None:
        header = self._settings.trusted_header
        names = request.headers.getlist(header) if header else []
        if not names:
            return None
        if not caller.by_proxy:
            _log.warning(f"{header} from an address that is no trusted proxy", action="header-not-trusted",
                         address=caller.address)  # fmt: skip
            return None
        if len(names) > 1 or not names[0].strip():
            raise Refusal(400, "bad_header", "The proxy does not say who it is", f"expected one name in {header}")
        return names[0].strip()

    def _of_proxy(self, request: Request, caller: Caller, user: str) -> Identity:
        # Starlette reads headers as Latin-1; proxies write names as UTF-8.
        name = user.encode("latin-1").decode("utf-8", "surrogateescape")
        if len(name) > 128 or printable(name) != name:
            raise Refusal(400, "bad_header", "The proxy names nobody", "expected at most 128 printable characters")
        # Also of whom no group lets in, the log says who asked.
        request.scope["named"] = name
        tied = read_cookie(request, "csrf", is_https=caller.is_https)
        made = draw_credential("session") if tied is None else None
        actor = Actor(name, self._role_of(request, name), (tied or made or draw_credential("session")).csrf)
        return Identity(actor, True, None, made)

    def _role_of(self, request: Request, name: str) -> Role:
        header = self._settings.group_header
        if header is None:
            return Role.VIEWER
        groups = {group.strip() for line in request.headers.getlist(header) for group in line.split(",")}
        roles = {self._settings.group_roles[group] for group in groups if group in self._settings.group_roles}
        if not roles:
            raise Refusal(403, "forbidden", "Not allowed", f"{name} is in no group that may use this console")
        return max(roles, key=list(Role).index)

    def _is_proven(self, credential: Credential) -> bool:
        with self._lock:
            return credential.proves(self._proven.get(credential.identifier))

    def _remember(self, credential: Credential) -> None:
        """Who has come in with it does not have to wait for what others at the same address do."""
        if credential.kind != "token":
            return
        with self._lock:
            self._proven[credential.identifier] = credential.digest
            self._proven.move_to_end(credential.identifier)
            if len(self._proven) > MOST_PROVEN:
                self._proven.popitem(last=False)


def _proved(credential: Credential | None, kept: LookedUp) -> StoredToken | None:
    if credential is None or kept.token is None:
        return None
    digest = kept.token.digest if credential.kind == "token" else kept.session_digest
    return kept.token if credential.proves(digest) else None


def _nobody(message: str) -> Refusal:
    return Refusal(401, "unauthenticated", "Sign in first", message, {"WWW-Authenticate": 'Bearer realm="changeover"'})
