"""In a plan that says COMPLETED no gate was left unanswered and no wave unwatched."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain import events as e
from orchestrator.domain.status import PlanState, TaskState
from tests.support.ledger_world import LedgerWorld


def check_no_wave_passed_by(world: LedgerWorld) -> None:
    """Of every plan; of a wave that was passed by, since all of it had been given up, from when one of it moves on."""
    events = world.events()
    for plan_id in world.reader.plan_ids():
        own = [event for event in events if event.plan_id == plan_id]
        if world.status(plan_id) == PlanState.COMPLETED:
            for wave in range(int(world.reader.plan_record(plan_id).get("waves", 0))):
                _check(world, plan_id, own, wave)


def _check(world: LedgerWorld, plan_id: str, events: Sequence[e.Event], wave: int) -> None:
    name, record = f"w{wave}", world.reader.plan_record(plan_id)
    of_wave = [
        event
        for event in events
        if isinstance(event, e.TaskEvent) and world.task(event.task_id).get("wave") == str(wave)
    ]
    if record.get(f"wave:{wave}:gate") and any(isinstance(event, e.TaskStageStarted) for event in of_wave):
        approved = [event for event in events if isinstance(event, e.PlanGateApproved) and event.wave == name]
        assert approved, f"{plan_id} is COMPLETED, the gate of {name} was never approved"
    # Who completes in a wave that has passed already, since all of it had failed at first, is not soaked.
    # One may fail before a stage of it begins: its tenant is taken from it.
    begins = (event.sequence_id for event in of_wave if isinstance(event, e.TaskStageStarted | e.TaskFailed))
    first = next(begins, 0)
    passed = [
        event
        for event in events
        if isinstance(event, e.PlanWaveCompleted) and event.wave == name and event.sequence_id > first
    ]
    done = [
        event
        for event in of_wave
        if isinstance(event, e.TaskCompleted)
        and world.status(event.task_id) == TaskState.COMPLETED
        and not (passed and passed[0].sequence_id < event.sequence_id)
    ]
    if record.get(f"wave:{wave}:soak") and done:
        soaked = [event for event in events if isinstance(event, e.PlanWaveSoaking) and event.wave == name]
        assert soaked, f"{plan_id} is COMPLETED, {name} was never soaked"
