"""What one step of one tenant may reach: the resources of the process, held to what the settings allow.

A step is handed these instead of the resources themselves, so that a step of a user's own is held to them as well. What
is refused is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from orchestrator.secrets.scopes import NO_SCOPES, SecretScopes
from steps import FenceToken, Http, HttpAnswer, HttpRequest, Target, TargetRefused, WritableKeys, WriteAnswer

Places = Mapping[str | None, tuple[str, int]]
"""Host and port of the server of each connection; None is Changeover's own Redis."""


class KeyNotAllowed(TargetRefused):
    """The tenant's steps may not write this key; see the setting ``writable_keys``."""

    kind: ClassVar[str] = "KeyNotAllowed"


class SecretNotAllowed(TargetRefused):
    """A secret that this step was made with may not be sent to that server; see the setting ``secrets``."""

    kind: ClassVar[str] = "SecretNotAllowed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a process, by its settings."""

    keys: WritableKeys = field(default_factory=lambda: WritableKeys(None))
    scopes: SecretScopes = NO_SCOPES
    places: Places = field(default_factory=dict)

    def http(self, http: Http, secrets: frozenset[str]) -> Http:
        """The client for a step that was made with these secrets."""
        return _ScopedHttp(http, self.scopes, secrets) if self.scopes.limit_hosts(secrets) else http

    def target(self, target: Target, connection: str | None, secrets: frozenset[str]) -> Target:
        """The target for a step that was made with these secrets."""
        refused = self._refused(connection, secrets) if self.scopes.limit_hosts(secrets) else None
        return target if refused is None and self.keys.patterns is None else _LimitedTarget(target, self.keys, refused)

    def targets(self, targets: Mapping[str, Target], secrets: frozenset[str]) -> Mapping[str, Target]:
        """All of them."""
        return _LimitedTargets(self, targets, secrets)

    def _refused(self, connection: str | None, secrets: frozenset[str]) -> str | None:
        place = self.places.get(connection)
        if place is None:
            return "a secret that may be sent to some hosts only may not be sent to a server of unknown address"
        return self.scopes.refuse_host(secrets, *place)


class _LimitedTarget:
    def __init__(self, target: Target, keys: WritableKeys, refused: str | None) -> None:
        self._target = target
        self._keys = keys
        self._refused = refused

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        if self._refused is not None:
            raise SecretNotAllowed(self._refused)
        if (reason := self._keys.refuse(key, token.tenant_id)) is not None:
            raise KeyNotAllowed(reason)
        return self._target.write(token, key, field, value, ttl_seconds)

    def publish(self, channel: str, message: str) -> int:
        if self._refused is not None:
            raise SecretNotAllowed(self._refused)
        return self._target.publish(channel, message)


class _LimitedTargets(Mapping[str, Target]):
    def __init__(self, limits: Limits, targets: Mapping[str, Target], secrets: frozenset[str]) -> None:
        self._limits = limits
        self._targets = targets
        self._secrets = secrets

    def __getitem__(self, name: str) -> Target:
        return self._limits.target(self._targets[name], name, self._secrets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)


class _ScopedHttp:
    def __init__(self, http: Http, scopes: SecretScopes, secrets: frozenset[str]) -> None:
        self._http = http
        self._scopes = scopes
        self._secrets = secrets

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        reasons = [self._scopes.refuse_url(self._secrets, request.url) for request in requests]
        sent = [request for request, reason in zip(requests, reasons, strict=True) if reason is None]
        answers = iter(self._http.fetch_all(sent, timeout_seconds) if sent else ())
        return [
            next(answers) if reason is None else HttpAnswer(request.key, None, b"", reason, refused=True)
            for request, reason in zip(requests, reasons, strict=True)
        ]
