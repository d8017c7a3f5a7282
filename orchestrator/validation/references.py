"""What steps and tenants reach for besides the tenant's keys: Redis connections, instance lists, hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import unknown
from orchestrator.domain.wording import join, shown
from orchestrator.secrets.known import MASK
from orchestrator.settings.model import Settings
from steps import SOURCES_GROUP, AllowedHosts, MalformedEndpoints, Needs, health_endpoints
from steps.installed import entry_points


class References:
    """The names and hosts that the application's settings allow."""

    def __init__(self, settings: Settings) -> None:
        self._connections = frozenset(settings.connections)
        self._instances = frozenset(settings.instances)
        # Another source may know a name that the settings do not; only a worker can ask it.
        self._may_be_elsewhere = bool(entry_points(group=SOURCES_GROUP))
        self._hosts = AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback)

    def of_step(self, needs: Needs, path: str) -> Iterator[Problem]:
        """What a built step reaches for and may not; ``path`` is its place in the plan."""
        for parameter, name in needs.connections.items():
            if name not in self._connections:
                yield Problem(join(path, parameter), shown(name), _unknown("connection", name, self._connections))
        for parameter, name in needs.instances.items():
            if name not in self._instances and not self._may_be_elsewhere:
                yield Problem(join(path, parameter), shown(name), _unknown("instance list", name, self._instances))
        for parameter, url in needs.urls.items():
            # What a secret gives is not known yet; the worker looks again at use.
            if MASK not in url and (reason := self._hosts.refuse(url)) is not None:
                yield Problem(join(path, parameter), shown(url), reason)

    def of_endpoints(self, config: Mapping[str, Any]) -> Iterator[Problem]:
        """The endpoints of a tenant that are no address, or whose hosts are not allowed."""
        listed = config.get("network_endpoints") or []
        try:
            found = health_endpoints(config, "/health")
        except MalformedEndpoints as error:
            for problem in error.problems:
                yield Problem(problem.path, shown(problem.value), problem.message)
            return
        for index, endpoint in enumerate(found):
            if (reason := self._hosts.refuse(endpoint.url)) is not None:
                where = f"network_endpoints[{index}]" if listed else _own_address(config)
                yield Problem(where, shown(endpoint.url), reason)


def _unknown(kind: str, name: str, known: frozenset[str]) -> str:
    return unknown(kind, name, known) if known else f"unknown {kind}: the settings have none"


def _own_address(config: Mapping[str, Any]) -> str:
    return "target_domain" if config.get("target_domain") else "target_ip"
