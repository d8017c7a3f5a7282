"""Sixth validator: waves and tolerances against the tenants that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.domain.fleet_config import FleetHeader, WaveSpec
from orchestrator.domain.made_up import is_made_up
from orchestrator.domain.naming import unknown
from orchestrator.plans.tenant_config import TenantRecord
from orchestrator.plans.waves import MOST_GROUPS, Selection, select_waves, static_problems, unknown_groups, unknown_ids
from orchestrator.secrets.masking import masked_url
from orchestrator.stages.health_asker import is_look
from orchestrator.stages.stage_factory import CompiledStage
from orchestrator.templates.condition import fields_read
from orchestrator.validation.findings import Findings
from orchestrator.validation.shape import Shape
from steps import AllowedHosts
from steps.http.address import what_is_wrong

_SURE: Final = frozenset[str]()
_ID: Final = frozenset(("tenant_id",))


def check_fleet(
    shape: Shape,
    records: Sequence[TenantRecord | None],
    partly: Sequence[TenantRecord | None],
    stages: Sequence[CompiledStage],
    plan: Mapping[str, Any],
    hosts: AllowedHosts,
    groups: Collection[str],
    findings: Findings,
) -> Selection | None:
    """Who goes in which wave; None when that cannot be said. What is wrong is reported. ``groups``: of the setting;
    ``records`` are of the right tenants, ``partly`` of the others.

    While something is wrong with tenants, only what is wrong whatever is right in its place. While waves are wrong,
    only what is wrong whomever they take.
    """
    header = shape.header
    if header is None:
        return None
    if not shape.wrong:
        _warn(header, header.max_concurrency, stages, findings)
    for index, wave in enumerate(header.waves or []):
        if wave.gate is not None and wave.gate.url is not None:
            reason = _why_not_asked(wave.gate.url, hosts)
            if reason is not None:
                findings.error(f"waves[{index}].gate.url", masked_url(wave.gate.url), reason)
    if "group_limits" not in shape.wrong:
        _check_groups(shape, groups, findings)
    tenants, unsure = _everybody(shape, records, partly)
    if tenants is None:
        findings.errors(static_problems(header))
        return None
    if not shape.wrong.isdisjoint(("plan_id", "name")):
        unsure |= {"plan"}
    if "waves" in shape.wrong or _depend_on(unsure, header.waves or ()):
        problems = [*static_problems(header), *unknown_groups(header, tenants)]
        selection = None
        if "tenant_id" not in unsure:
            problems += unknown_ids(header, tenants)
    else:
        selection = select_waves(header, tenants, plan)
        problems = selection.problems
    for one in problems:
        if "groups" not in unsure or not one.path.startswith("group_limits"):
            findings.error(one.path, None if is_made_up(one.value) else one.value, one.message)
    if selection is not None and not _ask_for_health(stages):
        selection.rules = selection.rules.only_waiting()
    return selection


def _everybody(
    shape: Shape, records: Sequence[TenantRecord | None], partly: Sequence[TenantRecord | None]
) -> tuple[list[tuple[str, str]] | None, frozenset[str]]:
    """All tenants in the plan's order, each with its config, and in which of their keys something is wrong. None when
    one is not known at all."""
    known = [(index, record, _SURE) for (index, _), record in zip(shape.tenants, records, strict=False)]
    known += [(one.index, record, one.unsure) for one, record in zip(shape.partly, partly, strict=False)]
    unsure = frozenset[str]().union(*(one for _, _, one in known))
    tenants = [
        # What no id can be: that of a tenant whose id is wrong stands for it in what is told.
        (f"tenants[{index}]" if "tenant_id" in wrong else record.tenant_id, record.config)
        for index, record, wrong in sorted(known, key=itemgetter(0))
        if record is not None
    ]
    if len(tenants) < shape.listed or not tenants:
        return None, unsure
    return tenants, unsure if shape.has_each_once else unsure | {"tenant_id"}


def _depend_on(unsure: frozenset[str], waves: Iterable[WaveSpec]) -> bool:
    """Whether it depends on these keys of the tenants, or on the plan if that is among them, whom the waves take."""
    chosen = [wave.tenants for wave in waves if unsure and wave.tenants is not None]
    read = [_ID if one.ids is not None else fields_read(one.where or "") for one in chosen]
    return any(one is None or one & unsure for one in read) or (
        "plan" in unsure and any("plan" in (one.where or "") for one in chosen)
    )


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
        message = "less than two intervals: who is gone at a look is looked at again an interval later, past this"
        findings.warn(f"{path}.soak.seconds", wave.soak.seconds, message)
