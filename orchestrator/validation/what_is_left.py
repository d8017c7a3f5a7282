"""What a submit makes of a checked plan, as its tenants are right now: for the submit, and for the preview that it is
bound to, so that both say the same of its waves, its numbers and why it would be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.config import PlanHeader
from orchestrator.domain.errors import NotAllowed
from orchestrator.ledger.reader import Reader
from orchestrator.plans.left_out import leave_out
from orchestrator.plans.plan import Plan
from orchestrator.plans.preview_digest import DigestMaker, PreviewDigest
from orchestrator.validation.tenant_states import TenantStates


@dataclass(frozen=True, slots=True)
class SeenTenants:
    """All of a plan's tenants in one look: the ``marks`` that a digest takes of them, who has ``changed`` since its
    time, and who is ``left_out``."""

    marks: Mapping[str, str]
    changed: Sequence[str]
    left_out: frozenset[str]
    digest: PreviewDigest

    def left_of(self, plan: Plan, header: PlanHeader) -> Plan:
        """The plan without them. Raises ``NotAllowed`` when nobody is left, ``InvalidInput`` as ``leave_out`` does."""
        if not self.left_out:
            return plan
        if len(self.left_out) == len(plan.tenants):
            raise NotAllowed(f"nothing to move: all {len(self.left_out)} tenants are at the target already")
        return leave_out(plan, header, self.left_out)


def look_at_tenants(reader: Reader, plan: Plan, at_ms: int, *, skip_identical: bool) -> SeenTenants:
    """Looks at them once. ``at_ms``: the digest's time, that of the preview; ``skip_identical``: who is at the target
    is left out."""
    maker = DigestMaker(at_ms, plan.digest, skips_identical=skip_identical)
    marks: dict[str, str] = {}
    left_out: set[str] = set()
    changed: list[str] = []
    for state in TenantStates(reader).of(plan):
        is_left_out = skip_identical and state.is_identical
        maker.add(state.tenant_id, state.mark, is_left_out=is_left_out)
        marks[state.tenant_id] = state.mark
        if state.changed_ms >= at_ms:
            changed.append(state.tenant_id)
        if is_left_out:
            left_out.add(state.tenant_id)
    return SeenTenants(marks, changed, frozenset(left_out), maker.digest())
