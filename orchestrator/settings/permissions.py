"""What the settings let a plan's steps do: keys they may write, secrets they may read, hosts that secrets may go to."""

from __future__ import annotations

from orchestrator.secrets.scopes import SecretScopes
from orchestrator.settings.model import Settings
from orchestrator.settings.redis_url import SOCKETS, parse_redis_url


def secret_scopes(settings: Settings) -> SecretScopes:
    """The scopes of the settings. A stage belongs to the services of the catalogue that have a stage of its name."""
    services: dict[str, list[str]] = {}
    for name, service in settings.services.items():
        for stage in service.stages or ():
            services.setdefault(stage.name, []).append(name)
    return SecretScopes(settings.secrets, services)


def server_place(url: str) -> tuple[str, int]:
    """Host and port of the server that a Redis URL names; a socket is on this machine."""
    parsed = parse_redis_url(url)
    if parsed.scheme in SOCKETS:
        return "localhost", 0
    host, _, port = parsed.place.rpartition(":")
    return host, int(port)
