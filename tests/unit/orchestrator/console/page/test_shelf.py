"""What the viewers of one process share: made once for all, and nothing is kept of what cannot be made."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.console.page.shared import MOST_KEPT, Shelf, Watched
from orchestrator.domain.errors import NotFound


class Thing(Watched):
    def look(self) -> bool:
        return False


def test_nothing_is_kept_of_what_cannot_be_made() -> None:
    shelf = Shelf[Thing]()

    def fails() -> Thing:
        raise NotFound("plan 'nowhere'")

    async def ask_for_many() -> None:
        for number in range(300):
            with pytest.raises(NotFound):
                await shelf.get(f"nowhere-{number}", fails)

    asyncio.run(ask_for_many())
    assert len(shelf._making) + len(shelf._kept) == 0


def test_one_is_made_for_all_who_ask_and_few_are_kept() -> None:
    shelf, made = Shelf[Thing](), 0

    def make() -> Thing:
        nonlocal made
        made += 1
        return Thing()

    async def ask() -> None:
        assert len(set(await asyncio.gather(*(shelf.get("blue", make) for _ in range(20))))) == 1
        assert made == 1
        for number in range(2 * MOST_KEPT):
            await shelf.get(f"plan-{number}", make)

    asyncio.run(ask())
    assert len(shelf._making) == 0
    assert len(shelf._kept) <= MOST_KEPT + 1
