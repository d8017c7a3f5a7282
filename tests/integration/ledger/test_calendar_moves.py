"""A ledger whose Redis lives through the nights on which clocks are changed, and the end of a month: freezes that recur
stop whom they are to stop, a soak lasts as long as it is said to, a plan begins and gives up at its times (I15)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import redis

from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.fleet.start_rules import StartRules
from orchestrator.settings.model import Settings
from tests.support.clock_shim import SteppedClock
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.redis_server import RedisServer

TICK_SECONDS: Final = 4


class Night:
    """A ledger, and the time of day by its Redis."""

    def __init__(self, world: LedgerWorld, clock: SteppedClock) -> None:
        self.world = world
        self._clock = clock
        self._plans = 0

    def comes(self, text: str) -> datetime:
        """It is this time (UTC) now; coordinators have looked."""
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        self._clock.set((moment - datetime.now(UTC)).total_seconds())
        self.world.ledger.call("tick", "coordinator", 0, 0)
        FreezeKeeper(self.world.freezes).step()
        self.world.thaw()
        return moment

    def passes(self, minutes: int) -> None:
        """So long, with a coordinator that is there: time in which nobody looks at the clock is taken for none."""
        for _ in range(minutes * 60 // TICK_SECONDS):
            self._clock.step(TICK_SECONDS)
            self.world.ledger.call("tick", "coordinator", 0, 0)

    def moves(self) -> bool:
        """Whether a tenant that nobody has yet can be moved now."""
        self._plans += 1
        return bool(self.world.started(f"p{self._plans}", [f"t{self._plans}"], stages=["one"])) and (
            self.world.status(f"p{self._plans}.0") == "RUNNING"
        )


@pytest.fixture
def night(tmp_path: Path, settings: Settings) -> Iterator[Night]:
    clock = SteppedClock(tmp_path)
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", databases=2, environment=clock.environment)
    server.start()
    with redis.Redis.from_url(server.url(), decode_responses=True) as client:
        clock.set((datetime(2026, 1, 1, tzinfo=UTC) - datetime.now(UTC)).total_seconds())
        yield Night(LedgerWorld(client, settings), clock)
    server.stop()


@pytest.mark.parametrize(
    ("every", "times"),
    [
        # 02:00 does not come: what begins at 02:30 begins with 03:00.
        (
            "Sun 02:30-04:00 Europe/Berlin",
            {"2026-03-29T00:59:50": True, "2026-03-29T01:00:10": False, "2026-03-29T01:59:50": False}
            | {"2026-03-29T02:00:10": True},
        ),
        # 02:30 comes twice: from the first to the last.
        (
            "Sun 02:30-04:00 Europe/Berlin",
            {"2026-10-25T00:29:50": True, "2026-10-25T00:30:10": False, "2026-10-25T01:15:00": False}
            | {"2026-10-25T02:59:50": False, "2026-10-25T03:00:10": True},
        ),
        pytest.param(
            "last 22:00-06:00 UTC",
            {"2027-02-28T21:59:50": True, "2027-02-28T22:00:10": False, "2027-03-01T05:59:50": False}
            | {"2027-03-01T06:00:10": True, "2027-03-30T23:00:00": True, "2027-03-31T23:00:00": False},
            marks=long,
        ),
    ],
    ids=["forward", "back", "month"],
)
def test_a_freeze_holds_as_clocks_on_the_wall_show(night: Night, every: str, times: dict[str, bool]) -> None:
    night.comes(min(times))
    night.world.freeze(every=every, seconds=None)
    assert {moment: night.comes(moment) is not None and night.moves() for moment in times} == times


@long
def test_a_soak_lasts_its_seconds_whatever_the_clock_on_the_wall_does(night: Night) -> None:
    world, began = night.world, night.comes("2026-10-25T00:30:00")
    waves = (Wave("canary", 1, soak_seconds=3600.0, soak_interval_seconds=1800.0), Wave("rest", 1))
    world.started("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1], stages=["one"])
    world.finish("p.0")
    (told,) = [event for event in world.events() if event.type == "PlanWaveSoaking"]
    assert abs(told.until - began - timedelta(hours=1)) < timedelta(seconds=30)
    for minutes, is_over in ((31, False), (27, False), (4, True)):
        night.passes(minutes)
        for look in world.looks("p"):
            world.awaited.record_look(look.task_id, look.number, None)
        assert (world.serve("p") == ["p.1"]) == is_over


@long
def test_a_plan_begins_and_gives_up_at_its_times(night: Night) -> None:
    world, now = night.world, night.comes("2026-03-28T23:00:00")
    opens, closes = now + timedelta(hours=3), now + timedelta(hours=4)
    for name, tenant in (("early", "a"), ("late", "b")):
        pace = StartRules(not_before=opens, not_after=closes)
        world.plan(name, [tenant], rules=FleetRules(1, pace=pace), stages=["one"])
    night.comes("2026-03-29T01:59:50")
    assert world.serve("early") == []
    night.comes("2026-03-29T02:00:10")
    assert world.serve("early") == ["early.0"]
    night.comes("2026-03-29T03:00:10")
    assert world.serve("late") == []
    assert world.status("late") == "CANCELLED"
