"""Every situation that `explain` can name; each is a section of docs/runbooks.md (a test holds the two together)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from orchestrator.control.answers import Remark


class Situation(StrEnum):
    """What holds something up, or why nothing is to be done."""

    # The servers and the processes
    LEDGER_REFUSES = "ledger-refuses"
    NO_COORDINATOR = "no-coordinator"
    OTHER_NAMESPACE = "other-namespace"
    BROKER_AWAY = "broker-away"
    CLOCK_SKEW = "clock-skew"
    SHOWN_TIME = "shown-time"
    DAMAGED = "damaged"
    DAMAGED_PLAN_KEY = "damaged-plan-key"
    NOT_ALL_LOOKED_AT = "not-all-looked-at"
    NO_WORKER = "no-worker"
    OTHER_BROKER = "other-broker"
    WORKERS_SILENT = "workers-silent"
    WORKERS_BUSY = "workers-busy"
    # A plan
    DRAFT = "draft"
    DRAFT_ABANDONED = "draft-abandoned"
    PLAN_PAUSED = "plan-paused"
    PLAN_PAUSING = "plan-pausing"
    PLAN_RESUMING = "plan-resuming"
    PLAN_RETRYING = "plan-retrying"
    PLAN_RETRY_REFUSED = "plan-retry-refused"
    PLAN_CANCELLING = "plan-cancelling"
    PLAN_ROLLING_BACK = "plan-rolling-back"
    BREAKER_TRIPPED = "breaker-tripped"
    BREAKER_NARROWS = "breaker-narrows"
    ROLLBACK_ASKED = "rollback-asked"
    WAVE_TAKEN_BACK = "wave-taken-back"
    WAVE_OPEN = "wave-open"
    WAVE_SOAKS = "wave-soaks"
    GATE_WAITS = "gate-waits"
    GATE_REJECTED = "gate-rejected"
    PLAN_ENDED = "plan-ended"
    PLAN_MOVES = "plan-moves"
    FAILURES = "failures"
    CANCELLATIONS = "cancellations"
    # A task that waits
    CIRCLE = "circle"
    TENANT_HELD = "tenant-held"
    TENANT_HELD_BY_PAUSED = "tenant-held-by-paused"
    TENANT_HELD_BY_WAITING = "tenant-held-by-waiting"
    TENANT_HELD_BY_NOBODY = "tenant-held-by-nobody"
    PLAN_NOT_YET = "plan-not-yet"
    FROZEN = "frozen"
    GROUP_FULL = "group-full"
    TENANT_LINE = "tenant-line"
    SLOTS_TAKEN = "slots-taken"
    HEAD_BLOCKS = "head-blocks"
    NEXT = "next"
    # A task that moves, or goes back
    STAGE_RUNS = "stage-runs"
    WORKER_LOST = "worker-lost"
    HANDED_BACK = "handed-back"
    BETWEEN_POLLS = "between-polls"
    WAITS_FOR_WORKER = "waits-for-worker"
    TASK_PAUSING = "task-pausing"
    TASK_CANCELLING = "task-cancelling"
    TASK_TURNING_BACK = "task-turning-back"
    # A task that has stopped
    TASK_PAUSED = "task-paused"
    TASK_PAUSED_WITH_PLAN = "task-paused-with-plan"
    TASK_FAILED = "task-failed"
    FAILURE_ACCEPTED = "failure-accepted"
    RETRY_LIMIT = "retry-limit"
    MOVED_SINCE = "moved-since"
    CHECKPOINT_GONE = "checkpoint-gone"
    NOT_NOW = "not-now"
    ROLLBACK_FAILED = "rollback-failed"
    NO_SNAPSHOT = "no-snapshot"
    IRREVERSIBLE = "irreversible"
    ROLLBACK_GIVEN_UP = "rollback-given-up"
    TASK_CANCELLED = "task-cancelled"
    TASK_ROLLED_BACK = "task-rolled-back"
    TASK_COMPLETED = "task-completed"
    OTHER_TASKS = "other-tasks"
    TENANT_PURGED = "tenant-purged"


def remark(situation: Situation, sentence: str, *commands: str) -> Remark:
    """``commands``: what to type, the first is the one that helps most; none where nothing is to be done."""
    return Remark(situation=situation, sentence=sentence, commands=list(commands))


def reasons_of(remarks: Sequence[Remark]) -> list[str]:
    """Each as one line: the sentence, and what to type."""
    return [
        found.sentence + (": " + " or ".join(f"`{command}`" for command in found.commands) if found.commands else "")
        for found in remarks
    ]
