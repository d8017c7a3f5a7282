"""Which instances a step asks: the tenant's own endpoints, or a named list."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from steps.contract import Choice, Endpoint, Failed, PollAgain, SourceUnavailable, StepContext, UnknownInstances
from steps.instances.endpoints import MalformedEndpoints, health_endpoints


def _usable_path(path: str) -> str:
    if any(character.isspace() or character in "{}" or not character.isprintable() for character in path):
        raise ValueError("a path holds no white space, braces or control characters")
    return path


Path = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_usable_path)]
ListName = Annotated[str, Field(min_length=1, max_length=200)]


def instances_to_ask(
    context: StepContext, name: str | None, choice: Choice, path: str, retry_seconds: float, last: bool
) -> list[Endpoint] | Failed | PollAgain:
    """The instances, never none; or what the step is to answer instead. ``last``: there is no further attempt."""
    if name is None:
        try:
            found = health_endpoints(context.config, path)
        except MalformedEndpoints as error:
            return Failed("MalformedEndpoints", str(error))
        return found or Failed("NoEndpoints", "the config has no network_endpoints, target_domain or target_ip to ask")
    try:
        found = context.instances.pick(name, choice, path)
    except UnknownInstances as error:
        return Failed("UnknownInstances", str(error))
    except SourceUnavailable as error:
        if last:
            return Failed("SourceUnavailable", str(error))
        return PollAgain(retry_seconds, str(error), context.state)
    return found or Failed("NoEndpoints", f"the instance list {name!r} is empty, and so is its fallback")
