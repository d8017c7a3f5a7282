"""Tenant ids that a person would take for one another. All other names of a plan are letters and digits of ASCII."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestrator.domain.look_alikes import skeleton
from orchestrator.validation.findings import Findings

NAMED: Final = 10
"""Pairs that are named; the rest are counted."""


def warn_of_look_alikes(tenant_ids: Iterable[tuple[int, str]], findings: Findings) -> None:
    """A warning for each id that looks like an earlier one of the plan (and is not the same, which is an error)."""
    first: dict[str, tuple[int, str]] = {}
    more = 0
    for index, tenant_id in tenant_ids:
        other_index, other = first.setdefault(skeleton(tenant_id), (index, tenant_id))
        if other == tenant_id:
            continue
        more += 1
        if more <= NAMED:
            message = f"looks like tenants[{other_index}].tenant_id ({other!a}) and is another tenant ({tenant_id!a})"
            findings.warn(f"tenants[{index}].tenant_id", None, message)
    if more > NAMED:
        findings.warn("tenants", None, f"and {more - NAMED} more tenant ids look like an earlier one")
