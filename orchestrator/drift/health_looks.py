"""One look at a tenant's instances: the health-check steps of its last mover's plan, each once, changing nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.task_id import plan_of
from orchestrator.drift.expected import Expected, plan_reference
from orchestrator.ledger.reader import Reader
from orchestrator.secrets.masking import mask
from orchestrator.secrets.references import Secrets
from orchestrator.settings.installed_steps import installed_sources, installed_steps
from orchestrator.settings.model import Settings
from orchestrator.settings.permissions import secret_scopes
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.health_asker import HealthAsker, LookedAt
from orchestrator.stages.reach import Limits
from orchestrator.stages.stage_factory import CompiledStage, Registry, StageFactory
from steps import AllowedHosts, HealthCheck, HttpPool, InstanceList, Instances
from steps.kept_by_size import KeptBySize
from steps.raised import is_for_process
from steps.told import words_of

MOST_PLANS: Final = 50
MOST_CHARACTERS: Final = 1024 * 1024
"""Of compiled stages that are kept."""


@dataclass(frozen=True, slots=True)
class HealthLook:
    """``there`` is None when nothing could be asked; ``said``: what is not as it should be, or why nobody was asked."""

    there: bool | None
    said: str = ""


class HealthLooks:
    """Serves many threads. The requests are held to what the steps of a worker are held to, by these settings."""

    def __init__(self, reader: Reader, settings: Settings, registry: Registry | None = None) -> None:
        self._reader = reader
        self._factory = StageFactory(registry or installed_steps(), settings)
        lists = {name: InstanceList(tuple(one.urls), one.fallback) for name, one in settings.instances.items()}
        limits = Limits(scopes=secret_scopes(settings))
        self._asker = HealthAsker(Secrets(settings.secrets_dir), Instances(lists, installed_sources()), limits)
        self._http = HttpPool(hosts=AllowedHosts(settings.allowed_hosts, allow_loopback=settings.allow_loopback))
        self._plans: KeptBySize[str, tuple[dict[str, Any], tuple[CompiledStage, ...]]] = KeptBySize(
            MOST_PLANS, MOST_CHARACTERS
        )

    def close(self) -> None:
        """Ends what is under way."""
        self._http.close()

    def look(self, expected: Expected) -> HealthLook:
        """Asks every instance once. Never raises for what an instance, a plan or a secret that is not here does."""
        if expected.config is None or expected.new_config is None:
            return HealthLook(None, expected.why_not)
        tenant = LookedAt(expected.tenant_id, expected.config, expected.other_config, expected.new_config)
        try:
            checks, http = self._checks(expected, tenant), self._http.of(expected.tenant_id)
            missing = [said for step in checks if (said := self._asker.why_not_there(step, tenant, http)) is not None]
        except ChangeoverError as error:
            return HealthLook(None, mask(str(error)))
        except BaseException as error:
            if is_for_process(error):
                raise
            return HealthLook(None, mask(words_of(error)))
        if not checks:
            return HealthLook(None, "its plan has no health-check for it")
        return HealthLook(not missing, "; ".join(missing))

    def _checks(self, expected: Expected, tenant: LookedAt) -> list[BuiltStep]:
        """Its health checks as they ran, each once; not those that a condition left out."""
        reference, stages = self._plan(plan_of(expected.task_id))
        found: list[BuiltStep] = []
        for stage in stages:
            found += [step for step in self._asker.checks(stage, reference, tenant) if step not in found]
        return found

    def _plan(self, plan_id: str) -> tuple[dict[str, Any], tuple[CompiledStage, ...]]:
        if (kept := self._plans.get(plan_id)) is not None:
            return kept
        reference, specs = plan_reference(self._reader, plan_id)
        checks = [spec for spec in (_only_checks(spec) for spec in specs) if spec["steps"]]
        found = reference, tuple(self._factory.compile_stage(spec) for spec in checks)
        self._plans.put(plan_id, found, sum(len(str(spec)) for spec in checks))
        return found


def _only_checks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The stage with its health checks alone: of the others' parameters nothing is needed, nor their secrets."""
    steps: Sequence[Mapping[str, Any]] = spec["steps"]
    return {**spec, "steps": [step for step in steps if step["type"] == HealthCheck.name]}
