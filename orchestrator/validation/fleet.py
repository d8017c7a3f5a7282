"""Sixth validator: waves and tolerances against the tenants that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from orchestrator.domain.fleet_config import FleetHeader, WaveSpec
from orchestrator.plans.tenant_config import TenantRecord
from orchestrator.plans.waves import Selection, select_waves, static_problems
from orchestrator.secrets.masking import masked_url
from orchestrator.stages.health_asker import is_look
from orchestrator.stages.stage_factory import CompiledStage
from orchestrator.validation.findings import Findings
from orchestrator.validation.shape import Shape
from steps import AllowedHosts
from steps.http.address import what_is_wrong


def check_fleet(
    shape: Shape,
    records: Sequence[TenantRecord | None],
    stages: Sequence[CompiledStage],
    plan: Mapping[str, Any],
    hosts: AllowedHosts,
    findings: Findings,
) -> Selection | None:
    """Who goes in which wave; None when that cannot be said. What is wrong is reported.

    While tenants are wrong, only what is wrong whoever they are: one that cannot be read is not missed in a wave.
    """
    if shape.header is None:
        return None
    _warn(shape.header, shape.header.max_concurrency, stages, findings)
    for index, wave in enumerate(shape.header.waves or []):
        if wave.gate is not None and wave.gate.url is not None:
            reason = _why_not_asked(wave.gate.url, hosts)
            if reason is not None:
                findings.error(f"waves[{index}].gate.url", masked_url(wave.gate.url), reason)
    tenants = [(record.tenant_id, record.config) for record in records if record is not None]
    if findings.has_error_under("tenants"):
        findings.errors(static_problems(shape.header))
        return None
    selection = select_waves(shape.header, tenants, plan)
    findings.errors(selection.problems)
    return selection


def _why_not_asked(url: str, hosts: AllowedHosts) -> str | None:
    if (wrong := what_is_wrong(url)) is not None:
        return wrong
    if "@" in urlsplit(url).netloc:
        return "expected a URL without user and password: it is stored and told as it is"
    return hosts.refuse(url)


def _warn(header: FleetHeader, slots: int, stages: Sequence[CompiledStage], findings: Findings) -> None:
    waves = header.waves or []
    if "on_breach" in header.model_fields_set and not any(
        (header.failure_tolerance, *(w.failure_tolerance for w in waves))
    ):
        findings.warn("on_breach", header.on_breach, "no failure_tolerance is given, so there is nothing to breach")
    for index, wave in enumerate(waves):
        path = f"waves[{index}]"
        if wave.max_concurrency is not None and wave.max_concurrency > slots:
            findings.warn(f"{path}.max_concurrency", wave.max_concurrency, f"the plan's own is less ({slots})")
        _warn_of_soak(wave, path, stages, findings)


def _warn_of_soak(wave: WaveSpec, path: str, stages: Sequence[CompiledStage], findings: Findings) -> None:
    if wave.soak is None:
        return
    if not any(is_look(step.step) for stage in stages for step in stage.steps):
        findings.warn(f"{path}.soak", None, "no stage has a health-check, so a soak only waits")
    elif wave.soak.seconds < 2 * wave.soak.interval_seconds:
        message = "less than two intervals: a tenant counts as gone only after two looks in a row"
        findings.warn(f"{path}.soak.seconds", wave.soak.seconds, message)
