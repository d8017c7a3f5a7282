"""How a fleet is moved, as an operator writes it: how many failures are borne, in which waves, what lets a wave on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from orchestrator.domain.exactly_one import exactly_one
from orchestrator.domain.model import (
    Condition,
    GroupName,
    Model,
    Name,
    PlanSeconds,
    TenantId,
    Text,
    Whole,
    steers_nothing,
)

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
PositivePercent = Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)]
MAX_WAVES = 100
_GATE: Final = "expected 'manual', or a mapping with a url"

Mode = Literal["soft", "strict"]
Breach = Literal["pause", "cancel", "rollback_wave", "rollback_plan"]


def percent_of(total: int, percent: float) -> Decimal:
    """So many percent of a number, exactly: 0.1 stands for a tenth, whatever a float makes of it."""
    return Decimal(total) * Decimal(str(percent)) / 100


class FailureTolerance(Model):
    """How many failures are borne before the breaker trips: a number, or a part of the tenants, rounded down."""

    count: Count | None = None
    percent: Percent | None = None
    mode: Mode | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _one_of_both(cls, raw: Any, handler: ModelWrapValidatorHandler[FailureTolerance]) -> FailureTolerance:
        return exactly_one(raw, handler, ("count", "percent"), "give either count or percent")

    def of(self, tenants: int) -> int:
        """The number for so many tenants."""
        return self.count if self.count is not None else int(percent_of(tenants, self.percent or 0))


class WaveTenants(Model):
    """Which of the tenants that earlier waves have left, in plan order: so many, a part of the plan's (rounded up),
    those for which an expression holds, or named ones."""

    count: Annotated[int, Field(strict=True, ge=1)] | None = None
    percent: PositivePercent | None = None
    where: Condition | None = None
    ids: Annotated[list[TenantId], Field(min_length=1)] | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _one_of_four(cls, raw: Any, handler: ModelWrapValidatorHandler[WaveTenants]) -> WaveTenants:
        return exactly_one(raw, handler, ("count", "percent", "where", "ids"), "give one of count, percent, where, ids")


class Soak(Model):
    """For how long a wave's completed tenants are looked at again once it has ended, and how often."""

    seconds: PlanSeconds
    interval_seconds: PlanSeconds = 30.0


class Gate(Model):
    """What lets the next wave begin: a person (``manual``), or an answer to HTTP: 200 lets it on, 202 is not yet,
    anything else rejects."""

    url: Annotated[Text, Field(min_length=1, max_length=2000), AfterValidator(steers_nothing)] | None = None
    interval_seconds: PlanSeconds = 30.0
    timeout_seconds: PlanSeconds = 3600.0

    @model_validator(mode="wrap")
    @classmethod
    def _with_a_url(cls, raw: Any, handler: ModelWrapValidatorHandler[Gate]) -> Gate:
        return raw if isinstance(raw, Gate) else exactly_one(raw, handler, ("url",), _GATE)

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        return "manual" if self.url is None else handler(self)


def _gate(value: Any) -> Any:
    if value == "manual":
        return Gate.model_construct()
    if value is None or isinstance(value, Gate | Mapping):
        return value
    raise ValueError(_GATE)


class WaveSpec(Model):
    """Some of the plan's tenants, moved before all later waves. Without ``tenants`` (the last one only): all that are
    left."""

    name: Name
    tenants: WaveTenants | None = None
    max_concurrency: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    failure_tolerance: FailureTolerance | None = None
    soak: Soak | None = None
    gate: Annotated[Gate | None, BeforeValidator(_gate, json_schema_input_type=Literal["manual"] | Gate | None)] = None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
            # All that tells it is in ms: rounded up, the calendar's last moment would be beyond it.
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    except (ValueError, OverflowError):
        # No time, or one that is beyond the calendar in UTC.
        pass
    raise ValueError("expected a time with its zone, such as 2026-12-01T02:00:00Z")


def moment_text(moment: datetime) -> str:
    """As plans and errors tell it: UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(moment_text)]
"""With its zone, told in UTC."""


class FleetHeader(Model):
    """The part of a plan's head that is about its tenants together."""

    failure_tolerance: FailureTolerance | None = None
    on_breach: Breach = "pause"
    auto_rollback: Literal["never", "task"] = "never"
    waves: Annotated[list[WaveSpec], Field(min_length=1, max_length=MAX_WAVES)] | None = None
    group_limits: dict[GroupName, Annotated[Whole, Field(ge=1, le=100_000)]] = Field(default_factory=dict)
    priority: Annotated[Whole, Field(ge=-100, le=100)] = 0
    starts_per_minute: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
