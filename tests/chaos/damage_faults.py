"""Damage to plans by a hand or a lost disk: of such a plan nothing is asked, but that it holds up nobody else."""

from __future__ import annotations

from tests.chaos.scene import Fault, Scene
from tests.support.waiting import wait_until


def _victim(scene: Scene) -> str:
    """A small plan that has begun to move."""
    plan_id = f"victim-{len(scene.damaged)}"
    scene.damaged.add(plan_id)
    scene.world.submit(4, scene.stages, plan_id=plan_id, max_concurrency=2)
    wait_until(lambda: scene.world.client.summary(plan_id).counts.get("PENDING", 0) < 4, 60)
    return plan_id


def lose_plan(scene: Scene) -> None:
    """Its record is deleted while its tasks run."""
    plan_id = _victim(scene)
    scene.world.redis.delete(scene.world.keys.of("plan", plan_id))


def lose_half_a_plan(scene: Scene) -> None:
    """Its record loses what every script needs."""
    plan_id = _victim(scene)
    scene.world.redis.hdel(scene.world.keys.of("plan", plan_id), "max", "total")


KINDS: dict[str, Fault] = {
    "lose-plan": lose_plan,
    "lose-half-a-plan": lose_half_a_plan,
}
