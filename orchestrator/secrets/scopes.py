"""Which plans, services and steps may read a secret, and which hosts it may be sent to.

Checked at submit with placeholders and in the worker at use, where ``hosts`` also holds for what a step sends: a
request or a write to another host is refused before it leaves. A plan's author chooses plan ids and stage names, so
``plans`` and ``services`` keep secrets from slips; ``steps`` and ``hosts`` keep them from people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestrator.domain.errors import cut_text
from orchestrator.domain.naming import nearest
from orchestrator.secrets.references import PLACEHOLDERS
from steps.expressions.sandbox import NameFault, ReadByName
from steps.http.allowed_hosts import AllowedHosts, require_pattern
from steps.opaque import Opaque


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Patterns = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_as_list), Field(min_length=1)]
Hosts = Annotated[list[Annotated[str, AfterValidator(require_pattern)]], BeforeValidator(_as_list), Field(min_length=1)]


class SecretScope(BaseModel):
    """``plans``: plan ids; ``services``: names of services or stages; ``steps``: step types, all with ``*`` for any
    text. ``hosts``: as in ``allowed_hosts``. What is left out is not limited; at least one must be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plans: Patterns | None = None
    services: Patterns | None = None
    steps: Patterns | None = None
    hosts: Hosts | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.plans, self.services, self.steps, self.hosts) == (None, None, None, None):
            raise ValueError("expected at least one of plans, services, steps and hosts")
        return self


class SecretScopes:
    """The scopes of the settings. ``services_of`` says of a stage's name which services have such a stage."""

    def __init__(
        self, scopes: Mapping[str, SecretScope], services_of: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._scopes = scopes
        self._services_of = services_of or {}
        self._hosts = {name: AllowedHosts(scope.hosts) for name, scope in scopes.items() if scope.hosts is not None}

    def refuse_reading(self, name: str, plan_id: str, stage: str, step: str) -> str | None:
        """Why this step may not read the secret; None when it may."""
        scope = self._scopes.get(name)
        if scope is None:
            return None
        services = (stage, *self._services_of.get(stage, ()))
        for kind, patterns, found in (
            ("plan", scope.plans, (plan_id,)),
            ("service", scope.services, services),
            ("step", scope.steps, (step,)),
        ):
            if patterns is not None and not any(fnmatchcase(one, pattern) for one in found for pattern in patterns):
                wanted = cut_text(", ".join(patterns))
                return f"secret {name} is not for {kind} {cut_text(found[0])!r}: its scope says {kind}s {wanted}"
        return None

    def refuse_url(self, names: Iterable[str], url: str) -> str | None:
        """Why a request that was made with these secrets may not be sent there; None when it may."""
        for name in names:
            hosts = self._hosts.get(name)
            if hosts is not None and hosts.refuse(url) is not None:
                return self._elsewhere(name)
        return None

    def refuse_host(self, names: Iterable[str], host: str, port: int) -> str | None:
        """The same of a server by its host."""
        for name in names:
            hosts = self._hosts.get(name)
            if hosts is not None and hosts.refuse_host(host, port) is not None:
                return self._elsewhere(name)
        return None

    def unscoped(self, names: Iterable[str]) -> list[str]:
        """Those of the names that have no scope."""
        return [name for name in names if name not in self._scopes]

    def nearest(self, name: str) -> str | None:
        """The secret with a scope that was most likely meant by the name of one that has none."""
        return nearest(name, self._scopes)

    def limit_hosts(self, names: Iterable[str]) -> bool:
        """Whether one of these may be sent to some hosts only."""
        return any(name in self._hosts for name in names)

    def _elsewhere(self, name: str) -> str:
        hosts = cut_text(", ".join(self._scopes[name].hosts or ()))
        return f"secret {name} may be sent to {hosts} only"


NO_SCOPES: Final = SecretScopes({})


class ScopedSecrets(ReadByName):
    """The secrets of one plan, for one step at a time: ``at_step`` gives those of a step and notes what it reads."""

    def __init__(
        self,
        scopes: SecretScopes,
        plan_id: str,
        secrets: ReadByName = PLACEHOLDERS,
        place: tuple[str, str] | None = None,
    ) -> None:
        self._scopes = scopes
        self._plan_id = plan_id
        self._secrets = secrets
        self._place = place
        self.read: set[str] = set()

    def __str__(self) -> str:
        return "secret"

    def at_step(self, stage: str, step: str) -> ScopedSecrets:
        """The secrets as this step of this stage sees them."""
        return ScopedSecrets(self._scopes, self._plan_id, self._secrets, (stage, step))

    def __getitem__(self, name: str) -> Opaque:
        """As of what it stands before. Raises ``NameFault`` also for a secret that is not for this step."""
        stage, step = self._place or ("", "")
        # Before it is read: whether a secret is there is not for everybody to know.
        if isinstance(name, str) and (reason := self._scopes.refuse_reading(name, self._plan_id, stage, step)):
            raise NameFault(reason)
        value: Opaque = self._secrets[name]
        self.read.add(name)
        return value
