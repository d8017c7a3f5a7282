"""What a step would do and may not: write another's key, send a secret elsewhere. Warns where nothing is limited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.domain.errors import Problem
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.known import MASK
from orchestrator.secrets.scopes import ScopedSecrets
from orchestrator.settings.model import Settings
from orchestrator.settings.permissions import secret_scopes, server_place
from orchestrator.stages.built_step import BuiltStep
from orchestrator.validation.findings import Findings
from steps import HealthCheckParameters, MalformedEndpoints, Needs, RedisAckParameters, WritableKeys, health_endpoints


class Permissions:
    """Those of the settings; the worker holds every step to the same again, with what secrets and templates gave."""

    def __init__(self, settings: Settings) -> None:
        self._keys = WritableKeys(settings.writable_keys)
        self._scopes = secret_scopes(settings)
        self._instances = settings.instances
        self._servers = {name: one.url.get_secret_value() for name, one in settings.connections.items()}
        self._own_server = settings.redis_url.get_secret_value() if settings.redis_url else None
        self._unscoped: dict[str, str] = {}
        self._strange_keys: dict[str, tuple[str, str]] = {}

    def secrets_of(self, plan_id: str) -> ScopedSecrets:
        """Placeholders for the secrets that the plan may read."""
        return ScopedSecrets(self._scopes, plan_id)

    def of_step(
        self, step: BuiltStep, needs: Needs, path: str, tenant_id: str, config: Mapping[str, Any]
    ) -> Iterator[Problem]:
        """What is wrong with a step built for a tenant; ``path`` is its place in the plan."""
        for parameter, key in needs.keys.items():
            # What a secret gives is not known yet.
            if MASK in key:
                continue
            if (reason := self._keys.refuse(key, tenant_id)) is not None:
                yield Problem(join(path, parameter), shown(key), reason)
            elif path not in self._strange_keys and (warning := self._keys.warn(key, tenant_id)) is not None:
                self._strange_keys[path] = (join(path, parameter), warning)
        if not step.secrets:
            return
        for name in self._scopes.unscoped(step.secrets):
            self._unscoped.setdefault(name, path)
        if self._scopes.limit_hosts(step.secrets):
            yield from self._sent_elsewhere(step, needs, path, config)

    def warn(self, findings: Findings) -> None:
        """Once a secret and once a step, after all tenants."""
        for where, message in self._strange_keys.values():
            findings.warn(where, None, message)
        for name, path in self._unscoped.items():
            message = f"secret {name} has no scope: any plan may read it and send it anywhere; see the setting secrets"
            if (near := self._scopes.nearest(name)) is not None:
                message += f"; did you mean {near}, which has one?"
            findings.warn(path, name, message)

    def _sent_elsewhere(self, step: BuiltStep, needs: Needs, path: str, config: Mapping[str, Any]) -> Iterator[Problem]:
        for parameter, url in needs.urls.items():
            if MASK not in url and (reason := self._scopes.refuse_url(step.secrets, url)) is not None:
                yield Problem(join(path, parameter), shown(url), reason)
        for url in self._asked(step, config):
            if (reason := self._scopes.refuse_url(step.secrets, url)) is not None:
                yield Problem(path, shown(url), reason)
                break
        servers = [(join(path, where), self._servers.get(name)) for where, name in needs.connections.items()]
        if not servers and (needs.keys or needs.channels):
            servers = [(path, self._own_server)]
        for where, server in servers:
            if server is None:
                continue
            host, port = server_place(server)
            if (reason := self._scopes.refuse_host(step.secrets, host, port)) is not None:
                yield Problem(where, shown(f"{host}:{port}"), f"{reason}, and this step writes to Redis")

    def _asked(self, step: BuiltStep, config: Mapping[str, Any]) -> Iterator[str]:
        """The instances that the step asks, with its headers."""
        parameters = step.parameters
        if not isinstance(parameters, HealthCheckParameters | RedisAckParameters):
            return
        if parameters.instances is not None:
            listed = self._instances.get(parameters.instances)
            yield from listed.urls if listed else ()
            return
        try:
            yield from (endpoint.url for endpoint in health_endpoints(config, parameters.path))
        except MalformedEndpoints:
            # Said where the tenant is checked.
            return
