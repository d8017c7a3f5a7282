"""Sixth validator: waves and tolerances against the tenants that there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from orchestrator.domain.fleet_config import FleetHeader, WaveSpec
from orchestrator.domain.naming import unknown
from orchestrator.plans.tenant_config import TenantRecord
from orchestrator.plans.waves import MOST_GROUPS, Selection, select_waves, static_problems, unknown_groups
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
    groups: Collection[str],
    findings: Findings,
) -> Selection | None:
    """Who goes in which wave; None when that cannot be said. What is wrong is reported. ``groups``: of the setting.

    While it is not known of all tenants who they are, only what is wrong whoever they are: one that cannot be read is
    not missed in a wave.
    While waves are wrong, only what is wrong whomever they take.
    """
    if shape.header is None:
        return None
    if not shape.wrong:
        _warn(shape.header, shape.header.max_concurrency, stages, findings)
    for index, wave in enumerate(shape.header.waves or []):
        if wave.gate is not None and wave.gate.url is not None:
            reason = _why_not_asked(wave.gate.url, hosts)
            if reason is not None:
                findings.error(f"waves[{index}].gate.url", masked_url(wave.gate.url), reason)
    if "group_limits" not in shape.wrong:
        _check_groups(shape, groups, findings)
    tenants = [(record.tenant_id, record.config) for record in records if record is not None]
    if not shape.knows_tenants or len(tenants) < len(records):
        findings.errors(static_problems(shape.header))
        return None
    if "waves" in shape.wrong:
        findings.errors([*static_problems(shape.header), *unknown_groups(shape.header, tenants)])
        return None
    selection = select_waves(shape.header, tenants, plan)
    findings.errors(selection.problems)
    if not _ask_for_health(stages):
        selection.rules = selection.rules.only_waiting()
    return selection


def _ask_for_health(stages: Sequence[CompiledStage]) -> bool:
    return any(is_look(step.step) for stage in stages for step in stage.steps)


def _check_groups(shape: Shape, groups: Collection[str], findings: Findings) -> None:
    """A group that nobody has named has no limit: a slip of the pen would take a tenant's away. Where nobody names any,
    none is missed."""
    if not groups or shape.header is None:
        return
    known = {*groups, *(shape.header.group_limits or ())}
    wrong: dict[str, list[int]] = {}
    sure = [(one.index, one.tenant) for one in shape.partly if "groups" not in one.unsure]
    for index, tenant in (*shape.tenants, *sure):
        for name in tenant.groups or ():
            if name not in known:
                wrong.setdefault(name, []).append(index)
    for name, places in list(wrong.items())[:MOST_GROUPS]:
        others = f" (and of {len(places) - 1} more tenants)" if len(places) > 1 else ""
        message = f"{unknown('group', name, known)}; the setting groups names those that there are{others}"
        findings.error(f"tenants[{places[0]}].groups", name, message)
    if (more := len(wrong) - MOST_GROUPS) > 0:
        findings.error("tenants", None, f"and {more} more groups that the setting groups does not name")


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
    if not _ask_for_health(stages):
        findings.warn(f"{path}.soak", None, "no stage has a health-check, so a soak only waits")
    elif wave.soak.seconds < 2 * wave.soak.interval_seconds:
        message = "less than two intervals: a tenant counts as gone only after two looks in a row"
        findings.warn(f"{path}.soak.seconds", wave.soak.seconds, message)
