"""One attempt to hand a notification to its receiver, by the rules of steps: no redirects, hosts judged at the dial."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from orchestrator.domain.errors import cut_text
from orchestrator.notifications.messages import Notification, signed, spelled
from orchestrator.secrets.masking import mask
from orchestrator.secrets.references import Secrets
from orchestrator.settings.model import Settings
from orchestrator.settings.permissions import secret_scopes
from orchestrator.settings.webhooks import WebhookSettings, secret_names, with_secrets
from steps import AllowedHosts, HttpPool, HttpRequest
from steps.expressions.sandbox import NameFault
from steps.http.answer import trouble
from steps.http.dialer import Dialer, Resolve
from steps.http.names import resolve
from steps.http.retry import retry_after_seconds

ANSWER_BYTES: Final = 4096
"""An answer's body is for a person who looks at why one failed."""

GONE: Final = 410
_SAID: Final = 300


class Result(StrEnum):
    """What an attempt came to."""

    SENT = "sent"
    FAILED = "failed"
    GONE = "gone"
    """The receiver wants no more (410)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """``why`` it failed, masked; ``retry_after_seconds``: what the receiver asks for."""

    result: Result
    why: str = ""
    retry_after_seconds: float = 0.0


class Delivery:
    """Sends for all hooks of a process: each waits for its own answer only."""

    def __init__(self, settings: Settings, look_up: Resolve = resolve) -> None:
        """``look_up`` finds the addresses of a name; this machine's resolver."""
        hosts = AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback)
        self._pool = HttpPool(dialer=Dialer(hosts, look_up), max_body_bytes=ANSWER_BYTES)
        self._secrets = Secrets(settings.secrets_dir)
        self._scopes = secret_scopes(settings)
        self._namespace = settings.namespace

    def attempt(self, name: str, hook: WebhookSettings, notification: Notification) -> Attempt:
        """Sends it once; never raises for what the receiver or the network does, or for a secret that is not there."""
        try:
            request = self._request(name, hook, notification)
        except NameFault as error:
            return Attempt(Result.FAILED, mask(str(error)))
        except ValueError as error:
            return Attempt(Result.FAILED, mask(f"secret {', '.join(secret_names(hook.secret or ''))} {error}"))
        if (refused := self._scopes.refuse_url(secret_names(hook.url), request.url)) is not None:
            return Attempt(Result.FAILED, refused)
        (answer,) = self._pool.of(f"webhook {name}").fetch_all([request], hook.timeout_seconds)
        # The head is the answer: what stands behind it may be longer than we read.
        if answer.status is not None and 200 <= answer.status < 300:
            return Attempt(Result.SENT)
        why = cut_text(mask(trouble(answer)), _SAID)
        if answer.status == GONE:
            return Attempt(Result.GONE, why)
        return Attempt(Result.FAILED, why, retry_after_seconds(answer))

    def close(self) -> None:
        """Ends what is under way."""
        self._pool.close()

    def _request(self, name: str, hook: WebhookSettings, notification: Notification) -> HttpRequest:
        secret = self._revealed(secret_names(hook.secret)[0]) if hook.secret else None
        url = with_secrets(hook.url, {one: self._revealed(one) for one in secret_names(hook.url)})
        body, kind = spelled(notification, hook.format, self._namespace)
        headers = signed(name, notification, body, secret)
        headers |= {"content-type": kind, "user-agent": "changeover"}
        return HttpRequest(name, url, "POST", headers, body)

    def _revealed(self, name: str) -> str:
        # Anew at each attempt, so that a rotated one is seen.
        return self._secrets[name].reveal()
