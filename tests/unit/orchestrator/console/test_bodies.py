"""What is in memory of large bodies is bounded, for each actor and for all; what comes too slowly is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive

from orchestrator.console.access import bodies
from orchestrator.console.access.bodies import LARGE, Bodies, HeldBody, bounded
from orchestrator.console.problems import Refusal


def sender(sizes: Iterable[int]) -> Receive:
    pieces = list(sizes)

    async def receive() -> Message:
        size = pieces.pop(0)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(pieces)}

    return receive


async def read(receive: Receive) -> int:
    size = 0
    while True:
        message = await receive()
        size += len(message["body"])
        if not message["more_body"]:
            return size


def test_an_actor_and_all_actors_have_so_much_at_once() -> None:
    async def run() -> None:
        room = Bodies(most_of_one=4 * LARGE, most_of_all=6 * LARGE)
        first = HeldBody(room, "eve", 3 * LARGE)
        assert await read(first.over(sender([LARGE] * 3))) == room.held == 3 * LARGE
        # By what it says, before anything is read; by what comes, when it says nothing.
        with pytest.raises(Refusal) as said:
            HeldBody(room, "eve", 2 * LARGE)
        second = HeldBody(room, "eve", 0)
        with pytest.raises(Refusal) as came:
            await read(second.over(sender([LARGE, LARGE])))
        second.end()
        assert (said.value.status_code, came.value.status_code) == (429, 429)
        others = HeldBody(room, "ann", 3 * LARGE)
        await read(others.over(sender([3 * LARGE])))
        with pytest.raises(Refusal) as all_of_them:
            HeldBody(room, "bob", LARGE + 1)
        assert all_of_them.value.status_code == 503
        # What is small passes always: an operation is not kept out by plans.
        assert await read(HeldBody(room, "eve", LARGE).over(sender([LARGE]))) == LARGE
        for one in (first, others, first):
            one.end()
        assert room.held == 0
        HeldBody(room, "eve", 4 * LARGE)

    asyncio.run(run())


def test_a_body_has_its_time_by_what_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
        never = asyncio.Event()

        async def stalls() -> Message:
            await never.wait()
            raise AssertionError

        with pytest.raises(Refusal) as refused:
            await read(bounded(stalls, LARGE))
        assert (refused.value.status_code, dict(refused.value.headers or {})) == (408, {"Connection": "close"})
        # What came fast may be followed by a pause; and after the last byte no time runs.
        monkeypatch.setattr(bodies, "BODY_SECONDS", 0.0)
        receive = bounded(sender([bodies.LEAST_BYTES * 100, 1]), LARGE)
        with pytest.raises(Refusal):
            await read(bounded(stalls, LARGE))
        monkeypatch.setattr(bodies, "BODY_SECONDS", 20.0)
        assert await read(receive) == bodies.LEAST_BYTES * 100 + 1

    asyncio.run(run())


def test_what_says_no_length_is_counted() -> None:
    async def run() -> None:
        with pytest.raises(Refusal) as refused:
            await read(bounded(sender([LARGE, 1]), LARGE))
        assert refused.value.status_code == 413

    asyncio.run(run())
