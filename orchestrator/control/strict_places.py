"""What a strict breaker leaves of a plan's slots once some have failed: it goes on, slowly, until somebody answers."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.move_room import could_not_go_back, fields_of, room_of
from orchestrator.ledger.records import Record


@dataclass(frozen=True, slots=True)
class StrictPlaces:
    """``wave`` whose breaker it is, "" of the plan's; ``acceptable``: how many failures a person could accept,
    ``retryable``: how many a retry would move. What is on its way back by policy is neither before it is there."""

    wave: str
    failed: int
    limit: int
    places: int
    acceptable: int
    retryable: int

    @property
    def words(self) -> str:
        """``strict breaker: 3 failed of 3 borne, so 1 tenant moves at a time``."""
        whose = f" of wave {self.wave}" if self.wave else ""
        moves = "1 tenant moves" if self.places == 1 else f"{self.places} tenants move"
        return f"strict breaker{whose}: {self.failed} failed of {self.limit} borne, so {moves} at a time"

    @property
    def until(self) -> str:
        """What ends it, to stand behind the words."""
        answers = {"retried": self.retryable > 0, "accepted": self.acceptable > 0}
        if not any(answers.values()):
            return "until what goes back is there, and is retried"
        return f"until some are {' or '.join(name for name, would in answers.items() if would)}"


def strict_places(record: Record, wave: int | None) -> StrictPlaces | None:
    """Of a plan that runs, for its tasks of this wave; None where as many of them move as its slots and the wave let,
    or there are, where fewer move than it leaves, as they wait for something else, and where no answer to what has
    failed would let more. Raises ``ValueError`` for what is no number."""
    is_stopped = "1" in (record.get("pauseRequested"), record.get("cancelRequested")) or "retryCursor" in record
    if record.get("status") != PlanState.RUNNING or is_stopped:
        return None
    own = fields_of(wave)
    rooms = {part: room_of(record, part) for part in dict.fromkeys(("", own))}
    left = [
        # Of two that leave as few, the one that none has failed under: no answer to the other's failures widens it.
        (room.borne_at_once, room.failed > 0, part)
        for part, room in rooms.items()
        if room.borne_at_once is not None
    ]
    waiting = int(record.get(f"{own}n:{TaskState.PENDING}", 0))
    if not left or not waiting or any(room.is_breached for room in rooms.values()):
        return None
    places, is_by_failures, part = min(left)
    most = min(room.most for room in rooms.values() if room.most is not None)
    room = rooms[part]
    if not is_by_failures or places > room.active or places >= min(most, waiting + room.active):
        return None
    assert room.limit is not None
    taken_back, asked_back, back = (
        int(record.get(f"{part}n:{name}", 0)) for name in ("takenBack", "rollbackRequested", TaskState.ROLLED_BACK)
    )
    on_its_way = asked_back + max(taken_back - back, 0)
    return StrictPlaces(
        wave=record.get(f"{part}name", "") if part else "",
        failed=room.failed,
        limit=room.limit,
        places=places,
        acceptable=room.failed - taken_back - asked_back,
        retryable=room.failed - could_not_go_back(record, part) - on_its_way,
    )
