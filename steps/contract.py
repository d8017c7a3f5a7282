"""What a step is: one idempotent action on one tenant, run by a worker inside a stage.

A step may run more than once for the same stage (a worker can die after the effect and before the record), so
every step must be idempotent: doing it again leaves the target as doing it once did.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel


class StepParameters(BaseModel):
    """Base of every step's parameter model: snake_case or camelCase in, unknown keys refused, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=to_camel)


@dataclass(frozen=True, slots=True)
class Done:
    """The step has had its effect. ``outputs`` (JSON values) are recorded in the task's checkpoint."""

    outputs: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PollAgain:
    """Not there yet: run this step again in ``after_seconds``. No worker slot is held meanwhile.

    ``note`` says to a person what is being waited for; ``state`` (JSON values) is handed back as
    ``StepContext.state`` at the next attempt.
    """

    after_seconds: float
    note: str = ""
    state: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The step cannot succeed; its stage and task fail. ``kind`` is a stable CamelCase word, ``message`` for people."""

    kind: str
    message: str


Outcome = Done | PollAgain | Failed


@dataclass(frozen=True, slots=True)
class FenceToken:
    """Proof of who writes: the namespace's ``incarnation`` and the holder's ``epoch`` (both stored in the fence key).

    ``holder_key``/``holder_field``/``holder_value`` name the ledger's own record of the tenant's holder; a target on
    the ledger's own Redis refuses the write unless that hash field still has that value.
    """

    incarnation: str
    epoch: int
    holder_key: str
    holder_field: str
    holder_value: str


class Target(Protocol):
    """A Redis that steps write to.

    Both methods raise ``TargetUnavailable`` when it cannot be reached or cannot serve for now, ``TargetRefused`` when
    it answered and will answer the same again. After ``TargetUnavailable`` the effect may or may not have happened.
    """

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> bool:
        """Fenced SET (``field`` None) or HSET; False when a newer holder has written, or holds the tenant now.

        ``ttl_seconds`` is the life of the whole key, for HSET too. Raises ``WrongType`` when the key holds
        something that this write would destroy or cannot change.
        """
        ...

    def publish(self, channel: str, message: str) -> int:
        """Publish and return how many subscribers received it."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request of a batch; ``key`` names it in the answers."""

    key: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: ``status`` and a bounded ``body``, or ``error`` (a short sentence) when nothing usable did.

    With ``error``, ``status`` is set only if the head of an answer came whose body could not be used.
    """

    key: str
    status: int | None
    body: bytes
    error: str | None


class Http(Protocol):
    """A pooled HTTP client shared by a worker process."""

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        """Send all at the same time; each has ``timeout_seconds`` from opening the connection to last byte read.

        The answers come in the order of the requests. Never raises for what the network or a server does.
        """
        ...


@dataclass(frozen=True, slots=True)
class StepContext:
    """Everything a step may know. ``config`` is the tenant's config being applied (snake_case keys, JSON values).

    ``attempt`` counts this step's attempts in this stage, from 1. ``idempotency_key`` is the same for every
    attempt of the same step of the same stage of the same attempt of a task.
    """

    tenant_id: str
    config: Mapping[str, Any]
    attempt: int
    state: Mapping[str, JsonValue]
    token: FenceToken
    idempotency_key: str
    target: Target
    http: Http


P = TypeVar("P", bound=StepParameters)


class Step(ABC, Generic[P]):
    """One kind of step. Stateless: one object serves all tenants and threads of a process."""

    name: ClassVar[str]
    """The word after ``type:`` in a plan file, kebab-case."""

    Parameters: ClassVar[type[StepParameters]]
    """The model of its parameters."""

    writes: ClassVar[bool] = False
    """True when it changes the tenant; a stage without such a step only verifies or only tells."""

    confirms_health: ClassVar[bool] = False
    """True when its success proves that the tenant's instances run the config being applied."""

    @abstractmethod
    def run(self, parameters: P, context: StepContext) -> Outcome:
        """Act once. An exception that escapes is recorded as a failure of kind ``StepError``."""


class TargetUnavailable(Exception):
    """The target Redis could not be reached; the message names it without its password."""


class TargetRefused(Exception):
    """The target Redis answered and said no (permission, cluster slot ...); asking again would not help."""

    kind: ClassVar[str] = "TargetRefused"
    """The ``Failed.kind`` that a step reports for it."""


class WrongType(TargetRefused):
    """The key holds another type of value than the write needs; it was left as it is."""

    kind: ClassVar[str] = "WrongType"
