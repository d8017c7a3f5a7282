"""A console on a real socket, in a thread of the test: one user a role, and requests in their names."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from starlette.requests import Request

from orchestrator.client import Client
from orchestrator.console.access.roles import Actor
from orchestrator.console.app import create_app
from orchestrator.domain.roles import Role
from orchestrator.settings.model import Settings
from tests.support.redis_server import free_port
from tests.support.waiting import wait_until


class ConsoleServer:
    """``with ConsoleServer(settings) as console: console.get("/api/v1/plans", role="viewer")``."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = Client(settings)
        self.app = create_app(settings, self.client, _identify)
        config = uvicorn.Config(self.app, port=self.port, log_config=None, proxy_headers=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def __enter__(self) -> ConsoleServer:
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._server.should_exit = True
        self._thread.join(20)
        self.client.close()

    def token(self, role: str) -> str:
        """A token of this role; its name, which the log tells as the actor, is ``test-ROLE``."""
        return f"test-{role}"

    def request(self, method: str, path: str, *, role: str | None = "admin", **how: Any) -> httpx.Response:
        """With the role's token; ``role=None``: with none."""
        headers = dict(how.pop("headers", None) or {})
        if role is not None:
            headers["Authorization"] = f"Bearer {self.token(role)}"
        return self._http.request(method, path, headers=headers, **how)

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)


def _identify(request: Request) -> Actor | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    role = token.removeprefix("test-")
    return Actor(token, Role(role), csrf="test-csrf") if scheme == "Bearer" and role in set(Role) else None
