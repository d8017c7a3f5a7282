"""What the ledger knows of tenants themselves: it stays when all plans that named one have been purged."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from orchestrator.control.absent import lost_with
from orchestrator.control.answers import DeployUnit, PurgedTenant
from orchestrator.control.damage import UNREADABLE
from orchestrator.domain.status import LOST, PURGED
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import IDENTITY, Record

_TELLS: Final = ("mover", "current", "good")


def current_unit(tenant: Record) -> DeployUnit | None:
    """What the tenant is since its last whole move or rollback; None when that is not known, or cannot be read."""
    with suppress(*UNREADABLE):
        return DeployUnit.model_validate_json(tenant["current"])
    return None


def last_known_good(tenant: Record) -> DeployUnit | None:
    """What it was when a health check last confirmed one."""
    with suppress(*UNREADABLE):
        good = read_stored(tenant["good"])
        return DeployUnit(**{name: good.get(name) for name in IDENTITY})
    return None


def purged_tenant(reader: Reader, tenant_id: str) -> PurgedTenant | None:
    """A tenant that no task speaks for any more; None when one does, or nothing is known of it. ``LOST`` where no purge
    took the plan that changed it last."""
    (record,) = reader.tenant_records([tenant_id])
    if not any(name in record for name in _TELLS) or reader.task_of_tenant(tenant_id) is not None:
        return None
    return PurgedTenant(
        tenant_id=tenant_id,
        status=left_as(reader, record),
        last_mover=record.get("mover"),
        current=current_unit(record),
        last_known_good=last_known_good(record),
    )


def left_as(reader: Reader, tenant: Record) -> str:
    """The status of one that no task speaks for."""
    return LOST if lost_with(reader, tenant.get("mover", "")) else PURGED


def unit_words(unit: DeployUnit) -> str:
    """``version 42 on unit 100 (green)``, of what is known."""
    version, number, name = unit.deploy_unit_version, unit.deploy_unit_id, unit.deploy_unit_name
    words = [] if version is None else [f"version {version}"]
    if number is not None:
        words.append(f"on unit {number}" + ("" if name is None else f" ({name})"))
    elif name is not None:
        words.append(f"on unit {name}")
    return " ".join(words) or "nothing that is named"
