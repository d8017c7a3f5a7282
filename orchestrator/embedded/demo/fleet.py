"""A fleet: real HTTP instances of all tenants of a plan file, in one process.

Each listens where the plan's endpoints say, subscribes to the broadcast channel, and when its tenant is called reads
the config from Redis and, after a delay of its own, reports the new versions:
``{"tenant", "instance", "version", "gateway", "portal", "agent"}``, where ``version`` is that of the service adopted
last. One that has its port for itself answers on every path; those that share one, each on paths that begin as its own
does. ``POST /mend`` ends what the plan's ``refuses`` variables began. Redis is the one that Changeover uses; the fleet
waits for it, saying so, and comes back when it was away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from orchestrator.background.held_port import handed_socket, listen_on
from orchestrator.domain.errors import Unreachable
from orchestrator.embedded.demo.instances import SERVICES, Instance, instances_of, load_plan
from orchestrator.secrets.masking import redact
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers

CHANNEL = "tenant_config"
LOOKS_FOR_REDIS_EVERY_SECONDS = 0.5
REQUEST_WITHIN_SECONDS = 10.0
REQUEST_LIMIT_BYTES = 16_384


class PlayedInstance:
    """One instance: what it has adopted."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.adopted = dict.fromkeys(SERVICES, instance.version)
        self.newest = instance.version
        self.refuses = instance.refuses

    def adopt(self, config: dict[str, str]) -> None:
        """Take over what differs from before; ``config`` is the hash as read from Redis."""
        for service, text in config.items():
            version = _version(text)
            if version not in (None, self.refuses, self.adopted.get(service)):
                self.adopted[service] = version
                self.newest = version

    def health(self) -> bytes:
        known = {"tenant": self.instance.tenant, "instance": self.instance.name, "version": self.newest}
        return json.dumps(known | self.adopted).encode()


class Door:
    """A port, and the instances that answer there."""

    def __init__(self, played: Sequence[PlayedInstance], mend: Callable[[], Awaitable[None]]) -> None:
        self._played = played
        self._mend = mend

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(REQUEST_WITHIN_SECONDS):
                method, _, rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition(" ")
            status, body = await self._reply(method, rest.partition(" ")[0])
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    async def _reply(self, method: str, path: str) -> tuple[str, bytes]:
        if method == "POST" and path == "/mend":
            await self._mend()
            return "200 OK", b'{"mended": true}\n'
        for played in self._played:
            if len(self._played) == 1 or path == played.instance.path:
                return "200 OK", played.health()
        return "404 Not Found", b'{"error": "no instance has this path"}\n'


class Fleet:
    """All instances, and the one subscription that they share."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self.played = [PlayedInstance(instance) for instance in instances]
        self._servers: list[asyncio.Server] = []
        self._adoptions: set[asyncio.Task[None]] = set()
        self._client: redis.asyncio.Redis | None = None
        self._waits = ""

    async def listen(self) -> None:
        """Open all ports. ``OSError`` names the first that is taken."""
        doors: dict[tuple[str, int], list[PlayedInstance]] = {}
        for played in self.played:
            doors.setdefault((played.instance.host, played.instance.port), []).append(played)
        for (host, port), behind in doors.items():
            door = Door(behind, self.mend)
            listener = handed_socket(port) or listen_on(host, port)
            self._servers.append(await asyncio.start_server(door.answer, sock=listener, limit=REQUEST_LIMIT_BYTES))

    async def mend(self) -> None:
        """Nobody refuses anything any more; what was refused is adopted now."""
        for played in self.played:
            played.refuses = None
            if self._client is not None:
                with contextlib.suppress(RedisError, OSError):
                    played.adopt(await _read_config(self._client, played.instance.tenant))

    def waits(self, why: str) -> None:
        """Say it once, until it follows again: meanwhile nobody adopts anything."""
        if why != self._waits:
            sys.stderr.write(f"fleet waits: {why}\n")
            sys.stderr.flush()
        self._waits = why

    async def close(self) -> None:
        for task in list(self._adoptions):
            task.cancel()
        for server in self._servers:
            server.close()

    async def follow(self, redis_url: str) -> None:
        """Adopt what is broadcast, until cancelled. ``RedisError`` when the server goes away."""
        # No time limit on a read: silence on the channel is no error.
        async with (
            redis.asyncio.Redis.from_url(redis_url, decode_responses=True, socket_timeout=None) as client,
            client.pubsub(ignore_subscribe_messages=True) as subscription,
        ):
            self._client = client
            await subscription.subscribe(CHANNEL)
            # What was broadcast while nobody listened is caught up with.
            for played in self.played:
                played.adopt(await _read_config(client, played.instance.tenant))
            self._waits = ""
            sys.stdout.write(f"fleet ready: {len(self.played)} instances follow {CHANNEL}\n")
            sys.stdout.flush()
            async for message in subscription.listen():
                self._called(client, message["data"])

    def _called(self, client: redis.asyncio.Redis, text: str) -> None:
        try:
            tenant = json.loads(text)["tenantId"]
        except (ValueError, KeyError, TypeError):
            return
        for played in self.played:
            if played.instance.tenant == tenant:
                task = asyncio.create_task(self._adopt_later(client, played))
                self._adoptions.add(task)
                task.add_done_callback(self._adoptions.discard)

    async def _adopt_later(self, client: redis.asyncio.Redis, played: PlayedInstance) -> None:
        # The delay first: what is read then is the newest config, in whatever order the calls came.
        await asyncio.sleep(played.instance.delay_seconds)
        with contextlib.suppress(RedisError, OSError):
            played.adopt(await _read_config(client, played.instance.tenant))


async def _read_config(client: redis.asyncio.Redis, tenant: str) -> dict[str, str]:
    config = await client.hgetall(f"tenant_config:{tenant}")
    return {str(service): str(text) for service, text in config.items()}


def _version(text: str) -> str | None:
    try:
        return str(json.loads(text)["version"])
    except (ValueError, KeyError, TypeError):
        return None


async def serve_fleet(instances: Sequence[Instance], redis_url: str | None) -> int:
    """Play the instances until SIGTERM or Ctrl-C; exit code."""
    fleet = Fleet(instances)
    try:
        await fleet.listen()
    except OSError as error:
        sys.stderr.write(f"fleet: {error.strerror}\n")
        await fleet.close()
        return 2
    sys.stdout.write(f"fleet: {len(instances)} instances listen\n")
    sys.stdout.flush()
    following = asyncio.create_task(_follow_always(fleet, redis_url))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, following.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await following
    await fleet.close()
    return 0


async def _follow_always(fleet: Fleet, redis_url: str | None) -> None:
    while True:
        try:
            # Looked up each time: a restarted `changeover up` may have another port.
            servers_redis = redis_url or find_servers(load_settings()).redis_url
        except Unreachable as error:
            fleet.waits(str(error))
        else:
            with contextlib.suppress(RedisError, OSError):
                await fleet.follow(servers_redis)
            fleet.waits(f"Redis does not answer at {redact(servers_redis)}")
        await asyncio.sleep(LOOKS_FOR_REDIS_EVERY_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Play all instances of a plan's tenants.")
    parser.add_argument("plan", type=Path, help="plan file whose endpoints are served")
    parser.add_argument("--redis-url", help="Redis to follow; Changeover's own if not given")
    given = parser.parse_args()
    return asyncio.run(serve_fleet(instances_of(load_plan(given.plan)), given.redis_url))


if __name__ == "__main__":
    sys.exit(main())
