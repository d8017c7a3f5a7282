"""What users import is pinned: a change here is a change for them."""

from __future__ import annotations

import inspect

import checkpoint
import orchestrator
from orchestrator.facade import DeploymentTaskFacade


def test_packages() -> None:
    assert set(orchestrator.__all__) >= {
        *("Client", "ChangeoverError", "InvalidInput", "NotAllowed", "NotFound", "PlanConflict", "Problem"),
        "Unreachable",
        "EventConsumer",
        "EventPosition",
        "EventsMissed",
        "FileCursor",
    }
    assert all(hasattr(orchestrator, name) for name in orchestrator.__all__)
    assert set(checkpoint.__all__) >= {"Checkpoint", "CheckpointStore", "CheckpointTooLarge", "RedisCheckpointStore"}
    assert all(hasattr(checkpoint, name) for name in checkpoint.__all__)


def test_client() -> None:
    wanted = {
        *("submit", "status", "wait", "events", "explain"),
        *("pause", "resume", "cancel", "retry", "rollback"),
    }
    assert wanted <= {name for name in dir(orchestrator.Client) if not name.startswith("_")}


def test_facade_names_order_and_arguments_are_those_of_the_old_executor() -> None:
    methods = inspect.getmembers(DeploymentTaskFacade, inspect.isfunction)
    found = {name: list(inspect.signature(method).parameters)[1:] for name, method in methods if name[0] != "_"}
    assert found == {
        "create_switch_task": ["configs", "plan"],
        "pause_task_by_tenant": ["tenant_id"],
        "pause_task_by_plan": ["plan_id"],
        "resume_task_by_tenant": ["tenant_id"],
        "resume_task_by_plan": ["plan_id"],
        "rollback_task_by_tenant": ["tenant_id"],
        "rollback_task_by_plan": ["plan_id"],
        "retry_task_by_tenant": ["tenant_id", "from_checkpoint"],
        "retry_task_by_plan": ["plan_id", "from_checkpoint"],
        "query_task_status": ["task_id"],
        "query_task_status_by_tenant": ["tenant_id"],
        "cancel_task": ["task_id"],
        "cancel_task_by_tenant": ["tenant_id"],
        # What the old executor did not have.
        "accept_failure_by_task": ["task_id", "reason"],
        "accept_failures_by_plan": ["plan_id", "reason", "cause"],
        "exclude_tenants_by_plan": ["plan_id", "tenants", "reason"],
        "skip_failed_stage": ["task_id", "reason"],
        "preview_switch_task": ["configs", "plan"],
        "freeze_tenants": ["tenants", "reason", "for_seconds", "rollbacks_too"],
        "unfreeze": ["freeze_id", "reason"],
        "query_freezes": ["tenant_id"],
        "find_drift_by_plan": ["plan_id"],
        "find_drift_by_tenant": ["tenants"],
    }
