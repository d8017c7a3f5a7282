"""Whatever a hand does to any key of the ledger stops no coordinator, and no other plan but where all go by that key;
that is said, and they go on as soon as it is mended (I19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from structlog.testing import capture_logs

from orchestrator.coordinator.retention import Retention
from orchestrator.domain.errors import TooOld
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.damaged_keys import STOPS, damaged_keys
from orchestrator.ledger.keys import PATTERNS
from orchestrator.ledger.presence import forget_gone
from orchestrator.ledger.purges import Purges
from tests.support.coordinating import Coordinating
from tests.support.damaged_keys import DAMAGES, STRANGE, hurt_keys, rows, whole_ledger
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long

NEEDED: Final = {PATTERNS[kind] for kind in STOPS}
"""What every script, admission or turn reads or writes: where it is of another type nobody moves until it is mended."""


class Life:
    """What the threads of a coordinator and a worker do, in turn; ``stopped`` is what would have ended a process,
    ``said`` what its loops would have logged."""

    def __init__(self, world: LedgerWorld) -> None:
        self.world = world
        self.stopped: list[Exception] = []
        self.said: list[Exception] = []
        self._coordinating: Coordinating | None = None
        forget = lambda: forget_gone(world.client, world.keys)  # noqa: E731
        self._retention = Retention(Purges(world.ledger), world.reader, None, None, forget)

    def goes_on(self) -> None:
        for _ in range(4):
            self._round()
            coordinating = self._coordinating
            if coordinating is not None:
                # 100 s later: whatever was passed by is tried again.
                coordinating.seconds += 100
                self._passing_by(coordinating.reconcile)
            self._passing_by(self.world.sweeper.sweep)
            self._passing_by(self.world.awaited.hand_out)
            self._passing_by(self._retention.step)
            for plan_id in ("good", "bad"):
                for position in range(5):
                    self._passing_by(lambda: self._work(f"{plan_id}.{position}"))  # noqa: B023 - run at once

    def _round(self) -> None:
        try:
            if self._coordinating is None:
                self._coordinating = Coordinating(self.world)
            for _ in range(5):
                self._coordinating.round()
        except (*UNREACHABLE, TooOld):
            pass
        except Exception as error:  # noqa: BLE001 - what must not come
            self.stopped.append(error)

    def _passing_by(self, step: Callable[[], object]) -> None:
        """As the loops of the background do, and a worker with a turn."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - see above
            self.said.append(error)

    def _work(self, task_id: str) -> None:
        if self.world.status(task_id) == "RUNNING":
            self.world.begin(task_id)
            while self.world.advance(task_id).stage is not None:
                pass


@pytest.mark.parametrize("damage", mostly_long(DAMAGES | STRANGE, "deleted"))
@pytest.mark.parametrize("pattern", mostly_long(rows(), *list(rows())[::2]))
def test_a_damaged_key_stops_no_process_and_no_other_plan(hurt: LedgerWorld, pattern: str, damage: str) -> None:
    whole_ledger(hurt)
    keys = hurt_keys(hurt, pattern)
    assert keys, f"{pattern} of docs/keys.md: whole_ledger in tests/support/damaged_keys.py makes none but of `good`"
    for key in keys:
        (DAMAGES | STRANGE)[damage](hurt.client, key, rows()[pattern])
    life = Life(hurt)
    with capture_logs() as logs:
        life.goes_on()
        assert not life.stopped
        if hurt.status("good") != "COMPLETED":
            assert pattern in NEEDED, f"{pattern} stops all: if it must, STOPS of orchestrator/ledger/damaged_keys.py"
            found = damaged_keys(hurt.client, hurt.keys)
            logged = any(line["log_level"] in ("warning", "error") for line in logs)
            # A freeze that cannot be read stops all by intention.
            assert life.said or logged or pattern == "freezes-now"
            assert found
            for command in (command for one in found for command in one.mend):
                words = [word.encode("utf-8", "surrogateescape") for word in command]
                hurt.client.execute_command(*words)  # type: ignore[no-untyped-call]
            life.goes_on()
    assert not life.stopped
    assert hurt.status("good") == "COMPLETED"
