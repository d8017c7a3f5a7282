"""Faults of processes: killed, stopped, frozen, all workers away."""

from __future__ import annotations

from tests.chaos.scene import Fault, Scene


def kill_worker(scene: Scene) -> None:
    scene.crew.kill(scene.chance.choice(scene.crew.workers))


def kill_coordinator(scene: Scene) -> None:
    scene.crew.kill(scene.chance.choice(scene.crew.coordinators))


def stop_worker(scene: Scene) -> None:
    """As a rolling update does; a frozen one cannot hear it yet."""
    scene.chance.choice(scene.crew.workers).terminate()


def freeze_worker(scene: Scene) -> None:
    scene.crew.freeze(scene.chance.choice(scene.crew.workers))


def freeze_coordinator(scene: Scene) -> None:
    scene.crew.freeze(scene.chance.choice(scene.crew.coordinators))


def no_workers(scene: Scene) -> None:
    """For several leases nobody takes a message."""
    scene.crew.calm()
    for process in scene.crew.workers:
        scene.crew.kill(process)
    scene.pause(4.0, 7.0)


KINDS: dict[str, Fault] = {
    "kill-worker": kill_worker,
    "kill-coordinator": kill_coordinator,
    "stop-worker": stop_worker,
    "freeze-worker": freeze_worker,
    "freeze-coordinator": freeze_coordinator,
    "no-workers": no_workers,
}
