"""What happens to the namespace: it belongs to no plan, and stands in the namespace's feed and sequence."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from orchestrator.domain.events.base import Counted, EventBase


class FreezeScope(BaseModel):
    """Whom a freeze stops: tenants of a pattern, those with a label (``key=value``), or all."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, alias_generator=to_camel)

    tenants: str | None = None
    label: str | None = None
    all: bool = False


def _none_is(value: Any) -> BeforeValidator:
    return BeforeValidator(lambda given: value if given is None else given)


_NULL = WithJsonSchema({"type": "null"})


class NamespaceEvent(EventBase):
    """One of no plan: ``planId`` and ``planSequenceId`` are null on the wire."""

    plan_id: Annotated[str, Field(max_length=0), _none_is(""), PlainSerializer(lambda _: None), _NULL] = ""
    plan_sequence_id: Annotated[int, Field(ge=0, le=0), _none_is(0), PlainSerializer(lambda _: None), _NULL] = 0


class FreezeSet(NamespaceEvent):
    """``from_`` null: from this event on; ``until`` null: until it is lifted. ``every``: only within these times."""

    type: Literal["FreezeSet"] = "FreezeSet"
    freeze_id: str
    scope: FreezeScope
    from_: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until: AwareDatetime | None = None
    every: str | None = None
    rollbacks_too: bool = False
    actor: str
    reason: str
    request_id: str | None = None


class FreezeLifted(NamespaceEvent):
    type: Literal["FreezeLifted"] = "FreezeLifted"
    freeze_id: str
    actor: str
    reason: str
    request_id: str | None = None


class GroupLimitsSet(NamespaceEvent):
    """What a coordinator said at its start, which is another thing than before: how many tasks may hold each group."""

    type: Literal["GroupLimitsSet"] = "GroupLimitsSet"
    limits: dict[str, Counted]


class TokenCreated(NamespaceEvent):
    """``expires_at`` in ms on the wire, null: never."""

    type: Literal["TokenCreated"] = "TokenCreated"
    name: str
    role: str
    expires_at: AwareDatetime | None = None
    actor: str


class TokenRevoked(NamespaceEvent):
    type: Literal["TokenRevoked"] = "TokenRevoked"
    name: str
    actor: str
    reason: str


class SignInFailed(NamespaceEvent):
    """``failures`` of the address in a quarter of an hour (0: it has expired); ``shown``: token, session or link."""

    type: Literal["SignInFailed"] = "SignInFailed"
    address: str
    shown: str
    failures: Counted


class SignInLinkMade(NamespaceEvent):
    """``name``: the token that the link signs in as, once."""

    type: Literal["SignInLinkMade"] = "SignInLinkMade"
    name: str
    actor: str


class WebhookRequested(NamespaceEvent):
    """``operation``: resend-letters, enable-webhook or test-webhook; ``count`` of notifications that it is about."""

    type: Literal["WebhookRequested"] = "WebhookRequested"
    webhook: str
    operation: str
    count: Counted
    actor: str
    reason: str


NamespaceHappening = (
    FreezeSet
    | FreezeLifted
    | GroupLimitsSet
    | TokenCreated
    | TokenRevoked
    | SignInFailed
    | SignInLinkMade
    | WebhookRequested
)
"""Every model above but the base: one that is not here is not in the log."""
