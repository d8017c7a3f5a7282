"""Which config a turn applies: the new one on the way forward, the one before on the way back."""

from __future__ import annotations

from typing import Any, Protocol

from orchestrator.domain.errors import DamagedData, InvalidInput, NoSnapshot, Problem, quoted_value
from orchestrator.domain.naming import unknown
from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import DamagedJson, as_stored, read_stored
from orchestrator.domain.typed import typed
from orchestrator.ledger.records import TurnRecord
from orchestrator.plans.tenant_config import SOURCE, full_config, snapshot_of
from orchestrator.settings.extensions import STRATEGIES, unusable
from steps.installed import entry_points
from steps.raised import contained, is_for_process
from steps.told import type_name


class RollbackStrategy(Protocol):
    """Says what a tenant goes back to."""

    def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
        """The config to apply on the way back, or None when there is none."""
        ...


class PreviousConfig:
    """The plan's own source config, what it leaves out taken from the new one; else the last known good."""

    def config(self, new: dict[str, Any], last_known_good: dict[str, Any] | None) -> dict[str, Any] | None:
        """See ``RollbackStrategy``."""
        snapshot = snapshot_of(new)
        if snapshot is None and last_known_good is not None:
            return full_config({**last_known_good, SOURCE: None})
        return snapshot


def load_strategy(name: str) -> RollbackStrategy:
    """The strategy that the setting ``rollback_strategy`` names: ``previous``, or an entry point's class.

    Raises ``InvalidInput`` naming the nearest known one, or why it cannot be used.
    """
    found = {point.name: point for point in entry_points(group=STRATEGIES)}
    if name == "previous":
        return PreviousConfig()
    if name not in found:
        message = unknown("rollback strategy", name, ["previous", *found])
        raise InvalidInput([Problem("rollback_strategy", name, message)])
    try:
        strategy: RollbackStrategy = found[name].load()()
    except BaseException as error:
        if is_for_process(error):
            raise
        raise InvalidInput([Problem("rollback_strategy", name, unusable(found[name], error))]) from error
    return strategy


def way_back(strategy: RollbackStrategy, given: dict[str, Any], good: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the tenant goes back to, as the strategy says. Raises ``NoSnapshot`` for an answer that is no config, or
    none that could be kept, ``Escaped`` for any other error of a strategy that another package brings."""
    if type(strategy) is PreviousConfig:
        return strategy.config(given, good)
    with contained("the rollback strategy", NoSnapshot):
        answer: Any = strategy.config(given, good)
        if answer is None:
            return None
        if not issubclass(type(answer), dict):
            raise NoSnapshot(f"the rollback strategy answered a {type_name(answer)}, expected a dict or None")
        try:
            config: dict[str, Any] = as_stored(answer)
        except DamagedJson as error:
            raise NoSnapshot(f"the rollback strategy answered a config that cannot be kept: {error}") from error
    return config


def configs_for(
    record: TurnRecord, strategy: RollbackStrategy | None = None
) -> tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any]]:
    """The config that a begun turn applies; the one that the tenant comes from; the new one, whichever way it goes.

    All keys in snake_case. The new config is applied on the way forward, the one before on the way back, and the tenant
    comes from the other. Raises ``NoSnapshot`` when the way back has nowhere to go,
    ``DamagedData`` where one of them is no config.
    """
    given = full_config(_stored(record.config, "config", record))
    new = {**given, SOURCE: None}
    good = None if record.snapshot is None else _stored(record.snapshot, "snapshot", record)
    old = way_back(strategy or PreviousConfig(), given, good)
    if record.mode is not TaskState.ROLLING_BACK:
        return new, old, new
    if old is None:
        raise NoSnapshot(
            "there is no snapshot to go back to: the plan brought no source_tenant_deploy_config, "
            "and no last known good config was known when the task was first admitted"
        )
    return old, new, new


def _stored(text: str, what: str, record: TurnRecord) -> dict[str, Any]:
    """As it was stored with the task. Raises ``DamagedData``, naming it, for what a hand has made of it."""
    try:
        found = read_stored(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DamagedData(
            f"the stored {what} of tenant {record.tenant_id} is {quoted_value(text)}, expected a JSON object: a hand "
            f"in the data? `{typed('explain', '--tenant', record.tenant_id)}` names the key; put it right and try again"
        )
    return found
