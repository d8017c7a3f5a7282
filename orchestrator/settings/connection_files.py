"""The files of TLS of the Redis connections that steps use: judged by who runs steps, as it starts. Other processes
share the settings file and need not have them."""

from __future__ import annotations

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.model import Settings, sources
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.server_urls import file_problems


def require_connection_files(settings: Settings) -> None:
    """Raises ``InvalidInput``, naming setting, option and file of each that no client could go by."""
    given = sources()
    problems = []
    for name, connection in settings.connections.items():
        text = connection.url.get_secret_value()
        problems += file_problems(f"connections.{name}.url", text, parse_redis_url(text), given)
    if problems:
        raise InvalidInput(problems)
