"""A console on a real socket, in a thread of the test: one user a role, and requests in their names."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from orchestrator.background.held_port import listen_on
from orchestrator.client import Client
from orchestrator.console.app import create_app
from orchestrator.console.process import ConsoleHttp, server_config
from orchestrator.domain.roles import Role
from orchestrator.settings.model import Settings
from tests.support.redis_server import free_port
from tests.support.waiting import wait_until


class ConsoleServer:
    """``with ConsoleServer(settings) as console: console.get("/api/v1/plans", role="viewer")``."""

    def __init__(self, settings: Settings, trusts: Path | None = None) -> None:
        """``trusts``: the certificate that its own requests believe, where the settings give it one."""
        self.port = free_port()
        scheme = "http" if settings.console.tls_cert is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.client = Client(settings)
        self.app = create_app(settings, self.client)
        self._tokens: dict[str, str] = {}
        self._server = ConsoleHttp(server_config(self.app, settings.console, port=self.port))
        # As the process listens.
        listener = listen_on(settings.console.host, self.port)
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        verify = True if trusts is None else ssl.create_default_context(cafile=trusts)
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=verify)
        """Signed in as nobody; of a test's several threads too."""

    def __enter__(self) -> ConsoleServer:
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(20)
        self.app.state.shared.close()
        self.app.state.redis.close()
        self.client.close()

    def token(self, role: str) -> str:
        """A token of this role; its name, which the log tells as the actor, is ``test-ROLE``."""
        if role not in self._tokens:
            self._tokens[role] = self.client.create_token(f"test-{Role(role)}", role, actor="test").token
        return self._tokens[role]

    def request(self, method: str, path: str, *, role: str | None = "admin", **how: Any) -> httpx.Response:
        """With the role's token; ``role=None``: with none."""
        headers = dict(how.pop("headers", None) or {})
        if role is not None:
            headers["Authorization"] = f"Bearer {self.token(role)}"
        return self.http.request(method, path, headers=headers, **how)

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)

    def browser(self, role: str = "admin", **how: Any) -> httpx.Client:
        """Signed in as this role, by cookie; the caller closes it."""
        token = self.token(role)
        client = httpx.Client(base_url=self.url, timeout=30, trust_env=False, **how)
        signed = client.post("/sign-in", data={"token": token})
        assert signed.status_code == 303, signed.text
        return client
