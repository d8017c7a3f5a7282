"""What callers send: bodies, the header that makes a request one, and who they say they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Header, Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    StrictBool,
    StrictStr,
)
from pydantic.alias_generators import to_camel

from orchestrator.console.access.roles import Actor
from orchestrator.console.api.known_parameters import KEY, request_id_in
from orchestrator.console.numbers import WholeNumber
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.moments import read_moment
from orchestrator.domain.printable import is_unicode
from orchestrator.domain.whole_numbers import HIGHEST

MOST_ROWS: Final = 500
Limit = Annotated[WholeNumber, Query(ge=1, le=MOST_ROWS, description="Rows of a page.")]
PageCursor = Annotated[
    str | None, Query(max_length=300, description="`nextCursor` of the page before; without it the first page.")
]


PlanId = Annotated[str, Path(alias="planId")]
TaskId = Annotated[str, Path(alias="taskId")]
TenantIdPath = Annotated[str, Path(alias="tenantId")]
FreezeId = Annotated[str, Path(alias="freezeId")]


def _whole(text: str) -> str:
    """JSON can write half of a character (``\\ud800``), which nothing can store or show."""
    if not is_unicode(text):
        raise ValueError("expected text in valid Unicode")
    return text


WholeText = Annotated[StrictStr, AfterValidator(_whole)]
GivenMoment = Annotated[datetime, BeforeValidator(read_moment)]
"""ISO 8601, as at the command line. pydantic by itself would count numbers, and texts of digits, from 1970 on."""
GivenSeconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number, which neither true nor a text is."""


class Asked(BaseModel):
    """Why, for the log. Who asks is the token's name; `actor` may say it, and no other."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)

    reason: WholeText = ""
    actor: WholeText | None = None


class Forceable(Asked):
    """`force`: what `--force` of the command does."""

    force: StrictBool = False


class ResumeAsked(Asked):
    """`acceptFailures` answers a plan's breaker: what has failed so far is borne."""

    accept_failures: StrictBool = False


class RetryAsked(Forceable):
    """`fromScratch` runs every stage again. `stage`, `cause` (a failure's type) and `tenants`, the last two also as a
    pattern (`eu-*`), narrow the retry of a plan; `cancelled` means what was cancelled with it, not what failed.
    `overrideFreeze`, a reason, lets what is retried pass all freezes."""

    from_scratch: StrictBool = False
    override_freeze: WholeText | None = None
    stage: WholeText | None = None
    cause: WholeText | None = None
    tenants: WholeText | None = None
    cancelled: StrictBool = False


class GateAsked(Asked):
    """`wave` names the wave whose gate is meant; without it the one that waits."""

    wave: WholeText | None = None


class AcceptAsked(Asked):
    """`cause` narrows it to failures of this type, of a plan alone."""

    cause: WholeText | None = None


class ExcludeAsked(Asked):
    """`tenants`: an id, or a pattern (`eu-*`)."""

    tenants: WholeText


class PurgeAsked(Forceable):
    """`lastPlanSequenceId` of an export of the caller's own: refused when the plan has gone on since. `dryRun` purges
    nothing: it answers as this request id was answered before, or with no plan."""

    dry_run: StrictBool = False
    last_plan_sequence_id: Annotated[int, Field(strict=True, ge=0, le=HIGHEST)] | None = None


class PurgeEndedAsked(Asked):
    """All plans that ended before a time, or that long ago (a repeat goes by the time of the first); `dryRun` lists
    what would be purged and purges none; `lastPlanSequenceIds` of exports of the caller's own, by plan: only these."""

    ended_before: GivenMoment | None = None
    ended_ago_seconds: Annotated[int, Field(strict=True, ge=0, le=36525 * 86400)] | None = None
    dry_run: StrictBool = False
    last_plan_sequence_ids: dict[WholeText, Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]] | None = None


class FreezeAsked(Asked):
    """One of `tenants` (an id or a pattern), `label` (`region=eu`) and `all`; `from` now, unless given, to `until` or
    for `forSeconds`; with `every` only within times that come again (`Mon-Fri 08:00-18:00 Europe/Berlin`)."""

    # The call judges them, all at once.
    reason: SkipValidation[str] = ""
    tenants: SkipValidation[str | None] = None
    label: SkipValidation[str | None] = None
    all: SkipValidation[bool] = False
    since: SkipValidation[datetime | None] = Field(None, alias="from")
    until: SkipValidation[datetime | None] = None
    for_seconds: SkipValidation[Annotated[float, Field(gt=0, le=3650 * 86400)] | None] = None
    every: SkipValidation[str | None] = None
    rollbacks_too: SkipValidation[bool] = False


# Where nothing needs to be said, the body may be left out.
PLAIN: Final = Asked()
UNFORCED: Final = Forceable()
RESUME: Final = ResumeAsked()
RETRY: Final = RetryAsked()
GATE: Final = GateAsked()
PURGE: Final = PurgeAsked()


def named(actor: Actor, body: Asked) -> str:
    """The name that the log tells. Raises ``InvalidInput`` for a body that says another."""
    if problems := name_problems(actor, body):
        raise InvalidInput(problems)
    return actor.name


def name_problems(actor: Actor, body: Asked) -> list[Problem]:
    """What is wrong with the name that a body says."""
    if body.actor is None or body.actor == actor.name:
        return []
    return [Problem("actor", body.actor, f"who asks is told by the token, {actor.name!r}; leave it out")]


def request_id(
    key: Annotated[
        str | None,
        Header(
            alias=KEY,
            max_length=800,
            description="Makes it one request, however often it is sent: the same key again, for a day, changes "
            "nothing and is answered as the first time. What is no ASCII is percent-encoded.",
        ),
    ] = None,
) -> str | None:
    """What ``request_id_in`` reads in the header."""
    return None if key is None else request_id_in(key)


RequestId = Annotated[str | None, Depends(request_id)]
