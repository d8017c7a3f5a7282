"""Every row that `doctor` can show; each is a section of docs/runbooks.md (a test holds the two together)."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.control.answers import Check


class Row(StrEnum):
    """What was looked at."""

    SERVER = "server"
    WRITES = "writes"
    APPEND_ONLY = "append-only"
    MEMORY = "memory"
    EVICTION = "eviction"
    LATENCY = "latency"
    CLOCK = "clock"
    COORDINATORS = "coordinators"
    WORKERS = "workers"
    WORKER_SLOTS = "worker-slots"
    TEST_MESSAGE = "test-message"
    SILENT_WORKER = "silent-worker"
    DEAD_PROCESS = "dead-process"
    BROKER_OF_PROCESS = "broker-of-process"
    STEPS = "steps"
    SETTINGS = "settings"
    RELEASES = "releases"
    TOO_OLD = "too-old"
    HANDED_BACK = "handed-back"
    LEASES = "leases"
    REPAIRS = "repairs"
    RECOVERIES = "recoveries"
    PERMISSIONS = "permissions"
    DRAFTS = "drafts"
    FREEZES = "freezes"
    WEBHOOKS = "webhooks"
    WAVES = "waves"
    GROUPS = "groups"
    PACE = "pace"
    DAMAGED_KEY = "damaged-key"
    DAMAGED_PLAN = "damaged-plan"
    DAMAGED_TASK = "damaged-task"


def check(row: Row, name: str, finding: str, *, good: bool = True) -> Check:
    """One row as `doctor` shows it."""
    return Check(row=row, name=name, good=good, finding=finding)
