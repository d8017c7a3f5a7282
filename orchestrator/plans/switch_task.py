"""A switch task of the old executor: its list of tenant configs, as it is, made a plan.

What an old config says of its whole plan (``planId``, ``planVersion``, ``serviceNames``) stands in each one and must be
the same in all. ``None`` is what was left out. Fields of one platform become variables of the tenant.

Who wrote the list never saw the plan: what is wrong with it is told of the list (``SwitchTask.in_its_words``), at once
with what has no place in a plan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic.alias_generators import to_camel

from orchestrator.domain.config import NetworkEndpoint, SourceConfig, TenantDeployConfig
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import snake_case, unknown
from orchestrator.files.text_file import refuse_file
from orchestrator.plans.plan_file import read_document
from orchestrator.plans.told_values import kind, quotable_of, told_in_words

MAX_CONCURRENCY: Final = 10
"""Cap of a switch task that does not say otherwise."""

_OF_PLAN: Final = ("plan_id", "plan_version", "service_names")
_PLATFORM: Final = ("nacosNameSpace", "defaultFlag", "calledNumberRules", "trunkGroup")
_BEFORE: Final = ("source_ip", "source_domain")
_HEALTH: Final = "healthCheckEndpoints"
_SOURCE: Final = "source_tenant_deploy_config"
_OLD_NAMES: Final = {snake_case(name): name for name in (*_PLATFORM, _HEALTH)}
_TENANT: Final = frozenset(TenantDeployConfig.model_fields)
_ENDPOINTS: Final = "network_endpoints"
_PLACE: Final = re.compile(r"\btenants\[(\d+)\]((?:\.\w+|\[\d+\])*)")
_OF_HEAD: Final = re.compile(r"(plan_id|service_names)\b")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_WANTED: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "plan_id": (lambda value: _is_whole(value) or isinstance(value, str), "a whole number or text"),
    "plan_version": (lambda value: _is_whole(value) and value >= 1, "a whole number from 1"),
}

MOST_NAMED: Final = 100
"""Things without a place that are named; the others are counted."""

PlanCheck = Callable[[dict[str, Any]], Sequence[Problem]]
"""What is wrong with a plan."""


@dataclass(frozen=True)
class SwitchTask:
    """``plan``: as a user would write it, unchecked; ``problems``: one for each thing that has no place in it.

    ``configs``: those that became its tenants, each with its place in the list; ``said``: what configs say of the plan,
    and the first place where it stands.
    """

    plan: dict[str, Any]
    problems: list[Problem]
    configs: list[tuple[int, Any]]
    said: dict[str, tuple[str, Any]]

    def require(self, check: PlanCheck) -> dict[str, Any]:
        """The plan, when nothing was without a place. Raises ``InvalidInput`` with that and what ``check`` finds."""
        if not self.problems:
            return self.plan
        named = self.problems[:MOST_NAMED]
        if more := len(self.problems) - len(named):
            named.append(Problem("", None, f"and {more} more things that have no place in a plan"))
        # Of a list without a config that could be read, it is said already that there is no tenant.
        found = [one for one in check(self.plan) if one.path != "tenants" or self.configs]
        raise InvalidInput(sorted(self.in_its_words([*named, *found]), key=_place_in_list))

    def in_its_words(self, problems: Iterable[Problem]) -> list[Problem]:
        """What is wrong with the plan, as something in the list of configs."""
        return [self._in_its_words(problem) for problem in problems]

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What is raised inside as wrong with the plan is in the words of the list."""
        try:
            yield
        except InvalidInput as error:
            raise InvalidInput(self.in_its_words(error.problems)) from None

    def _in_its_words(self, problem: Problem) -> Problem:
        head = _OF_HEAD.match(problem.path)
        if head is not None and head[1] in self.said:
            path, value = self.said[head[1]]
            rest = problem.path[head.end() :]
            return Problem(path + rest, problem.value if rest else quotable_of(value), problem.message)
        if problem.path == "tenants":
            return replace(problem, path="configs")
        if problem.path == "stages" and problem.value is None and "stages" not in self.plan:
            return Problem("configs", None, "no config says serviceNames, of the stage catalogue, nor the call stages")
        path, message = (_PLACE.sub(self._old_place, text) for text in (problem.path, problem.message))
        return Problem(path, problem.value, message)

    def _old_place(self, found: re.Match[str]) -> str:
        if int(found[1]) >= len(self.configs):
            return found[0]
        index, config = self.configs[int(found[1])]
        rest = re.findall(r"\w+|\[\d+\]", found[2])
        return f"configs[{index}]" + (_old_place(config, rest) if isinstance(config, Mapping) else found[2])


def switch_task(configs: Any, **plan: Any) -> SwitchTask:
    """``plan`` holds further keys of a plan, which go before what the configs say. Nothing of the caller's is changed.

    Raises ``InvalidInput`` for what is no list.
    """
    if isinstance(configs, str | bytes | Mapping) or not isinstance(configs, Iterable):
        raise InvalidInput([Problem("configs", None, "expected a list of tenant configs")])
    problems: list[Problem] = []
    tenants: list[dict[str, Any]] = []
    taken: list[tuple[int, Any]] = []
    shared = _SharedByAll(problems)
    for index, config in enumerate(configs):
        path = f"configs[{index}]"
        if isinstance(config, TenantDeployConfig):
            tenants.append(config.model_dump(exclude_unset=True))
        elif isinstance(config, Mapping):
            shared.take(path, config)
            tenants.append(_tenant(path, config, problems))
        else:
            problems.append(Problem(path, kind(config), "expected a tenant's config"))
            continue
        taken.append((index, config))
    head, said = shared.plan(plan)
    whole = {"name": "switch task", "max_concurrency": MAX_CONCURRENCY, **head, **plan, "tenants": tenants}
    return SwitchTask(whole, problems, taken, said)


def read_switch_task(path: str | Path, **plan: Any) -> SwitchTask:
    """The same of a file: JSON (or YAML) with the list. Raises ``InvalidInput``."""
    value = read_document(path, "a JSON list of tenant configs")
    if not isinstance(value, list):
        refuse_file(str(path), "expected a JSON list of tenant configs (a plan needs no --format)")
    return switch_task(value, **plan)


class _SharedByAll:
    """What the configs say of their plan: the first that says it, and who differs."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._said, self._wrong = dict[str, tuple[str, Any]](), set[str]()

    def take(self, path: str, config: Mapping[Any, Any]) -> None:
        """Of one config."""
        for key, value in _given(config):
            name = snake_case(key)
            if name not in _OF_PLAN:
                continue
            wanted = _WANTED.get(name)
            if wanted is not None and not wanted[0](value):
                self._problems.append(Problem(f"{path}.{key}", quotable_of(value), f"expected {wanted[1]}"))
                self._wrong.add(name)
                continue
            first, said = self._said.setdefault(name, (f"{path}.{key}", value))
            if said != value:
                message = f"differs from {first} ({told_in_words(said)}): one plan has one; submit it apart"
                self._problems.append(Problem(f"{path}.{key}", quotable_of(value), message))

    def plan(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
        """As keys of a plan, and where each was said; what is ``given`` for it in the call goes before."""
        said = {name: value for name, (_, value) in self._said.items()}
        of_call = {snake_case(key) for key in given}
        found: dict[str, Any] = {}
        version = said.get("plan_version")
        if version is not None and not {"plan_id"} & (said.keys() | of_call | self._wrong):
            self._problems.append(Problem(*self._said["plan_version"], "of no plan: no config has a planId"))
        if "plan_id" in said and "plan_id" not in of_call:
            found["plan_id"] = f"{said['plan_id']}" + (f"-v{version}" if version is not None else "")
        if "service_names" in said and not {"stages", "service_names"} & of_call:
            found["service_names"] = said["service_names"]
        return found, {name: self._said[name] for name in found}


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
        elif name == _ENDPOINTS:
            found[name] = _endpoints(f"{path}.{key}", value, old, problems)
        elif name in known:
            found[name] = value
        elif name in _OLD_NAMES:
            old[_OLD_NAMES[name]] = value
        elif name == _SOURCE:
            problems.append(Problem(f"{path}.{key}", None, "the config to go back to has none of its own"))
        else:
            names = [*(to_camel(one) for one in known), *_OLD_NAMES.values(), *map(to_camel, _OF_PLAN)]
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
        if _ENDPOINTS in found:
            variables.setdefault(to_camel(_ENDPOINTS), found[_ENDPOINTS])
        found[_ENDPOINTS] = [{"value": url} for url in endpoints]


def _given(config: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(key), value) for key, value in config.items() if value is not None)


def _endpoints(path: str, endpoints: Any, variables: dict[str, Any], problems: list[Problem]) -> Any:
    """Those that are to be asked; where traffic came from before stays with the whole list in a variable."""
    if not isinstance(endpoints, Sequence) or isinstance(endpoints, str):
        return endpoints
    whole = [dict(_given(one)) if isinstance(one, Mapping) else one for one in endpoints]
    asked = [
        {key: value for key, value in one.items() if snake_case(key) not in _BEFORE} if isinstance(one, dict) else one
        for one in whole
    ]
    names = (*NetworkEndpoint.model_fields, *_BEFORE)
    for index, one in enumerate(whole):
        for key in [key for key in (one if isinstance(one, dict) else ()) if snake_case(key) not in names]:
            problems.append(
                Problem(f"{path}[{index}].{key}", None, unknown("key", key, [to_camel(one) for one in names]))
            )
            asked[index].pop(key)
    if asked != whole:
        variables[to_camel(_ENDPOINTS)] = whole
    return asked


def _old_place(config: Mapping[Any, Any], place: Sequence[str]) -> str:
    """Where in the old config that stands of which this is the place in the tenant."""
    if not place:
        return ""
    written = {snake_case(key): key for key, _ in _given(config)}
    name, *rest = place
    if name == _SOURCE and isinstance(source := config.get(written.get(name, "")), Mapping):
        return f".{written[name]}{_old_place(source, rest)}"
    health = written.get(snake_case(_HEALTH), "")
    if name == _ENDPOINTS and config.get(health):
        return f".{health}{rest[0] if rest else ''}"
    if name == "variables" and rest and snake_case(rest[0]) in (*_OLD_NAMES, _ENDPOINTS):
        name, *rest = (snake_case(rest[0]), *rest[1:])
    behind = [one if one.startswith("[") else f".{to_camel(one) if name == _ENDPOINTS else one}" for one in rest]
    return f".{written.get(name, _OLD_NAMES.get(name) or to_camel(name))}{''.join(behind)}"


def _place_in_list(problem: Problem) -> int:
    """Of the whole plan first, then in the order of the configs."""
    found = re.match(r"configs\[(\d+)\]", problem.path)
    return int(found[1]) if found else -1
