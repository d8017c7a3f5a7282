"""Which config a turn applies, and which one the tenant comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.domain.errors import NotAllowed
from orchestrator.domain.status import TaskState
from orchestrator.ledger.ledger import TurnRecord
from orchestrator.rollback_strategy import config_for, other_config_for

NEW = {"tenant_id": "acme", "deploy_unit_version": 42}
SOURCE = {"source_tenant_deploy_config": {"deploy_unit_version": 41}}
GOOD = {"tenant_id": "acme", "deploy_unit_version": 40}


def record(mode: TaskState, config: dict[str, Any], good: dict[str, Any] | None = None) -> TurnRecord:
    snapshot = None if good is None else json.dumps(good)
    return TurnRecord("acme", mode, 0, "s", {}, json.dumps(config), snapshot, 1, "i", {}, forced=False)


@pytest.mark.parametrize(
    ("config", "good", "old"), [(NEW | SOURCE, None, 41), (NEW | SOURCE, GOOD, 41), (NEW, GOOD, 40), (NEW, None, None)]
)
def test_where_the_tenant_comes_from(config: dict[str, Any], good: dict[str, Any] | None, old: int | None) -> None:
    forward, back = record(TaskState.RUNNING, config, good), record(TaskState.ROLLING_BACK, config, good)
    assert config_for(forward)["deploy_unit_version"] == 42
    other = other_config_for(forward)
    assert (other or {}).get("deploy_unit_version") == old
    if old is None:
        with pytest.raises(NotAllowed):
            config_for(back)
        return
    assert config_for(back)["deploy_unit_version"] == old
    assert (other_config_for(back) or {})["deploy_unit_version"] == 42
