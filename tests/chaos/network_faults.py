"""Faults of the network before the two servers: cut, slow, swallowing, losing answers."""

from __future__ import annotations

from tests.chaos.proxy import TcpProxy
from tests.chaos.scene import Fault, Scene


def cut_connections(scene: Scene) -> None:
    """By the server."""
    for kind in ("normal", "pubsub"):
        scene.world.redis.client_kill_filter(_type=kind, skipme=True)
        scene.world.broker.client_kill_filter(_type=kind, skipme=True)


def drop_network(scene: Scene) -> None:
    scene.ledger_proxy.drop()
    scene.broker_proxy.drop()


def slow_network(scene: Scene) -> None:
    for proxy in (scene.ledger_proxy, scene.broker_proxy):
        proxy.delay(0.2)
    scene.pause(2.0, 2.0)
    for proxy in (scene.ledger_proxy, scene.broker_proxy):
        proxy.delay(0)


def black_hole(scene: Scene) -> None:
    """Connections to the ledger stay, and nothing passes."""
    _swallow(scene, scene.ledger_proxy)


def black_hole_broker(scene: Scene) -> None:
    _swallow(scene, scene.broker_proxy)


def _swallow(scene: Scene, proxy: TcpProxy) -> None:
    proxy.black_hole(True)
    try:
        scene.pause(0.5, 4.0)
    finally:
        proxy.black_hole(False)


def lost_replies(scene: Scene) -> None:
    """What is asked of the ledger is done, and the answers are lost: who asked must ask again."""
    scene.ledger_proxy.lose_answers(scene.chance.randint(5, 20))


def lost_replies_of_the_broker(scene: Scene) -> None:
    """Messages that were taken from the queue are lost on their way."""
    scene.broker_proxy.lose_answers(scene.chance.randint(3, 10))


KINDS: dict[str, Fault] = {
    "cut-connections": cut_connections,
    "drop-network": drop_network,
    "slow-network": slow_network,
    "black-hole": black_hole,
    "black-hole-broker": black_hole_broker,
    "lost-replies": lost_replies,
    "lost-replies-broker": lost_replies_of_the_broker,
}
