"""All that is wrong with a request of the API, told at once, as the command line and ``Client`` tell it.

FastAPI ends at the first check that refuses, and asks for nothing while a part of the request is of a wrong kind. So a
request that was refused is gone through once more: who may not ask learns that alone; then each check has its say,
FastAPI of every part, and the route's own call of what could be read, by a client that can do nothing but judge.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, Final, cast

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params, solve_dependencies
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined
from starlette.concurrency import run_in_threadpool

from orchestrator.client import Client
from orchestrator.console.access.roles import Actor, PermissionNeeded, actor_of
from orchestrator.console.api.bodies import Asked, name_problems, request_id
from orchestrator.console.api.known_parameters import CHECKS, KEY, Unrepeatable
from orchestrator.console.api.reading_plan import PlanText
from orchestrator.console.api.shared import Shared, shared_of
from orchestrator.console.api.tokens import rates_of
from orchestrator.console.parts import client_of
from orchestrator.console.problems import Refusal, mistakes_in
from orchestrator.control.answers import SubmitResult
from orchestrator.control.door import ClientDoor, PlanSource
from orchestrator.control.mistakes import Mistakes, renamed
from orchestrator.control.page_answers import ValidationResult
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem, cut_text
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import model_in

_JSON: Final = re.compile(r"application/(.*\+)?json")
_MEANT: Final[Mapping[str, Sequence[str]]] = {
    "all_tenants": ("all",),
    "before": ("endedBefore",),
    "freeze": ("freezeId",),
    "pattern": ("tenant",),
    "plan_id": ("plan",),
    "request_id": (KEY,),
    "since": ("from",),
    "statuses": ("status",),
    "task_id": ("task",),
    "tenant_id": ("tenant",),
    "tenants": ("tenant",),
}
"""What arguments of ``Client`` are called in the API, where it is not the same in camelCase; the first that a route
has."""


async def every_mistake(request: Request, error: Exception) -> Exception:
    """The error to answer: where a request of the API is wrong, one with all of it, by the names of the API."""
    route = request.scope.get("route")
    is_ours = isinstance(route, APIRoute) and request.url.path.startswith("/api/")
    if not is_ours or not isinstance(error, InvalidInput | RequestValidationError | Unrepeatable):
        return error
    try:
        return InvalidInput(await _all_wrong(request, cast(APIRoute, route), error))
    except Exception as instead:  # noqa: BLE001 - what is nobody's mistake is answered and logged as anywhere else
        return instead


async def _all_wrong(request: Request, route: APIRoute, error: Exception) -> list[Problem]:
    """Raises ``Refusal`` for who may not ask, and for what is refused for another reason alone; and what nobody
    foresaw."""
    actor = actor_of(request)
    needed = [one.call for one in route.dependant.dependencies if isinstance(one.call, PermissionNeeded)]
    for permitted in needed:
        actor.require(permitted.permission)
    mistakes, unrepeatable = Mistakes(), None
    for check in CHECKS:
        with mistakes:
            try:
                await check(request)
            except Unrepeatable as refused:
                unrepeatable = refused
    unread = isinstance(error, RequestValidationError) and error.errors()[0]["type"] == "json_invalid"
    body = PydanticUndefined if unread else await _body_of(request, route, error)
    values, errors = await _read(request, route, body, dict.fromkeys(needed, lambda: actor))
    if unread:
        # Of a body that nobody can read no key is missing.
        errors = [*cast(RequestValidationError, error).errors(), *(one for one in errors if one["loc"][0] != "body")]
    with mistakes:
        raise InvalidInput(mistakes_in(errors, request))
    for one in route.dependant.body_params:
        if values.get(one.name) is None and isinstance(body, dict):
            values[one.name] = _as_far_as_right(model_in(one.field_info.annotation), body)
        if isinstance(asked := values.get(one.name), Asked) and (wrong := name_problems(actor, asked)):
            mistakes.found += wrong
            values[one.name] = asked.model_copy(update={"actor": None})
    is_read = not unread and not any(one["loc"] == ("body",) for one in errors)
    is_told = not mistakes and not unrepeatable
    for name, one in values.items():
        if isinstance(one, PlanText):
            values[name] = _PlanIfRead(one, mistakes)
            is_told = is_told and not one.is_unreadable
    if is_read and not is_told:
        with mistakes:
            raise InvalidInput(_as_written(await _judged(route, values), route))
    if unrepeatable and not mistakes:
        raise unrepeatable
    if unrepeatable:
        mistakes.found.append(Problem(KEY, request.headers[KEY], unrepeatable.reason))
    # Nothing but what the route's call has found: it has told all.
    return mistakes.found or _as_written(error.problems if isinstance(error, InvalidInput) else [], route)


async def _body_of(request: Request, route: APIRoute, error: Exception) -> Any:
    """As FastAPI has read it: a plan is no body to it. What does not say that it is JSON is bytes to it, of which
    nothing can be judged: raises ``Refusal``."""
    if not route.dependant.body_params:
        return error.body if isinstance(error, RequestValidationError) else PydanticUndefined
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if await request.body() and not _JSON.fullmatch(kind):
        detail = f"this request's body is application/json; its Content-Type is {cut_text(kind, 100) or 'missing'}"
        raise Refusal(415, "unsupported_media_type", "Not a kind that this body is written in", detail)
    if isinstance(error, RequestValidationError):
        return error.body
    return await request.json() if await request.body() else PydanticUndefined


async def _read(
    request: Request, route: APIRoute, body: Any, actors: Mapping[Callable[..., Any], Callable[[], Actor]]
) -> tuple[dict[str, Any], list[Any]]:
    """The arguments of the route's call that can be read, and what is wrong with the others."""
    client, shared = request.app.state.client, request.app.state.shared
    door, checks = _Judging(url="", submits=_PlanChecks(client)), _Judging(checks=shared.checks)
    instead: dict[Any, Callable[[], Any]] = {
        **actors,
        **dict.fromkeys(CHECKS, lambda: None),
        request_id: lambda: None,
        client_of: lambda: Client(door=cast(ClientDoor, door)),
        shared_of: lambda: cast(Shared, checks),
        # Of what an actor may do in a time a call that is only judged takes nothing.
        rates_of: lambda: _Judging(links=_Judging(take=lambda _: None)),
    }
    solved = await solve_dependencies(
        request=request,
        dependant=route.dependant,
        body=body,
        dependency_overrides_provider=SimpleNamespace(dependency_overrides=instead),
        async_exit_stack=request.scope["fastapi_inner_astack"],
        embed_body_fields=False,
    )
    return solved.values, solved.errors


def _as_far_as_right(model: type[BaseModel] | None, given: Mapping[str, Any]) -> BaseModel | None:
    """The body as if what is wrong with it had not been said; what it lacks is None."""
    if model is None:
        return None
    values: dict[str, Any] = {}
    said = set[str]()
    for name, field in model.model_fields.items():
        values[name] = None if field.is_required() else field.get_default(call_default_factory=True)
        key = name if field.alias is None or name in given else field.alias
        if key in given:
            said.add(name)
            try:
                kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
                values[name] = TypeAdapter(kind).validate_python(given[key])
            except ValidationError:
                continue
    return model.model_construct(said, **values)


async def _judged(route: APIRoute, values: dict[str, Any]) -> Collection[Problem]:
    """What the route's call refuses of its arguments."""
    for name, parameter in inspect.signature(route.endpoint).parameters.items():
        if parameter.default is parameter.empty:
            values.setdefault(name, None)
    try:
        if inspect.iscoroutinefunction(route.endpoint):
            await route.endpoint(**values)
        else:
            await run_in_threadpool(route.endpoint, **values)
    except InvalidInput as error:
        return error.problems
    except (_NothingWrong, ChangeoverError):
        # Who cannot be found or reached is asked for anew once the rest is right.
        return []
    return []


def _as_written(problems: Collection[Problem], route: APIRoute) -> list[Problem]:
    """The same by the names that the route has for them."""
    names = {one.alias for one in get_flat_params(route.dependant)}
    for one in route.dependant.body_params:
        model = model_in(one.field_info.annotation)
        names |= {field.alias or name for name, field in model.model_fields.items()} if model else set()
    return [renamed(one, partial(_named, names)) for one in problems]


def _named(names: Collection[str], name: str) -> str:
    if name in names:
        return name
    alike = [one for one in names if snake_case(one) == name]
    return next((one for one in (*alike, *_MEANT.get(name, ())) if one in names), name)


class _NothingWrong(Exception):
    """The call is about to be done, so nothing was wrong with it."""


class _Judging:
    """Stands for what a call would go on to, but for the parts by which it judges."""

    def __init__(self, **parts: object) -> None:
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Any:
        raise _NothingWrong


_UNREAD: Final[Mapping[str, Any]] = {}
"""Stands for a plan that cannot be read."""


class _PlanIfRead:
    """A plan's text; that it cannot be read is one of the request's mistakes."""

    def __init__(self, text: PlanText, mistakes: Mistakes) -> None:
        self.size = text.size
        self._text, self._mistakes = text, mistakes

    def values(self) -> Mapping[str, Any]:
        """The plan as values."""
        with self._mistakes:
            return self._text.values()
        return _UNREAD


class _PlanChecks:
    """Checks of plans, which write nothing; what would be done with one then is not."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def check(self, plan: PlanSource, *, show: bool) -> tuple[ValidationResult, Any]:
        """Raises ``InvalidInput`` with the plan's mistakes."""
        if plan is _UNREAD:
            return ValidationResult(valid=False), iter(())
        found, tenants = self._client.validate(plan)
        if found.errors:
            raise InvalidInput(list(found.errors))
        return found, tenants

    def submit(self, plan: PlanSource, *_: Any, **__: Any) -> SubmitResult:
        """The same."""
        self.check(plan, show=False)
        raise _NothingWrong

    preview = submit
