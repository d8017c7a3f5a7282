"""The stage catalogue: services named in the application's settings, and the stages that move each one.

A plan that names services gets their stages in its own spec when it is checked, so what runs is what was submitted:
a later change of the catalogue does not reach it, and the plan's digest covers what was resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from orchestrator.domain.config import ServiceSpec
from orchestrator.domain.errors import Problem
from orchestrator.domain.naming import snake_case, unknown
from orchestrator.settings.model import Settings

if TYPE_CHECKING:
    # At run time the validation package imports this module.
    from orchestrator.validation.findings import Findings

_KEY: Final = "service_names"
_STAGE = re.compile(r"\bstages\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class ResolvedServices:
    """The plan with stages for its service names; ``places`` says where in the catalogue each of them stands."""

    raw: Mapping[Any, Any]
    places: Sequence[str] = field(default=())
    is_named: bool = False
    """Whether services were named: what is wrong with them is said, and stages are not missed."""

    def relabel(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems with places in the catalogue where they would name stages that the plan's author never wrote."""
        if not self.places:
            return list(problems)
        return [Problem(self._text(one.path), one.value, self._text(one.message)) for one in problems]

    def _text(self, text: str) -> str:
        def place(match: re.Match[str]) -> str:
            index = int(match[1])
            return self.places[index] if index < len(self.places) else match[0]

        return _STAGE.sub(place, text)


def resolve_services(raw: Mapping[Any, Any], settings: Settings, findings: Findings) -> ResolvedServices:
    """Puts stages in the place of ``service_names``, or of nothing at all if there are default service names.

    The order is the catalogue's. What is wrong with the names is reported.
    """
    keys = [key for key in raw if isinstance(key, str) and snake_case(key) == _KEY]
    rest = {key: value for key, value in raw.items() if key not in keys}
    if len(keys) > 1:
        findings.error(keys[1], None, f"given twice, in two spellings ({_KEY})")
    given = raw[keys[0]] if keys else None
    if given is not None and "stages" in raw:
        findings.error(_KEY, None, "expected either stages or service_names, not both")
        return ResolvedServices(rest)
    if given is None:
        if "stages" in raw or not settings.default_service_names:
            return ResolvedServices(rest)
        given = settings.default_service_names
    names = _known(given, settings.services, findings)
    stages: list[dict[str, Any]] = []
    places: list[str] = []
    for name, service in settings.services.items():
        if name in names:
            for place, stage in _stages_of(name, service):
                places.append(place)
                stages.append(stage)
    return ResolvedServices({**rest, "stages": stages} if stages else rest, places, is_named=True)


def _known(given: Any, services: Mapping[str, ServiceSpec], findings: Findings) -> set[str]:
    if not isinstance(given, list | tuple) or not given:
        findings.error(_KEY, given, "expected a list of at least one service")
        return set()
    if not services:
        message = (
            "there is no stage catalogue: no `services` in the file named by CHANGEOVER_CONFIG (docs/catalogue.md)"
        )
        findings.error(_KEY, given, message)
        return set()
    names: set[str] = set()
    for index, name in enumerate(given):
        path = f"{_KEY}[{index}]"
        if not isinstance(name, str):
            findings.error(path, name, "expected text")
        elif name not in services:
            findings.error(path, name, unknown("service", name, services))
        elif name in names:
            findings.error(path, name, "given twice")
        else:
            names.add(name)
    return names


def _stages_of(name: str, service: ServiceSpec) -> Iterable[tuple[str, dict[str, Any]]]:
    if service.stages is None:
        stage = service.model_dump(exclude_none=True, exclude_defaults=True)
        yield f"services.{name}", {"name": name, **stage}
        return
    for index, own in enumerate(service.stages):
        stage = own.model_dump(exclude_none=True, exclude_defaults=True)
        conditions = [_bare(one) for one in (service.when, own.when) if one is not None]
        if conditions:
            stage["when"] = conditions[0] if len(conditions) == 1 else " and ".join(f"({one})" for one in conditions)
        yield f"services.{name}.stages[{index}]", stage


def _bare(condition: str) -> str:
    """The expression without the braces that it may be written in."""
    text = condition.strip()
    return text[2:-2].strip() if text.startswith("{{") and text.endswith("}}") else text
