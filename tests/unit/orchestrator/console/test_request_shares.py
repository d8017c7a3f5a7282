"""One actor's requests wait for that actor's alone; so do its checks of plans."""

from __future__ import annotations

import asyncio
import threading

import pytest

from orchestrator.console.access.request_shares import SHARED, RequestShares
from orchestrator.console.api.checks import SMALL, Checks
from orchestrator.console.problems import Refusal


async def soon() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_actor_has_its_share_of_turns_and_waits_for_its_own() -> None:
    async def run() -> None:
        shares = RequestShares(at_once=2, most_waiting=2)
        held = [await shares.take("eve") for _ in range(2)]
        third, fourth = (asyncio.ensure_future(shares.take("eve")) for _ in range(2))
        await soon()
        assert not third.done()
        with pytest.raises(Refusal) as refused:
            await shares.take("eve")
        assert (refused.value.status_code, dict(refused.value.headers or {})) == (429, {"Retry-After": "2"})
        (await shares.take("ann")).end()
        # One that leaves while it waits holds nobody up, nor does a share that is ended twice count twice.
        third.cancel()
        held[0].end()
        held[0].end()
        (await fourth).end()
        held[1].end()
        assert [await shares.take("eve") for _ in range(2)]

    asyncio.run(run())


def test_actors_by_the_hundred_leave_each_other_a_turn() -> None:
    async def run() -> None:
        shares = RequestShares()
        asked = [asyncio.ensure_future(shares.take(f"eve-{number % 100}")) for number in range(5000)]
        await soon()
        held = [one.result() for one in asked if one.done()]
        # Each its own, and what is shared; whoever comes next has one all the same, and two wait for a shared one.
        assert len(held) == 100 + SHARED
        first = await asyncio.wait_for(shares.take("ann"), 20)
        second = asyncio.ensure_future(shares.take("ann"))
        await soon()
        assert not second.done()
        # The lines are served in turn: after one place for each other line at most comes ann's.
        for share in held[: len({f"eve-{number}" for number in range(100)}) + 1]:
            share.end()
        await soon()
        assert second.done()
        first.end()
        for one in [*asked, second]:
            one.cancel()

    asyncio.run(run())


def test_more_actors_than_there_are_threads_for_are_refused() -> None:
    async def run() -> None:
        shares = RequestShares(most_actors=2)
        held = [await shares.take(name) for name in ("ann", "bob")]
        with pytest.raises(Refusal) as refused:
            await shares.take("cid")
        assert refused.value.status_code == 503
        held[0].end()
        (await shares.take("cid")).end()

    asyncio.run(run())


def test_a_turn_that_is_handed_to_one_who_leaves_goes_on() -> None:
    async def run() -> None:
        shares = RequestShares(at_once=1)
        held = await shares.take("eve")
        leaves = asyncio.ensure_future(shares.take("eve"))
        await soon()
        held.end()
        leaves.cancel()
        await soon()
        (await shares.take("eve")).end()

    asyncio.run(run())


def test_many_checks_of_one_actor_hold_up_no_other() -> None:
    async def run() -> None:
        checks = Checks(at_once=2, most_of_one=3, most=5)
        gate = threading.Event()
        under_way: list[str] = []

        def wait(name: str) -> str:
            under_way.append(name)
            assert gate.wait(20)
            return name

        of_eve = [asyncio.ensure_future(checks.run("eve", lambda: wait("eve"))) for _ in range(3)]
        await soon()
        with pytest.raises(Refusal) as own:
            await checks.run("eve", lambda: wait("eve"))
        # All of eve's are one at a time: there is a thread for another.
        assert await checks.run("ann", lambda: "at once") == "at once"
        assert under_way == ["eve"]
        # Each holds a thread, or waits for one.
        others = [asyncio.ensure_future(checks.run(name, lambda: wait("other"))) for name in ("bob", "cid")]
        await soon()
        with pytest.raises(Refusal) as all_of_them:
            await checks.run("dan", lambda: wait("dan"))
        gate.set()
        assert (own.value.status_code, all_of_them.value.status_code) == (429, 503)
        assert "Retry-After" in dict(all_of_them.value.headers or {})
        assert await asyncio.gather(*of_eve, *others) == ["eve"] * 3 + ["other"] * 2
        # What failed has given its place back.
        with pytest.raises(ZeroDivisionError):
            await checks.run("eve", lambda: 1 / 0)
        assert await checks.run("eve", lambda: 1) == 1
        checks.close()

    asyncio.run(run())


def test_large_plans_keep_no_small_one_waiting() -> None:
    async def run() -> None:
        checks, gate = Checks(at_once=2), threading.Event()
        large = [asyncio.ensure_future(checks.run(name, lambda: gate.wait(20), SMALL + 1)) for name in ("eve", "bob")]
        await soon()
        assert await checks.run("ann", lambda: "small", SMALL) == "small"
        gate.set()
        assert await asyncio.gather(*large) == [True, True]
        checks.close()

    asyncio.run(run())


def test_a_stop_waits_for_a_check_under_way_and_for_no_other() -> None:
    ended: list[str] = []
    began, gate = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert gate.wait(20)
        ended.append("check")

    def close(checks: Checks) -> None:
        checks.close()
        ended.append("stop")

    async def run() -> None:
        checks = Checks(at_once=1)
        asked = asyncio.ensure_future(checks.run("eve", work))
        await asyncio.to_thread(began.wait, 20)
        waits = asyncio.ensure_future(checks.run("bob", lambda: ended.append("never")))
        await soon()
        stopping = threading.Thread(target=close, args=(checks,))
        stopping.start()
        # One that does not wait is through long before.
        stopping.join(0.2)
        gate.set()
        await asyncio.gather(asked, waits, return_exceptions=True)
        await asyncio.to_thread(stopping.join)
        assert ended == ["check", "stop"]
        checks.close()

    asyncio.run(run())
