"""What a live page is told of Redis: that it is away, and that it is there again though nothing has changed."""

from __future__ import annotations

import asyncio

from orchestrator.console.page.shared import Watched
from orchestrator.console.page.streams import stream
from orchestrator.domain.errors import Unreachable


class Flaky(Watched):
    looks = 0

    def look(self) -> bool:
        self.looks += 1
        if self.looks == 2:
            raise Unreachable("no Redis")
        return False


def test_who_was_told_away_is_told_when_it_is_over() -> None:
    async def two_messages() -> list[str]:
        told = aiter(stream(Flaky(), 1, lambda _: []).body_iterator)
        assert await anext(told) == "retry: 1500\n\n"
        return [str(await anext(told)).split("\n")[0] for _ in range(2)]

    assert asyncio.run(two_messages()) == ["event: away", "event: here"]
