"""What the fleet needs to know of a plan file: tenants, their services, instances and versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

SERVICES = ("gateway", "portal", "agent")


@dataclass(frozen=True, slots=True)
class Instance:
    """One process to play: where it listens, what it runs before the plan, how long it takes to adopt a config."""

    tenant: str
    name: str
    host: str
    port: int
    version: str
    delay_seconds: float
    path: str = "/"
    refuses: str | None = None
    """A version that it does not take until it is mended."""


def instances_of(plan: Mapping[str, Any]) -> list[Instance]:
    """Every endpoint of the plan (of those given as ``value`` URLs), in order.

    A delay grows over the fleet from 0.1 to 0.6 s; ``variables: {adopts_after_seconds: {<endpoint key>: S}}`` of a
    tenant sets one, and ``refuses: {<endpoint key>: VERSION}`` a version that it does not take.
    """
    found: list[Instance] = []
    for tenant in plan["tenants"]:
        variables = tenant.get("variables", {})
        delays, refuses = variables.get("adopts_after_seconds", {}), variables.get("refuses", {})
        source = tenant.get("source_tenant_deploy_config", {})
        for endpoint in tenant["network_endpoints"]:
            address = urlsplit(endpoint["value"])
            name = str(endpoint["key"])
            found.append(
                Instance(
                    tenant=tenant["tenant_id"],
                    name=name,
                    host=address.hostname or "127.0.0.1",
                    port=address.port or 80,
                    version=str(source.get("deploy_unit_version", tenant["deploy_unit_version"])),
                    delay_seconds=float(delays.get(name, 0.1 + len(found) % 6 / 10)),
                    path=address.path or "/",
                    refuses=refuses.get(name),
                )
            )
    return found


def load_plan(path: Path) -> dict[str, Any]:
    plan: dict[str, Any] = yaml.safe_load(path.read_text())
    return plan
