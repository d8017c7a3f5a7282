"""A tenant's config as it is stored: compact, with nothing in it that a later change of the caller's can reach."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from orchestrator.domain.config import NetworkEndpoint, TenantConfig, TenantDeployConfig
from orchestrator.domain.naming import snake_case
from orchestrator.domain.stored_json import MOST_DIGITS, read_stored
from steps.json_values import canonical_json

SOURCE = "source_tenant_deploy_config"
TRAITS = ("groups", "labels")
_MANY_DIGITS = re.compile(rf"\d{{{MOST_DIGITS + 1}}}")


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """One tenant of a plan; ``config`` is its compact JSON, source included, as it is stored; ``traits`` what the
    ledger itself goes by, as JSON: its ``labels`` and ``groups``, if any."""

    tenant_id: str
    config: str
    traits: str = "{}"


def tenant_record(tenant: TenantDeployConfig) -> TenantRecord:
    """The tenant as it is stored. Raises ``ValueError`` for text or numbers that JSON cannot hold."""
    return _record(tenant.tenant_id, compact_config(tenant))


def _record(tenant_id: str, compact: dict[str, Any]) -> TenantRecord:
    text = canonical_json(compact)
    # A lone surrogate passes the JSON encoder and would only fail on its way to Redis.
    text.encode()
    if _MANY_DIGITS.search(text):
        # In a text they may stand; a number of so many would be taken for damage.
        read_stored(text)
    traits = {name: compact[name] for name in TRAITS if name in compact}
    return TenantRecord(tenant_id, text, canonical_json(traits))


@dataclass(frozen=True, slots=True)
class TenantForms:
    """A tenant as it is stored, and the two configs that its stages are built from: the new one, and the one to go
    back to (None when the plan brings none)."""

    record: TenantRecord
    config: dict[str, Any]
    snapshot: dict[str, Any] | None


def tenant_forms(tenant: TenantDeployConfig) -> TenantForms:
    """All forms of one tenant. Raises ``ValueError`` as ``tenant_record`` does."""
    compact = compact_config(tenant)
    config = full_config(compact)
    return TenantForms(_record(tenant.tenant_id, compact), config, snapshot_of(config))


def compact_config(tenant: TenantDeployConfig) -> dict[str, Any]:
    """The tenant's config with all defaults left out; of its source, exactly the keys that were written."""
    config = tenant.model_dump(exclude_defaults=True, exclude={SOURCE})
    source = tenant.source_tenant_deploy_config
    if source is not None:
        config[SOURCE] = source.model_dump(exclude_unset=True, exclude={"tenant_id"})
    for part in (config, config.get(SOURCE)):
        if part and part.get("overrides"):
            part["overrides"] = _overrides(part["overrides"])
    return config


def load_config(text: str) -> dict[str, Any]:
    """The full config, snake_case keys, from a ``TenantRecord.config``: what was left out has its default."""
    return full_config(read_stored(text))


def full_config(compact: Mapping[str, Any]) -> dict[str, Any]:
    """A compact config with its defaults put in; ``source_tenant_deploy_config`` stays as it is, None when absent."""
    config: dict[str, Any] = {"tenant_id": None, **_fresh_defaults(), SOURCE: None, **compact}
    if config["network_endpoints"]:
        config["network_endpoints"] = [{**_ENDPOINT_DEFAULTS, **endpoint} for endpoint in config["network_endpoints"]]
    return config


def snapshot_of(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The config to go back to: the new one with its source over it; None when the plan brings none."""
    source = config.get(SOURCE)
    if source is None:
        return None
    return full_config({**config, **source, "tenant_id": config["tenant_id"], SOURCE: None})


def _overrides(overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        snake_case(key): {snake_case(name): value for name, value in values.items()}
        for key, values in overrides.items()
    }


def _fresh_defaults() -> dict[str, Any]:
    return {name: make() for name, make in _FACTORIES} | _PLAIN_DEFAULTS


_FACTORIES = tuple(
    (name, cast(Callable[[], Any], field.default_factory))
    for name, field in TenantConfig.model_fields.items()
    if field.default_factory is not None
)
_PLAIN_DEFAULTS = {
    name: field.default
    for name, field in TenantConfig.model_fields.items()
    if field.default_factory is None and name != "tenant_id"
}


_ENDPOINT_DEFAULTS = {name: field.default for name, field in NetworkEndpoint.model_fields.items()}
