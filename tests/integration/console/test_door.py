"""The door of the console: who comes in, and how it says no."""

from __future__ import annotations

import socket

from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer


def test_no_token_no_answer_but_health(settings: Settings) -> None:
    with ConsoleServer(settings) as console:
        assert console.get("/health", role=None).json() == {"status": "up"}
        for path in ("/", "/api/v1/plans", "/nowhere"):
            refused = console.get(path, role=None)
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        missing = console.get("/nowhere", role="viewer")
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
        assert console.post("/health").json()["status"] == 405
        assert "<h1>" in console.get("/nowhere", headers={"Accept": "text/html"}).text
        with socket.create_connection(("127.0.0.1", console.port), timeout=10) as caller:
            # Of the body nothing is ever sent, and nobody waits for it.
            head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {console.token('admin')}\r\nContent-Length: {2**28 + 1}"
            caller.sendall(f"POST /api/v1/plans HTTP/1.1\r\n{head}\r\n\r\n".encode())
            assert caller.recv(12) == b"HTTP/1.1 413"
