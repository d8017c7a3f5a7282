"""What a step is: one idempotent action on one tenant, run by a worker inside a stage.

A step may run more than once for the same stage (a worker can die after the effect and before the record), so
every step must be idempotent: doing it again leaves the target as doing it once did.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, field_validator
from pydantic.alias_generators import to_camel

from steps.numbers_only import no_truth_for_a_number

MAX_POLL_SECONDS: Final = 1800.0
"""A worker cuts ``PollAgain.after_seconds`` at this; ``steps.long_wait`` chops longer waits."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a step reaches for besides the tenant, by parameter (``{"url": "https://..."}``); checked at submit.

    ``urls``: addresses that it calls. ``connections``: names of Redis connections. ``instances``: names of instance
    lists. ``keys``: Redis keys that it writes. ``channels``: those that it publishes on. ``endpoints``: whether it asks
    the tenant's own, so that the tenant must have some.
    """

    urls: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)
    endpoints: bool = False


NO_NEEDS: Final = Needs()


class StepParameters(BaseModel):
    """Base of every step's parameter model: snake_case or camelCase in, unknown keys refused, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=to_camel)

    _numbers = field_validator("*", mode="before")(no_truth_for_a_number)

    def needs(self) -> Needs:
        """What the step reaches for besides the tenant; override it where there is something to check at submit."""
        return NO_NEEDS


@dataclass(frozen=True, slots=True)
class Done:
    """The step has had its effect. ``outputs`` (JSON values) are recorded in the task's checkpoint."""

    outputs: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PollAgain:
    """Not there yet: run this step again in ``after_seconds``. No worker slot is held meanwhile.

    At most ``MAX_POLL_SECONDS``. ``note`` says to a person what is being waited for; ``state`` (JSON values, no
    secrets: they are masked) is handed back as ``StepContext.state`` at the next attempt.
    """

    after_seconds: float
    note: str = ""
    state: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The step cannot succeed; its stage and task fail. ``kind`` is a stable CamelCase word
    (ASCII letters and digits; another is told in the message of a ``StepError``), ``message`` for people.

    ``state``: what it had seen by then, to be looked at; none to leave that as the last poll kept it.
    """

    kind: str
    message: str
    state: Mapping[str, JsonValue] | None = field(default=None, compare=False)


Outcome = Done | PollAgain | Failed


@dataclass(frozen=True, slots=True)
class FenceToken:
    """Proof of who writes: the namespace's ``incarnation`` and the holder's ``epoch`` (both stored in the fence key).

    ``holder_key``/``holder_field``/``holder_value`` name the ledger's own record of the tenant's holder; a target on
    the ledger's own Redis refuses the write unless that hash field still has that value. ``tenant_id`` says to whoever
    is refused later who it was.
    """

    incarnation: str
    epoch: int
    holder_key: str
    holder_field: str
    holder_value: str
    tenant_id: str = ""


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What became of a fenced write; true when it was written. ``reason`` says why it was not, in a sentence."""

    written: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.written


class Target(Protocol):
    """A Redis that steps write to.

    Both methods raise ``TargetUnavailable`` when it cannot be reached or cannot serve for now, ``TargetRefused`` when
    it answered and will answer the same again. After ``TargetUnavailable`` the effect may or may not have happened.
    """

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        """Fenced SET (``field`` None) or HSET; false when a newer holder has written, or holds the tenant now.

        ``ttl_seconds`` is the life of the whole key, for HSET too. Raises ``WrongType`` when the key holds
        something that this write would destroy or cannot change.
        """
        ...

    def publish(self, channel: str, message: str) -> int:
        """Publish and return how many subscribers received it."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request of a batch; ``key`` names it in the answers. ``timeout_seconds`` goes before the batch's own."""

    key: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: ``status`` and a bounded ``body``, or ``error`` (a short sentence) when nothing usable did.

    With ``error``, ``status`` is set only if the head of an answer came whose body could not be used. ``headers``: the
    answer's, up to 8 KiB of them, names in lower case. ``refused``: the request was not sent and never will be (its
    host is not allowed).
    """

    key: str
    status: int | None
    body: bytes
    error: str | None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    refused: bool = False


class Http(Protocol):
    """A pooled HTTP client shared by a worker process."""

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        """Send all at the same time; each has ``timeout_seconds`` from opening the connection to last byte read.

        The answers come in the order of the requests. Never raises for what the network or a server does.
        """
        ...


class Endpoint(NamedTuple):
    """One instance: ``key`` names it in messages, ``url`` is polled."""

    key: str
    url: str


Choice = Literal["all", "one"]


class InstanceLists(Protocol):
    """Named lists of instances, wherever they come from."""

    def pick(self, name: str, choice: Choice, path: str) -> list[Endpoint]:
        """All instances of the list, or one at random (one that has not failed lately, if there is any).

        ``path`` is for addresses without one. Empty when the list and its fallback are. Raises ``UnknownInstances``
        or ``SourceUnavailable``.
        """
        ...

    def failed(self, url: str) -> None:
        """This instance did not answer well: leave it out of random choices for a while."""
        ...


class _NoInstances:
    def pick(self, name: str, choice: Choice, path: str) -> list[Endpoint]:
        raise UnknownInstances(f"no instance list named {name!r}")

    def failed(self, url: str) -> None:
        """Nothing to keep."""


_NO_INSTANCES: Final = _NoInstances()


@dataclass(frozen=True, slots=True)
class StepContext:
    """Everything a step may know. ``config`` is the tenant's config being applied (snake_case keys, JSON values).

    ``other_config`` is the one that the tenant comes from, if it is known: the old one on the way forward, the new one
    on the way back. ``targets`` holds the Redis connections of the settings by name. ``attempt`` counts this step's
    attempts in this stage, from 1. ``idempotency_key`` is the same for every attempt of the same step of the same
    stage of the same attempt (or rollback) of a task, and is never given again to anything else.
    """

    tenant_id: str
    config: Mapping[str, Any]
    attempt: int
    state: Mapping[str, JsonValue]
    token: FenceToken
    idempotency_key: str
    target: Target
    http: Http
    targets: Mapping[str, Target] = field(default_factory=dict)
    instances: InstanceLists = _NO_INSTANCES
    other_config: Mapping[str, Any] | None = None

    def target_for(self, connection: str | None) -> Target:
        """The connection of this name, or Changeover's own Redis without one. Raises ``UnknownConnection``."""
        if connection is None:
            return self.target
        try:
            return self.targets[connection]
        except KeyError:
            raise UnknownConnection(f"this worker's settings have no connection {connection!r}") from None


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
        """Act once. Whatever it raises, ``SystemExit`` too, is recorded as a failure of kind ``StepError``; but for a
        ``GreenletExit`` on gevent, as which a greenlet is killed: that stage is recovered, so many times."""


class TargetUnavailable(Exception):
    """The target Redis could not be reached; the message names it without its password."""


class TargetRefused(Exception):
    """The target Redis answered and said no (permission, cluster slot ...); asking again would not help."""

    kind: ClassVar[str] = "TargetRefused"
    """The ``Failed.kind`` that a step reports for it."""


class WrongType(TargetRefused):
    """The key holds another type of value than the write needs; it was left as it is."""

    kind: ClassVar[str] = "WrongType"


class UnknownConnection(TargetRefused):
    """No connection of this name; add it to ``connections`` in the worker's settings, or correct the plan."""

    kind: ClassVar[str] = "UnknownConnection"


class UnknownInstances(LookupError):
    """No instance source knows a list of this name; add it to ``instances`` in the settings, or correct the plan."""


class SourceUnavailable(Exception):
    """An instance source cannot answer now; asking again later may help."""
