"""Faults of the two Redis servers: killed, full, standing still, forgetful, emptied."""

from __future__ import annotations

import signal

from tests.chaos.scene import Fault, Scene
from tests.support.redis_server import RedisServer


def restart_redis(scene: Scene) -> None:
    _restart(scene, scene.world.server)


def restart_broker(scene: Scene) -> None:
    _restart(scene, scene.world.broker_server)


def _restart(scene: Scene, server: RedisServer) -> None:
    server.kill()
    scene.pause(0.1, 2.0)
    server.start()


def fill_redis(scene: Scene) -> None:
    """For a while it answers and takes no write."""
    scene.world.redis.config_set("maxmemory", 1)
    scene.pause(0.5, 3.0)
    scene.world.redis.config_set("maxmemory", 0)


def slow_disk(scene: Scene) -> None:
    """A delayed fsync, as clients see it: the server stands still in its write, then goes on."""
    _stand_still(scene, scene.world.server, 0.5, 3.0)


def frozen_broker(scene: Scene) -> None:
    """For longer than a lease the broker takes connections and answers nothing."""
    _stand_still(scene, scene.world.broker_server, 3.0, 6.0)


def _stand_still(scene: Scene, server: RedisServer, low_seconds: float, high_seconds: float) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        scene.pause(low_seconds, high_seconds)
    finally:
        server.process.send_signal(signal.SIGCONT)


def flush_scripts(scene: Scene) -> None:
    scene.world.redis.script_flush()


def flush_broker(scene: Scene) -> None:
    scene.world.broker.flushdb()


KINDS: dict[str, Fault] = {
    "restart-redis": restart_redis,
    "restart-broker": restart_broker,
    "fill-redis": fill_redis,
    "slow-disk": slow_disk,
    "frozen-broker": frozen_broker,
    "flush-scripts": flush_scripts,
    "flush-broker": flush_broker,
}
