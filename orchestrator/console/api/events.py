"""The log: a page of it as JSON, or as a stream that goes on."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool

from orchestrator.client import Client
from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.bodies import MOST_ROWS
from orchestrator.console.api.event_hub import Followed, told
from orchestrator.console.api.event_stream import STREAM_PAGE, EventPieces, EventStream
from orchestrator.console.api.json_answers import MaskedJson, json_of
from orchestrator.console.api.shared import SharedParts
from orchestrator.console.numbers import WholeNumber, spelled_whole
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.event_filter import EVENT_NAMES
from orchestrator.control.mistakes import Mistakes
from orchestrator.control.order_gate import pattern_problems
from orchestrator.control.page_answers import EventPage
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import unknown
from orchestrator.domain.whole_numbers import HIGHEST

router = APIRouter(tags=["events"], default_response_class=MaskedJson)
STREAM: Final = "text/event-stream"
PAGES: Final = 10
"""Pages of the log that one request looks through at most."""


@router.get("/events", response_model=EventPage, responses={200: {"content": {STREAM: {}}}})
async def get_events(
    request: Request,
    client: ConsoleClient,
    shared: SharedParts,
    actor: MayRead,
    plan: Annotated[str | None, Query(description="Only this plan's: its whole log.")] = None,
    since: Annotated[WholeNumber, Query(ge=0, le=HIGHEST, description="Only events after this sequenceId.")] = 0,
    type_: Annotated[
        list[str] | None, Query(alias="type", description="Only events of this type; may be given again.")
    ] = None,
    tenant: Annotated[str | None, Query(description="Only of tenants of this id or pattern (`eu-*`).")] = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MOST_ROWS, description="Of a page.")] = 100,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Of a stream: goes before `since`.")
    ] = None,
) -> Any:
    """Events in order. JSON: a page after `since`; go on with its `nextSince`. With `Accept: text/event-stream`: all
    after `Last-Event-ID` or `since`, then what comes, each with its sequenceId as `id`, so that a reader that comes
    back misses nothing and sees nothing twice."""
    is_stream = STREAM in request.headers.get("accept", "")
    mistakes = Mistakes()
    with mistakes:
        followed = _followed(plan, type_, tenant)
    with mistakes:
        begin = since if last_event_id is None or not is_stream else _place(last_event_id)
    mistakes.tell()
    if not is_stream:
        return await run_in_threadpool(_page, client, followed, since, limit)
    # What is wrong is told before the stream begins: an unknown plan, a Redis that is away.
    await run_in_threadpool(client.event_page, plan, begin, 1)
    return EventStream(EventPieces(shared.hub, followed, begin, lambda at: client.event_page(plan, at, STREAM_PAGE)))


def _page(client: Client, followed: Followed, since: int, limit: int) -> MaskedJson:
    found: list[Any] = []
    more = False
    for _ in range(PAGES):
        page = client.event_page(followed.plan_id, since, MOST_ROWS if followed != _ALL else limit)
        for event in page:
            if followed.passes(told(event)):
                if len(found) == limit:
                    break
                found.append(json_of(event))
            since = event.sequence_id
        more = len(found) == limit or len(page) == MOST_ROWS
        if len(found) == limit or len(page) < MOST_ROWS:
            break
    return MaskedJson({"events": found, "nextSince": since, "more": more})


_ALL: Final = Followed()


def _followed(plan: str | None, types: list[str] | None, tenant: str | None) -> Followed:
    wrong = [one for one in types or () if one not in EVENT_NAMES]
    problems = [Problem("type", one, unknown("type", one, EVENT_NAMES)) for one in wrong]
    if problems := problems + pattern_problems(plan_id=plan, tenant=tenant):
        raise InvalidInput(problems)
    return Followed(plan, frozenset(types or ()), tenant)


def _place(text: str) -> int:
    if (place := spelled_whole(text)) is None:
        raise InvalidInput([Problem("Last-Event-ID", text, "expected the id of an event, a whole number")])
    return place
