"""``health-check``: wait until every instance of the tenant reports the expected version."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from steps.contract import Done, Failed, HttpRequest, Outcome, PollAgain, Step, StepContext, StepParameters
from steps.endpoints import MalformedEndpoints, health_endpoints
from steps.health_verdict import miss, version_text
from steps.wording import cut, join_bounded

NOTE_LIMIT_BYTES = 1000
"""A note is written at every poll, a failure once."""


def _usable_path(path: str) -> str:
    if any(character.isspace() or character in "{}" or not character.isprintable() for character in path):
        raise ValueError("a path holds no white space, braces or control characters")
    return path


def _as_text(version: object) -> object:
    if isinstance(version, float):
        raise ValueError(f"a decimal must be quoted, because 1.10 would be read as 1.1; got {version}")
    return version_text(version) if isinstance(version, int) else version


class HealthCheckParameters(StepParameters):
    """What to ask and how long.

    ``path``: for endpoints whose URL has none. ``version_key``: the key of the answer's JSON object.
    ``expected_version``: default the config's ``deploy_unit_version``; a decimal must be quoted (YAML reads 1.10 as
    1.1). ``interval_seconds``: between two attempts. ``max_attempts``: the last miss fails the stage.
    ``timeout_seconds``: for one instance's whole answer, connecting included.
    """

    path: Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_usable_path)] = "/health"
    version_key: Annotated[str, Field(min_length=1, max_length=200)] = "version"
    expected_version: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_as_text)] | None = None
    interval_seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 3.0
    max_attempts: Annotated[int, Field(ge=1, le=100_000)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=3_600, allow_inf_nan=False)] = 5.0


class HealthCheck(Step[HealthCheckParameters]):
    """Ask all endpoints at the same time; done when all of them report the expected version, compared as text.

    Outputs: ``version`` and ``instances`` (how many). Otherwise polls again every ``interval_seconds``, and fails with
    ``HealthCheckFailed`` at the last of ``max_attempts``, naming each instance that is not there and what it said.
    Fails at once with ``NoExpectedVersion``, ``NoEndpoints`` or ``MalformedEndpoints``.
    """

    name = "health-check"
    Parameters = HealthCheckParameters
    confirms_health = True

    def run(self, parameters: HealthCheckParameters, context: StepContext) -> Outcome:
        """One round over all instances."""
        own = context.config.get("deploy_unit_version")
        expected = parameters.expected_version or (None if own is None else version_text(own))
        if expected is None:
            return Failed("NoExpectedVersion", "the step has no expected_version and the config no deploy_unit_version")
        try:
            endpoints = health_endpoints(context.config, parameters.path)
        except MalformedEndpoints as error:
            return Failed("MalformedEndpoints", str(error))
        if not endpoints:
            return Failed("NoEndpoints", "the config has no network_endpoints, target_domain or target_ip to ask")

        requests = [HttpRequest(key, url) for key, url in endpoints]
        answers = context.http.fetch_all(requests, parameters.timeout_seconds)
        verdicts = [
            (endpoint.key, miss(answer, parameters.version_key, expected))
            for endpoint, answer in zip(endpoints, answers, strict=True)
        ]
        misses = [f"{cut(key)} {said}" for key, said in verdicts if said is not None]
        if not misses:
            return Done({"version": expected, "instances": len(endpoints)})

        many = f"{len(misses)} of {len(endpoints)} instances"
        if context.attempt >= parameters.max_attempts:
            head = f"{many} did not report version {cut(expected)} in {context.attempt} attempts: "
            return Failed("HealthCheckFailed", head + join_bounded(misses))
        head = f"attempt {context.attempt} of {parameters.max_attempts}: {many} not there: "
        return PollAgain(parameters.interval_seconds, head + join_bounded(misses, NOTE_LIMIT_BYTES))
