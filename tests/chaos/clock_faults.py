"""Faults of clocks: that of the ledger's server steps, those of workers are wrong. Only wall clocks: monotonic ones
stay true, as they do when an operator or NTP sets a machine's clock."""

from __future__ import annotations

from tests.chaos.scene import Fault, Scene


def clock_back(scene: Scene) -> None:
    assert scene.redis_clock is not None
    scene.redis_clock.step(-scene.chance.choice((3.0, 60.0, 3600.0)))


def clock_forward(scene: Scene) -> None:
    assert scene.redis_clock is not None
    scene.redis_clock.step(scene.chance.choice((3.0, 60.0, 600.0, 3600.0)))


def worker_skew(scene: Scene) -> None:
    """Also while it runs: a worker's clock jumps to where it is wrong by up to two minutes."""
    scene.chance.choice(scene.worker_clocks).set(scene.chance.uniform(-120.0, 120.0))


KINDS: dict[str, Fault] = {
    "clock-back": clock_back,
    "clock-forward": clock_forward,
    "worker-skew": worker_skew,
}
