"""``health-check``: wait until every instance of the tenant reports the expected version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, ValidationInfo, field_validator

from steps.contract import (
    Choice,
    Done,
    Endpoint,
    Failed,
    HttpRequest,
    Needs,
    Outcome,
    PollAgain,
    Step,
    StepContext,
    StepParameters,
    TargetRefused,
    TargetUnavailable,
)
from steps.encoding import checked, encode_value
from steps.expressions.json_path import check_path
from steps.http.parameters import Attempts, Headers, Interval, Timeout
from steps.instances.health_matrix import FLAPPING, InstanceState, add_round, verdict
from steps.instances.health_verdict import Reading, read, version_text
from steps.instances.parameters import ListName, Path, instances_to_ask
from steps.redis.parameters import Channel, ConnectionName
from steps.wording import cut, join_bounded

NOTE_LIMIT_BYTES = 1000
"""A note is written at every poll, a failure once."""


def _as_text(version: object) -> object:
    if isinstance(version, float):
        raise ValueError("a decimal must be quoted, because 1.10 would be read as 1.1")
    return version_text(version) if isinstance(version, int) else version


class Rebroadcast(StepParameters):
    """Tell laggards once more: pub/sub reaches only who listens at that moment. ``every``: so many polls."""

    channel: Channel
    message: Annotated[JsonValue, AfterValidator(checked)]
    every: Annotated[int, Field(ge=1, le=100_000)] = 3
    connection: ConnectionName | None = None


class HealthCheckParameters(StepParameters):
    """What to ask and how long.

    ``path``: for endpoints whose URL has none. ``version_key``: a key of the answer's JSON object, or a path such as
    ``$.data.version``. ``expected_version``: default the config's ``deploy_unit_version``; a decimal must be quoted
    (YAML reads 1.10 as 1.1). ``interval_seconds``: between two attempts. ``max_attempts``: the last miss fails the
    stage. ``timeout_seconds``: for one instance's whole answer, connecting included. ``consecutive_successes``: rounds
    in a row in which all instances must be there. ``fail_fast``: do not wait for an instance that cannot get there.
    ``instances``: a named list instead of the tenant's endpoints; ``choose`` all of it or one at random.
    """

    path: Path = "/health"
    version_key: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(check_path)] = "version"
    expected_version: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_as_text)] | None = None
    interval_seconds: Interval = 3.0
    max_attempts: Attempts = 10
    timeout_seconds: Timeout = 5.0
    consecutive_successes: Attempts = 1
    headers: Headers | None = None
    fail_fast: bool = False
    rebroadcast: Rebroadcast | None = None
    instances: ListName | None = None
    choose: Choice = "all"

    @field_validator("consecutive_successes")
    @classmethod
    def _can_be_reached(cls, value: int, info: ValidationInfo) -> int:
        most = info.data.get("max_attempts")
        if most is not None and value > most:
            raise ValueError(f"expected at most max_attempts ({most})")
        return value

    def needs(self) -> Needs:
        again = self.rebroadcast
        return Needs(
            channels={"rebroadcast.channel": again.channel} if again else {},
            connections={"rebroadcast.connection": again.connection} if again and again.connection else {},
            instances={"instances": self.instances} if self.instances else {},
            endpoints=self.instances is None,
        )


class HealthCheck(Step[HealthCheckParameters]):
    """Ask all endpoints at the same time; done when all of them report the expected version, compared as text.

    Outputs: ``version``, ``instances`` (how many), ``attempts`` and ``matrix``, the verdicts instance x attempt (see
    ``steps.instances.health_matrix``; between polls it stands in the state). Otherwise polls again every
    ``interval_seconds``, and fails with ``HealthCheckFailed`` at the last of ``max_attempts``, naming each instance
    that is not there and what it said. Fails at once with ``NoExpectedVersion``, ``NoEndpoints``,
    ``MalformedEndpoints``, ``UnknownInstances``.
    """

    name = "health-check"
    Parameters = HealthCheckParameters
    confirms_health = True

    def run(self, parameters: HealthCheckParameters, context: StepContext) -> Outcome:
        """One round over all instances."""
        expected = parameters.expected_version or _version_of(context.config)
        if expected is None:
            return Failed("NoExpectedVersion", "the step has no expected_version and the config no deploy_unit_version")
        endpoints = instances_to_ask(
            context,
            parameters.instances,
            parameters.choose,
            parameters.path,
            parameters.interval_seconds,
            context.attempt >= parameters.max_attempts,
        )
        if not isinstance(endpoints, list):
            return endpoints

        requests = [HttpRequest(key, url, headers=parameters.headers or {}) for key, url in endpoints]
        answers = context.http.fetch_all(requests, parameters.timeout_seconds)
        old = _version_of(context.other_config or {})
        readings = [read(answer, parameters.version_key, expected, old) for answer in answers]
        for endpoint, reading in zip(endpoints, readings, strict=True):
            if reading.state is not InstanceState.OK:
                context.instances.failed(endpoint.url)
        matrix = add_round(
            context.state.get("matrix"), [(e.key, r.state) for e, r in zip(endpoints, readings, strict=True)]
        )
        misses = _misses(endpoints, readings, matrix)
        streak = 0 if misses else _whole(context.state.get("streak")) + 1
        if streak >= parameters.consecutive_successes:
            found: dict[str, JsonValue] = {
                "version": expected,
                "instances": len(endpoints),
                "attempts": context.attempt,
                "matrix": matrix,
            }
            return Done(found)
        return self._not_yet(
            parameters, context, expected, endpoints, readings, misses, {"matrix": matrix, "streak": streak}
        )

    def _not_yet(
        self,
        parameters: HealthCheckParameters,
        context: StepContext,
        expected: str,
        endpoints: list[Endpoint],
        readings: list[Reading],
        misses: list[str],
        state: dict[str, Any],
    ) -> Outcome:
        attempt, most, wanted = context.attempt, parameters.max_attempts, parameters.consecutive_successes
        many = f"{len(misses)} of {len(endpoints)} instances"
        hopeless = parameters.fail_fast and any(reading.hopeless for reading in readings)
        if attempt >= most or hopeless:
            if not misses:
                said = f"all instances reported version {cut(expected)} in the last {state['streak']} attempts only"
                return Failed("HealthCheckFailed", f"{said}, not in {wanted} in a row within {attempt} attempts", state)
            head = f"{many} did not report version {cut(expected)} in {attempt} attempt{'s' if attempt != 1 else ''}"
            early = " (given up early: waiting cannot help)" if hopeless and attempt < most else ""
            return Failed("HealthCheckFailed", f"{head}{early}: {join_bounded(misses)}", state)
        if not misses:
            note = f"attempt {attempt} of {most}: all instances there, {state['streak']} of {wanted} times in a row"
            return PollAgain(parameters.interval_seconds, note, state)
        told = _tell_again(parameters.rebroadcast, context)
        head = f"attempt {attempt} of {most}: {many} not there: "
        return PollAgain(parameters.interval_seconds, head + join_bounded(misses, NOTE_LIMIT_BYTES) + told, state)


def _version_of(config: Mapping[str, Any]) -> str | None:
    version = config.get("deploy_unit_version")
    return None if version is None else version_text(version)


def _misses(endpoints: list[Endpoint], readings: list[Reading], matrix: Mapping[str, Any]) -> list[str]:
    """Each instance that is not there, with what it said."""
    rows = matrix["instances"]
    misses = []
    for endpoint, reading in zip(endpoints, readings, strict=True):
        if reading.state is not InstanceState.OK:
            flaps = verdict(rows.get(endpoint.key, "")) == FLAPPING
            misses.append(f"{cut(endpoint.key)} {reading.said}{' (flapping: it was there before)' if flaps else ''}")
    return misses


def _tell_again(again: Rebroadcast | None, context: StepContext) -> str:
    """Publishes when it is time to; what goes wrong is said and does no harm: the next time may work."""
    if again is None or context.attempt % again.every:
        return ""
    try:
        context.target_for(again.connection).publish(again.channel, encode_value(again.message))
    except (TargetUnavailable, TargetRefused) as error:
        return f"; told again in vain: {error}"
    return "; told again"


def _whole(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
