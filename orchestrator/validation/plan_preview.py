"""What a checked plan would change, tenant by tenant: against what each is now, in the plan's order, as it is read.

Nothing is written. Waves and numbers are those of the plan that a submit would make: all tenants are looked at once
before the first is told of. The last line is the digest of that look, which a submit can be bound to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.control.preview_answers import Change, PreviewConflict, PreviewEnd, TenantPreview
from orchestrator.domain.config import PlanHeader
from orchestrator.ledger.reader import Reader
from orchestrator.plans.plan import Plan
from orchestrator.plans.tenant_config import SOURCE, TRAITS, snapshot_of
from orchestrator.secrets.folder import SecretFolder
from orchestrator.secrets.masking import mask_all_of
from orchestrator.secrets.source import own_source
from orchestrator.settings.installed_steps import installed_steps
from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import CompiledStage, Registry, StageFactory
from orchestrator.validation.config_diff import config_changes
from orchestrator.validation.freezes_ahead import FreezesAhead
from orchestrator.validation.other_configs import OtherConfigs
from orchestrator.validation.tenant_states import TenantState, TenantStates
from orchestrator.validation.what_is_left import look_at_tenants

LAST_KNOWN_GOOD = "last known good"
OWN_SOURCE = SOURCE


@dataclass(slots=True)
class PlanPreview:
    """One preview of one plan."""

    plan: Plan
    header: PlanHeader
    reader: Reader
    settings: Settings
    skip_identical: bool = False
    against_plan: str | None = None
    freezes: FreezesAhead | None = None
    registry: Registry | None = None
    _identical: int = field(default=0, init=False)
    _changed: int = field(default=0, init=False)

    def lines(self) -> Iterator[TenantPreview | PreviewEnd]:
        """A tenant at a time, then the end. Raises ``NotFound`` for a plan to compare with that does not exist, and as
        its submit would where what is left of the plan is refused."""
        mask_all_of(own_source(SecretFolder(self.settings.secrets_dir)))
        at_ms = round(self.reader.now().timestamp() * 1000)
        seen = look_at_tenants(self.reader, self.plan, at_ms, skip_identical=self.skip_identical)
        left = seen.left_of(self.plan, self.header)
        waves = _waves_of(left)
        others = OtherConfigs(self.reader, self.against_plan) if self.against_plan else None
        conditions = _ConditionedStages(self.plan, self.settings, self.registry)
        for state in TenantStates(self.reader).of(self.plan):
            against, old = _compared_with(state, others)
            changes = None if old is None else config_changes(_told(old), _told(state.config))
            self._changed += bool(changes)
            is_left_out = state.tenant_id in seen.left_out
            is_identical = is_left_out if self.skip_identical else state.is_identical
            self._identical += is_identical
            told = {"wave": waves.get(state.tenant_id), "identical": is_identical, "left_out": is_left_out}
            yield self._line(state, against, changes, conditions.skipped(state.config)).model_copy(update=told)
        pace = left.rules.pace
        yield PreviewEnd(
            plan_id=self.plan.plan_id,
            tenants=len(self.plan.tenants),
            identical=self._identical,
            changed=self._changed,
            left_out=len(seen.left_out),
            digest=str(seen.digest),
            resolved=left.rules.line(),
            group_limits=dict(pace.group_limits),
            priority=pace.priority,
            starts_per_minute=pace.starts_per_minute,
            not_before=pace.not_before,
            not_after=pace.not_after,
        )

    def _line(
        self, state: TenantState, against: str | None, changes: list[tuple[str, Any, Any]] | None, skipped: list[str]
    ) -> TenantPreview:
        return TenantPreview(
            tenant_id=state.tenant_id,
            position=state.position,
            groups=tuple(state.config.get("groups") or ()),
            against=against,
            changes=None if changes is None else tuple(Change(path=at, old=old, new=new) for at, old, new in changes),
            under_way=state.record.get("mover") if "underWay" in state.record else None,
            last_mover=state.record.get("mover"),
            conflicts=tuple(
                PreviewConflict(plan_id=one.plan_id, status=one.status, holds=one.holds) for one in state.conflicts
            ),
            freezes=tuple(self.freezes.of(state.tenant_id, state.config.get("labels") or {}) if self.freezes else ()),
            skipped_stages=tuple(skipped),
        )


def _waves_of(plan: Plan) -> dict[str, str]:
    """The name of each tenant's wave; of a plan without waves nobody's."""
    waves = plan.rules.waves
    return {plan.tenants[place].tenant_id: waves[wave].name for place, wave in enumerate(plan.wave_of)}


def _told(config: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared: not where from."""
    return {name: value for name, value in config.items() if name != SOURCE and value is not None}


def _compared_with(state: TenantState, others: OtherConfigs | None) -> tuple[str | None, dict[str, Any] | None]:
    if others is not None:
        return f"plan {others.plan_id}", others.of(state.tenant_id)
    if state.good is not None:
        # What only the ledger goes by is that of a plan, not of the tenant.
        return LAST_KNOWN_GOOD, state.good | {name: state.config[name] for name in TRAITS if name in state.config}
    source = snapshot_of(state.config)
    return (OWN_SOURCE, source) if source is not None else (None, None)


class _ConditionedStages:
    """The stages that have a condition."""

    def __init__(self, plan: Plan, settings: Settings, registry: Registry | None) -> None:
        self._plan = {"plan_id": plan.plan_id, "name": plan.name}
        factory = StageFactory(registry or installed_steps(), settings)
        specs = [json.loads(stage.spec) for stage in plan.stages]
        self._stages: list[CompiledStage] = [factory.compile_stage(spec) for spec in specs if "when" in spec]

    def skipped(self, config: Mapping[str, Any]) -> list[str]:
        """Names of those that are not for this tenant."""
        return [stage.name for stage in self._stages if not stage.takes_part(config, self._plan)]
