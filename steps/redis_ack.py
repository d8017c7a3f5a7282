"""``redis-ack``: write, publish, and wait until every instance returns the footprint of what was written."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator

from steps.contract import (
    Choice,
    Done,
    Failed,
    HttpAnswer,
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
from steps.expressions.json_path import NotThere, check_path, find
from steps.http.answer import said, trouble
from steps.http.parameters import Attempts, Headers, Interval, Timeout
from steps.instances.health_verdict import read_exact, version_text
from steps.instances.parameters import ListName, Path, instances_to_ask
from steps.redis.outage import ride_out
from steps.redis.parameters import Channel, ConnectionName, HashField, Key
from steps.wording import cut, join_bounded, quote

NOTE_LIMIT_BYTES = 1000
_WRITTEN, _VERIFIED = "written", "verified"


class AckResult(StrEnum):
    """How an instance did not acknowledge."""

    TIMEOUT = "TIMEOUT"
    """It gave no answer, or none in time."""

    MISMATCH = "MISMATCH"
    """It returned another footprint."""

    ERROR = "ERROR"
    """It answered what is no footprint: another status, no JSON, nothing at the path."""


class RedisAckParameters(StepParameters):
    """What to write, whom to tell, and where to look for it.

    ``footprint``: where in ``value`` and in an instance's answer the same thing must stand (``$.version``). ``field``:
    of the hash at ``key``; without it the key is a plain string. The rest is as of config-write and health-check.
    """

    key: Key
    field: HashField | None = None
    footprint: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(check_path)]
    value: Annotated[JsonValue, AfterValidator(checked)]
    channel: Channel
    message: Annotated[JsonValue, AfterValidator(checked)]
    interval_seconds: Interval = 1.0
    max_attempts: Attempts = 30
    timeout_seconds: Timeout = 5.0
    path: Path = "/health"
    headers: Headers | None = None
    instances: ListName | None = None
    choose: Choice = "all"
    connection: ConnectionName | None = None

    @field_validator("value")
    @classmethod
    def _carries_its_footprint(cls, value: JsonValue, info: ValidationInfo) -> JsonValue:
        if "footprint" in info.data:
            _footprint(encode_value(value).encode(), info.data["footprint"])
        return value

    def needs(self) -> Needs:
        return Needs(
            keys={"key": self.key},
            channels={"channel": self.channel},
            connections={"connection": self.connection} if self.connection else {},
            instances={"instances": self.instances} if self.instances else {},
            endpoints=self.instances is None,
        )


class RedisAck(Step[RedisAckParameters]):
    """Write under the fence and publish, both once a stage attempt; then ask every instance until all return it.

    Outputs: ``key``, ``footprint``, ``instances`` (how many), ``receivers`` and ``polls``. Fails with
    ``RedisAckFailed`` after the last of ``max_attempts`` polls, telling TIMEOUT, MISMATCH and ERROR apart for each
    instance; else as config-write and health-check do.
    """

    name = "redis-ack"
    Parameters = RedisAckParameters
    writes = True
    confirms_health = True

    def run(self, parameters: RedisAckParameters, context: StepContext) -> Outcome:
        """Write and publish, if that is still to be done, and one round over all instances."""
        state = dict(context.state)
        if not state.get(_WRITTEN):
            problem = self._write(parameters, context, state)
            if problem is not None:
                return problem
        polls = state.get(_VERIFIED)
        attempt = (polls if isinstance(polls, int) else 0) + 1
        last = attempt >= parameters.max_attempts
        state[_VERIFIED] = attempt
        endpoints = instances_to_ask(
            context, parameters.instances, parameters.choose, parameters.path, parameters.interval_seconds, last
        )
        if isinstance(endpoints, PollAgain):
            return PollAgain(endpoints.after_seconds, endpoints.note, state)
        if isinstance(endpoints, Failed):
            return endpoints
        wanted = _footprint(encode_value(parameters.value).encode(), parameters.footprint)
        requests = [HttpRequest(key, url, headers=parameters.headers or {}) for key, url in endpoints]
        answers = context.http.fetch_all(requests, parameters.timeout_seconds)
        misses: list[tuple[AckResult, str]] = []
        for endpoint, answer in zip(endpoints, answers, strict=True):
            miss = _miss(answer, parameters.footprint, wanted)
            if miss is not None:
                context.instances.failed(endpoint.url)
                misses.append((miss[0], f"{miss[0]} {cut(endpoint.key)} {miss[1]}"))
        if not misses:
            found: dict[str, JsonValue] = {"key": parameters.key, "footprint": cut(wanted), "instances": len(endpoints)}
            return Done({**found, "receivers": state.get("receivers"), "polls": attempt})
        many = f"{len(misses)} of {len(endpoints)} instances"
        said = [text for _, text in misses]
        if last or any(answer.refused for answer in answers):
            counts = Counter(result for result, _ in misses)
            summary = ", ".join(f"{counts[result]} {result}" for result in AckResult if counts[result])
            head = f"{many} did not return {parameters.footprint} {quote(wanted)} in {attempt} polls ({summary}): "
            return Failed("RedisAckFailed", head + join_bounded(said))
        head = f"poll {attempt} of {parameters.max_attempts}: {many} not there: "
        return PollAgain(parameters.interval_seconds, head + join_bounded(said, NOTE_LIMIT_BYTES), state)

    def _write(
        self, parameters: RedisAckParameters, context: StepContext, state: dict[str, JsonValue]
    ) -> PollAgain | Failed | None:
        value = encode_value(parameters.value)
        try:
            target = context.target_for(parameters.connection)
            written = target.write(context.token, parameters.key, parameters.field, value, None)
            if not written:
                key = quote(parameters.key)
                return Failed("FencedOut", f"the write to {key} was refused: {written.reason}")
            state["receivers"] = target.publish(parameters.channel, encode_value(parameters.message))
        except TargetUnavailable as error:
            # Both are done again then: the same write leaves the same value.
            return ride_out(error, context)
        except TargetRefused as error:
            return Failed(error.kind, str(error))
        state[_WRITTEN] = True
        return None


def _footprint(text: bytes, path: str) -> str:
    """What stands at the path, as text. Raises ``ValueError``."""
    try:
        found: Any = find(read_exact(text), path)
    except NotThere as error:
        raise ValueError(f"has no footprint at {path}: {error}") from error
    except ValueError as error:
        raise ValueError(f"has no footprint at {path}: it is no JSON") from error
    if isinstance(found, dict | list):
        return json.dumps(found, sort_keys=True, ensure_ascii=False)
    if found is None:
        raise ValueError(f"has no footprint at {path}: it is null there")
    return version_text(found)


def _miss(answer: HttpAnswer, path: str, wanted: str) -> tuple[AckResult, str] | None:
    """None when the instance returned the footprint, else how it did not and what it said."""
    if answer.status is None and not answer.refused:
        return AckResult.TIMEOUT, trouble(answer)
    if answer.error is not None or answer.status is None or not 200 <= answer.status < 300:
        return AckResult.ERROR, trouble(answer)
    try:
        found = _footprint(answer.body, path)
    except ValueError as error:
        return AckResult.ERROR, f"{error}{said(answer)}"
    return None if found == wanted else (AckResult.MISMATCH, f"returned {quote(found)}")
