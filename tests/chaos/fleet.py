"""Plans with all that fleet control has: waves, soak, gates, tolerances and each action on a breach, groups, priority,
a rate, a time to begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.chaos.scene import Scene

GROUPS: Final = {"db-0": 3, "db-1": 3, "db-2": 100}
"""Limits over all plans; the last is never reached."""

CANARY: Final = {
    "name": "canary",
    "tenants": {"count": 3},
    "failure_tolerance": {"count": 1},
    "soak": {"seconds": 2, "interval_seconds": 1},
    "gate": "manual",
}

HEADS: Final[Mapping[str, Mapping[str, Any]]] = {
    "p": {
        "waves": [
            CANARY,
            {"name": "early", "tenants": {"percent": 30}, "max_concurrency": 4},
            {"name": "gated", "tenants": {"count": 4}, "gate": "manual"},
            {"name": "rest"},
        ],
        "failure_tolerance": {"count": 3, "mode": "strict"},
        "priority": 5,
        "group_limits": {"db-0": 2},
    },
    "paced": {"failure_tolerance": {"count": 2}, "on_breach": "rollback_wave", "starts_per_minute": 90},
    "halts": {"failure_tolerance": {"count": 1}, "on_breach": "cancel", "auto_rollback": "task", "priority": -5},
    "turns": {
        "waves": [{"name": "first", "tenants": {"count": 3}, "gate": "manual"}, {"name": "rest"}],
        "failure_tolerance": {"count": 1},
        "on_breach": "rollback_plan",
    },
}
"""What each plan says besides its tenants and stages; `p` has as many tenants as the run says, the others a third."""


def submit_fleet(scene: Scene, tenants: int, max_concurrency: int) -> None:
    """All of them at once, and one whose time comes in a few seconds."""
    soon = datetime.now(UTC) + timedelta(seconds=8)
    heads = {**HEADS, "later": {"not_before": soon.isoformat(), "not_after": (soon + timedelta(hours=2)).isoformat()}}
    for plan_id, head in heads.items():
        count = tenants if plan_id == "p" else max(tenants // 3, 5)
        scene.world.submit(
            count,
            scene.stages,
            plan_id=plan_id,
            max_concurrency=max_concurrency,
            head=head,
            traits=lambda i: {"groups": [f"db-{i % 3}"], "labels": {"ring": f"r{i % 2}"}},
        )
