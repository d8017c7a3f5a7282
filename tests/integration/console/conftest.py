"""One console for the tests of this room that may share it: what they make has names of its own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr

from orchestrator.settings.console import ConsoleSettings
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.redis_server import DATABASES, RedisServer


def settings_of(redis_server: RedisServer, **console: object) -> Settings:
    """A namespace of its own, in the databases of this room."""
    return Settings(
        namespace=f"console-{uuid4().hex[:12]}",
        redis_url=SecretStr(redis_server.user_url(DATABASES - 2)),
        broker_url=SecretStr(redis_server.user_url(DATABASES - 1)),
        console=ConsoleSettings.model_validate(console),
    )


@pytest.fixture(scope="module")
def shared_console(redis_server: RedisServer) -> Iterator[ConsoleServer]:
    # Loopback is the proxy here: a test says by X-Forwarded-For which address it comes from.
    proxy = {
        "trusted_addresses": ["127.0.0.1"],
        "trusted_header": "X-Remote-User",
        "group_header": "X-Remote-Groups",
        "group_roles": {"sre": "operator", "leads": "approver"},
        "hosts": ["console.example"],
    }
    with ConsoleServer(settings_of(redis_server, **proxy)) as console:
        yield console
