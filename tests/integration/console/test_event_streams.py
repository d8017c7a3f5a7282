"""The log as a stream: taken up again without loss or repeat, and read once for all who follow."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import pytest
import redis
from starlette.types import Message

from orchestrator.client import Client
from orchestrator.console.access import streams
from orchestrator.console.api import event_stream
from orchestrator.console.api.event_hub import EventHub, Followed, told
from orchestrator.console.api.event_stream import EventPieces, EventStream
from orchestrator.control.feed import Feed
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.event_reader import EventReader
from tests.support.ledger_world import LedgerWorld
from tests.support.waiting import wait_until


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


def reader(console: ConsoleServer, **query: object) -> EventReader:
    return EventReader(console.url, console.token("viewer"), query)


def test_a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice(
    console: ConsoleServer, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A ring and pages so small that a reader goes from the log to the ring and back.
    console.app.state.shared.hub = EventHub(lambda: Feed(world.settings), ring=8)
    monkeypatch.setattr(event_stream, "STREAM_PAGE", 7)
    world.started("p", [f"t{n}" for n in range(40)], max_concurrency=40)
    everything, one_plan = reader(console), reader(console, plan="q")
    everything.take(1)
    world.started("q", ["u0", "u1"])
    for n in range(0, 40, 4):
        for number in range(n, n + 4):
            world.finish(f"p.{number}")
        # Not all, so that something comes while it is away, and something it has got and not seen.
        while everything.take(1)[-1]["sequenceId"] < world.now() - 3:
            everything.take(len(everything.events) + 1)
        everything.leave()
    world.finish("q.0")
    last = world.now()
    while everything.events[-1]["sequenceId"] < last:
        everything.take(len(everything.events) + 1)
    assert everything.numbers() == list(range(1, last + 1))
    wanted = [event.sequence_id for event in world.events() if event.plan_id == "q"]
    assert [event["sequenceId"] for event in one_plan.take(len(wanted))] == wanted
    assert everything.events == console.get("/api/v1/events?limit=500").json()["events"][: len(everything.events)]
    narrowed = reader(console, type="TaskCompleted", tenant="t1*", since=5)
    assert {event["tenantId"] for event in narrowed.take(11)} == {"t1", *(f"t1{n}" for n in range(10))}
    for each in (everything, one_plan, narrowed):
        assert each.special == []
        each.leave()
    assert console.get("/api/v1/events?plan=nowhere", headers={"Accept": "text/event-stream"}).status_code == 404
    wrong = reader(console, type="NoSuch")
    assert wrong.open().status_code == 422
    wrong.leave()


def test_the_feed_is_read_once_for_all_who_follow(
    console: ConsoleServer, world: LedgerWorld, redis_client: redis.Redis
) -> None:
    world.started("p", [f"t{n}" for n in range(20)], max_concurrency=20)

    def reads(followers: int) -> int:
        many = [EventReader(console.url, console.token("viewer"), {"since": world.now()}) for _ in range(followers)]
        for one in many:
            one.open()
        wait_until(lambda: console.app.state.shared.hub.followers == followers)
        redis_client.config_resetstat()
        begin = world.now()
        for n in range(5):
            world.finish(f"p.{n + (5 if followers > 2 else 0)}")
        count = world.now() - begin
        threads = [threading.Thread(target=one.take, args=(count,)) for one in many]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert {tuple(one.numbers()) for one in many} == {tuple(range(begin + 1, begin + count + 1))}
        stats = redis_client.info("commandstats")
        for one in many:
            one.leave()
        wait_until(lambda: console.app.state.shared.hub.followers == 0)
        return sum(
            int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("xread", "xrange", "xrevrange")
        )

    few, many = reads(2), reads(20)
    # A look of the reader comes at most every 50 ms; it does not multiply with who follows.
    assert many <= few + 30


def test_a_reader_that_takes_nothing_is_cut_off(world: LedgerWorld, client: Client) -> None:
    world.started("p", ["a"])
    hub = EventHub(lambda: Feed(world.settings))
    sent: list[str] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message["type"])
        # The first piece is taken, then the connection is full.
        if len(sent) > 2:
            await asyncio.Event().wait()

    pieces = EventPieces(hub, Followed(), 0, lambda at: client.event_page(None, at, 500))
    asyncio.run(EventStream(pieces, send_seconds=0.05)({"type": "http"}, receive, send))
    assert sent == ["http.response.start", "http.response.body", "http.response.body"]
    assert hub.followers == 0
    hub.close()


@pytest.mark.parametrize("steps", range(3))
def test_a_stream_is_ended_while_there_is_news_for_it(steps: int) -> None:
    """``asyncio.wait_for`` of Python 3.11 answers in place of being cancelled, in one of these moments."""
    hub = EventHub(lambda: Feed(Settings()))

    async def race() -> bool:
        async def follow() -> None:
            while True:
                await hub.wait(hub.position, 60)

        following = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        hub._go_on(1)
        for _ in range(steps):
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.wait({following}, timeout=5)
        return following.cancelled()

    assert asyncio.run(race())


@pytest.mark.parametrize("path", ["/api/v1/events", "/live/plans"])
def test_one_stream_too_many_is_429(
    path: str, console: ConsoleServer, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "most_connections", lambda: streams.PART_OF_ONE)
    first = reader(console)
    first.open()
    wait_until(lambda: console.app.state.shared.hub.followers == 1)
    answer = console.get(path, role="viewer", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, "5"), answer.text
    assert "has 1 streams open" in answer.text
    first.leave()


def test_a_fail_over_that_takes_events_back_is_told(console: ConsoleServer, world: LedgerWorld) -> None:
    world.started("p", ["a", "b"], max_concurrency=2)
    # Its token is an event too: made before, so that it is not among what is taken back.
    console.token("viewer")
    known = world.now()
    follower = reader(console, since=known)
    follower.open()
    wait_until(lambda: console.app.state.shared.hub.followers == 1)
    world.finish("p.0")
    follower.take(world.now() - known)
    # What a replica lacked is gone, and its numbers are given out again.
    for where in (world.keys.of("feed"), world.keys.of("log", "p")):
        written = cast(list[tuple[str, dict[str, str]]], world.client.xrange(where))
        world.client.xdel(where, *[entry for entry, _ in written if int(entry.partition("-")[0]) > known])
        world.client.execute_command("XSETID", where, f"{known}-0")  # type: ignore[no-untyped-call]
    world.client.set(world.keys.of("seq"), known)
    hub = console.app.state.shared.hub
    wait_until(lambda: hub.resets == 1)
    follower.events.clear()
    world.finish("p.1")
    follower.take(1)
    assert (follower.special, follower.events[0]["sequenceId"]) == (["reset"], known + 1)
    follower.leave()
    # One that was away meanwhile comes back with a number that nothing has any more.
    stranger = reader(console)
    stranger.last_id = str(world.now() + 100)
    stranger.open()
    wait_until(lambda: hub.followers == 1)
    world.ask("pause", "p")
    while not stranger.special:
        stranger.take_one()
    stranger.leave()


def test_what_comes_between_a_fail_over_and_its_telling_is_sent(world: LedgerWorld, client: Client) -> None:
    world.started("p", ["a"])
    last = world.now()
    hub = EventHub(lambda: Feed(world.settings))
    after = [told(event) for event in client.event_page(None, last - 2, 2)]

    async def sent() -> list[list[int]]:
        made = EventPieces(hub, Followed(), last, lambda at: client.event_page(None, at, 500))
        pieces = cast(AsyncGenerator[bytes, None], aiter(made))
        await anext(pieces)
        waiting = asyncio.ensure_future(anext(pieces))
        await asyncio.to_thread(wait_until, lambda: hub._news is not None)
        # Before any stream has its turn.
        hub._take_back(last - 2)
        hub._take(after)
        both = [await waiting, await anext(pieces)]
        await pieces.aclose()
        return [[int(number) for number in re.findall(rb"^id: (\d+)", piece, re.MULTILINE)] for piece in both]

    assert asyncio.run(asyncio.wait_for(sent(), 20)) == [[last - 2], [last - 1, last]]
    hub.close()


@pytest.mark.parametrize("noticed", [True, False])
def test_a_fail_over_while_nothing_was_told_is_known_by_what_the_last_event_says(
    world: LedgerWorld, noticed: bool
) -> None:
    world.started("p", ["a", "b"], max_concurrency=2)
    known = world.now()
    world.finish("p.0")
    hub = EventHub(lambda: Feed(world.settings))

    async def run() -> None:
        async with hub.following():
            last = hub.position
            assert (last, hub.base) == (world.now(), last)
            # A replica lacked the last ones, and more are written under their numbers than there were.
            # Not noticed: the connection was made anew at once, which no call told of.
            hub._doubtful = hub._doubtful or noticed
            feed = world.keys.of("feed")
            written = cast(list[tuple[str, dict[str, str]]], world.client.xrange(feed))
            world.client.xdel(feed, *[entry for entry, _ in written if int(entry.partition("-")[0]) > known])
            world.client.execute_command("XSETID", feed, f"{known}-0")  # type: ignore[no-untyped-call]
            for number in range(known + 1, last + 3):
                world.client.xadd(feed, cast(Any, written[0][1]), id=f"{number}-0")
            assert await hub.wait(last, 10)
            while not hub.resets and hub.position < last + 3:
                assert await hub.wait(hub.position, 5)

    asyncio.run(run())
    hub.close()
    assert hub.resets == 1
