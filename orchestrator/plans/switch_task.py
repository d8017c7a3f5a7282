"""A switch task of the old executor: its list of tenant configs, as it is, made a plan.

What an old config says of its whole plan (``planId``, ``planVersion``, ``serviceNames``) stands in each one and must be
the same in all. ``None`` is what was left out. Fields of one platform become variables of the tenant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from orchestrator.domain.config import SourceConfig, TenantDeployConfig
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import snake_case, unknown
from orchestrator.files.text_file import refuse_file
from orchestrator.plans.plan_file import read_document

MAX_CONCURRENCY: Final = 10
"""Cap of a switch task that does not say otherwise."""

_OF_PLAN: Final = ("plan_id", "plan_version", "service_names")
_PLATFORM: Final = ("nacosNameSpace", "defaultFlag", "calledNumberRules", "trunkGroup")
_BEFORE: Final = ("source_ip", "source_domain")
_HEALTH: Final = "healthCheckEndpoints"
_SOURCE: Final = "source_tenant_deploy_config"
_OLD_NAMES: Final = {snake_case(name): name for name in (*_PLATFORM, _HEALTH)}
_TENANT: Final = frozenset(TenantDeployConfig.model_fields)


def plan_of_configs(configs: Any, **plan: Any) -> dict[str, Any]:
    """The plan, as a user would write it, unchecked but for what is the old form's own; ``plan`` holds further keys of
    one, which go before what the configs say. Nothing of the caller's is changed.

    Raises ``InvalidInput`` with one problem for each thing that has no place in a plan.
    """
    if isinstance(configs, str | bytes | Mapping) or not isinstance(configs, Iterable):
        raise InvalidInput([Problem("configs", None, "expected a list of tenant configs")])
    problems: list[Problem] = []
    tenants: list[dict[str, Any]] = []
    shared = _Shared(problems)
    for index, config in enumerate(configs):
        path = f"configs[{index}]"
        if isinstance(config, TenantDeployConfig):
            tenants.append(config.model_dump(exclude_unset=True))
        elif isinstance(config, Mapping):
            shared.take(path, config)
            tenants.append(_tenant(path, config, problems))
        else:
            problems.append(Problem(path, "null" if config is None else str(config), "expected a tenant's config"))
    if problems:
        raise InvalidInput(problems)
    return {"name": "switch task", "max_concurrency": MAX_CONCURRENCY, **shared.plan(plan), **plan, "tenants": tenants}


def read_switch_task(path: str | Path, **plan: Any) -> dict[str, Any]:
    """The same of a file: JSON (or YAML) with the list. Raises ``InvalidInput``."""
    value = read_document(path, "a JSON list of tenant configs")
    if not isinstance(value, list):
        refuse_file(str(path), "expected a JSON list of tenant configs (a plan needs no --format)")
    return plan_of_configs(value, **plan)


class _Shared:
    """What the configs say of their plan: the first that says it, and who differs."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._said: dict[str, tuple[str, Any]] = {}

    def take(self, path: str, config: Mapping[Any, Any]) -> None:
        """Of one config."""
        for key, value in _given(config):
            name = snake_case(key)
            if name not in _OF_PLAN:
                continue
            if name == "plan_version" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                self._problems.append(Problem(f"{path}.{key}", value, "expected a whole number from 1"))
                continue
            first, said = self._said.setdefault(name, (f"{path}.{key}", value))
            if said != value:
                message = f"differs from {first} ({_short(said)}): one plan has one; submit it apart"
                self._problems.append(Problem(f"{path}.{key}", value, message))

    def plan(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """As keys of a plan; what is ``given`` for it in the call goes before."""
        said = {name: value for name, (_, value) in self._said.items()}
        found: dict[str, Any] = {}
        version = said.get("plan_version")
        if "plan_id" in said:
            found["plan_id"] = f"{said['plan_id']}" + (f"-v{version}" if version is not None else "")
        if "service_names" in said and not {"stages", "service_names"} & {snake_case(key) for key in given}:
            found["service_names"] = said["service_names"]
        return found


def _tenant(path: str, config: Mapping[Any, Any], problems: list[Problem]) -> dict[str, Any]:
    tenant = _config(path, config, _TENANT, problems)
    source = tenant.get(_SOURCE)
    if isinstance(source, Mapping):
        known = frozenset(SourceConfig.model_fields)
        tenant[_SOURCE] = _config(f"{path}.sourceTenantDeployConfig", source, known, problems)
    return tenant


def _config(path: str, config: Mapping[Any, Any], known: frozenset[str], problems: list[Problem]) -> dict[str, Any]:
    """One config under the new names. What a source says of the plan that it was once part of is left out."""
    found: dict[str, Any] = {}
    old: dict[str, Any] = {}
    for key, value in _given(config):
        name = snake_case(key)
        if name in _OF_PLAN:
            continue
        if name in found or _OLD_NAMES.get(name) in old:
            problems.append(Problem(f"{path}.{key}", None, "given twice, in two spellings"))
        elif name == "network_endpoints":
            found[name] = _endpoints(value, old)
        elif name in known:
            found[name] = value
        elif name in _OLD_NAMES:
            old[_OLD_NAMES[name]] = value
        elif name == _SOURCE:
            problems.append(Problem(f"{path}.{key}", None, "the config to go back to has none of its own"))
        else:
            names = [*(_camel(one) for one in known), *_OLD_NAMES.values(), *map(_camel, _OF_PLAN)]
            problems.append(Problem(f"{path}.{key}", None, unknown("key", key, names)))
    if isinstance(found.get("tenant_id"), int) and not isinstance(found["tenant_id"], bool):
        found["tenant_id"] = str(found["tenant_id"])
    if _HEALTH in old:
        _ask_there(path, old.pop(_HEALTH), found, old, problems)
    if old:
        variables = found.get("variables", {})
        found["variables"] = {**old, **variables} if isinstance(variables, Mapping) else variables
    return found


def _ask_there(
    path: str, endpoints: Any, found: dict[str, Any], variables: dict[str, Any], problems: list[Problem]
) -> None:
    """Health is asked at these; the endpoints that the config also has stay what they were: something to be written."""
    if not isinstance(endpoints, list) or not all(isinstance(one, str) for one in endpoints):
        problems.append(Problem(f"{path}.{_HEALTH}", None, "expected a list of URLs"))
        return
    if endpoints:
        if "network_endpoints" in found:
            variables.setdefault("networkEndpoints", found["network_endpoints"])
        found["network_endpoints"] = [{"value": url} for url in endpoints]


def _given(config: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(key), value) for key, value in config.items() if value is not None)


def _endpoints(endpoints: Any, variables: dict[str, Any]) -> Any:
    """Those that are to be asked; where traffic came from before stays with the whole list in a variable."""
    if not isinstance(endpoints, Sequence) or isinstance(endpoints, str):
        return endpoints
    whole = [dict(_given(one)) if isinstance(one, Mapping) else one for one in endpoints]
    asked = [
        {key: value for key, value in one.items() if snake_case(key) not in _BEFORE} if isinstance(one, dict) else one
        for one in whole
    ]
    if asked != whole:
        variables["networkEndpoints"] = whole
    return asked


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "…"
