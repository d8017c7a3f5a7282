"""Real instances that record every effect with its idempotency key, in the order of arrival."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from orchestrator.history import Effect


class EffectInstances:
    """One server for all tenants. ``polls_needed`` says how often a key is told to come again before its effect counts;
    while ``hold`` is clear an effect is recorded and not answered, while ``hold_polls`` is clear nor is who is to come
    again; ``slow_seconds`` delays every answer."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.visits: Counter[str] = Counter()
        self.polls_needed = 0
        self.poll_seconds = 0.2
        self.slow_seconds = 0.0
        self.hold = threading.Event()
        self.hold.set()
        self.hold_polls = threading.Event()
        self.hold_polls.set()
        self._waker = threading.Event()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"instances": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, tenant_id: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{tenant_id}"

    def visit(self, tenant_id: str, key: str) -> dict[str, Any]:
        with self._lock:
            self.visits[key] += 1
            comes_again = self.visits[key] <= self.polls_needed
            if not comes_again:
                self.effects.append(Effect(tenant_id, key))
        if comes_again:
            self.hold_polls.wait()
            return {"again": self.poll_seconds}
        self.hold.wait()
        if self.slow_seconds:
            self._waker.wait(self.slow_seconds)
        return {}

    def counts(self) -> Counter[str]:
        """How often each key's effect arrived."""
        with self._lock:
            return Counter(effect.idempotency_key for effect in self.effects)

    def close(self) -> None:
        self.hold.set()
        self.hold_polls.set()
        self._waker.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    instances: ClassVar[EffectInstances]

    def do_POST(self) -> None:
        key = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = json.dumps(self.instances.visit(self.path.strip("/"), key)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
