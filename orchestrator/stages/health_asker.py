"""One look at a tenant: the health checks of its stages, each asked once, holding nothing and changing nothing.

A wave's soak looks so, in a worker, and drift, in the process that was asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from orchestrator.secrets.masking import mask
from orchestrator.secrets.scopes import ScopedSecrets
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.reach import Limits
from orchestrator.stages.stage_factory import CompiledStage
from orchestrator.templates.variables import template_variables
from steps import Done, Failed, FenceToken, Http, InstanceLists, Outcome, PollAgain, Step, StepContext, TargetRefused
from steps.expressions.sandbox import ReadByName

ONE_ROUND: Final = {"max_attempts": 1, "consecutive_successes": 1, "rebroadcast": None, "fail_fast": False}
"""What of a health check is another matter at a look: one round is all there is."""


class _NothingIsChanged:
    """In the place of every target: no health check needs one to look."""

    def write(self, *_: object) -> NoReturn:
        raise TargetRefused("nothing is written while a tenant is only looked at")

    publish = write


def is_look(step: Step[Any]) -> bool:
    """Whether the step can be asked once more by itself. One that writes before it asks cannot: its write would be
    refused, which says nothing of the tenant."""
    return step.confirms_health and not step.writes


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A tenant, and the configs that its stages are built from: the one it should have, the one it comes from (None
    when that is not known), and its plan's new one, by which a stage is for it or not."""

    tenant_id: str
    config: dict[str, Any]
    other_config: dict[str, Any] | None
    new_config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HealthAsker:
    """What a look may reach, by the settings of its process."""

    secrets: ReadByName
    instances: InstanceLists
    limits: Limits

    def checks(self, stage: CompiledStage, reference: Mapping[str, Any], tenant: LookedAt) -> list[BuiltStep]:
        """The stage's checks as they ran for the tenant; ``reference`` is what templates see of the plan. Raises
        ``InvalidInput`` for a stage that cannot be built any more."""
        if not stage.takes_part(tenant.new_config, reference):
            return []
        secrets = ScopedSecrets(self.limits.scopes, reference["plan_id"], self.secrets)
        steps = stage.build(tenant.config, template_variables(tenant.config, reference, secrets))
        return [step for step in steps if is_look(step.step)]

    def why_not_there(self, step: BuiltStep, tenant: LookedAt, http: Http) -> str | None:
        """What one check misses, masked; None when it misses nothing. Raises what a step of a user's own raises."""
        fields = type(step.parameters).model_fields
        parameters = step.parameters.model_copy(update={k: v for k, v in ONE_ROUND.items() if k in fields})
        nothing = _NothingIsChanged()
        context = StepContext(
            tenant_id=tenant.tenant_id,
            config=tenant.config,
            attempt=1,
            state={},
            token=FenceToken("", 0, "", "", "", tenant.tenant_id),
            idempotency_key="",
            target=nothing,
            http=self.limits.http(http, step.secrets),
            targets=_Everywhere(nothing),
            instances=self.instances,
            other_config=tenant.other_config,
        )
        outcome: Outcome = step.step.run(parameters, context)
        match outcome:
            case Done():
                return None
            case Failed(_, message):
                return mask(message)
            case PollAgain(note=note):
                return mask(note or "it is not there yet")


class _Everywhere(dict[str, Any]):
    """The same, whatever the connection."""

    def __init__(self, target: _NothingIsChanged) -> None:
        super().__init__()
        self._target = target

    def __missing__(self, _: str) -> _NothingIsChanged:
        return self._target
