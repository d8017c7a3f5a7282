"""Real HTTP instances of tenants' services: each reads its tenant's config from Redis and reports that version."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, cast

import redis


class TenantInstances:
    """One server for all instances of a test: ``/<tenant>/<instance>/health``.

    An instance reports the version in the tenant's config hash (``tenant_config:<tenant>``, field ``gateway``), or 41
    before there is one. ``stubborn`` instances never adopt; ``polls`` counts requests an instance; ``polls_needed``
    says how many an instance must see after the change before it reports it; while ``hold`` is clear nothing is
    answered.
    """

    def __init__(self, redis_url: str) -> None:
        self.client = redis.Redis.from_url(redis_url, decode_responses=True)
        self.stubborn: set[str] = set()
        self.polls: Counter[str] = Counter()
        self.polls_needed: dict[str, int] = {}
        self.hold = threading.Event()
        self.hold.set()
        self._seen_new: Counter[str] = Counter()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"instances": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, tenant_id: str, instance: str = "a") -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{tenant_id}/{instance}/health"

    def version(self, name: str) -> Any:
        tenant_id = name.split("/")[0]
        with self._lock:
            self.polls[name] += 1
            text = self.client.hget(f"tenant_config:{tenant_id}", "gateway")
            if text is None or name in self.stubborn:
                return 41
            self._seen_new[name] += 1
            if self._seen_new[name] <= self.polls_needed.get(name, 0):
                return 41
            return json.loads(cast(str, text))["version"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.client.close()


class _Handler(BaseHTTPRequestHandler):
    instances: ClassVar[TenantInstances]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.strip("/").removesuffix("/health")
        version = self.instances.version(name)
        self.instances.hold.wait()
        body = json.dumps({"version": version}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
