"""Whether the real ledger and the model say the same: states, flags, holders, queues, lines, epochs and events."""

from __future__ import annotations

from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations, Order, Reply
from tests.support.ledger_world import STAGES, LedgerWorld
from tests.support.model import FAILURES, Limits, Model, Plan, Task
from tests.support.whole_table import WHOLE


class Agreement:
    """``world`` is the real one; its scripts and the model know the whole table, whatever the code's lacks."""

    def __init__(self, world: LedgerWorld, retried_at_once: int = 1) -> None:
        self.world = world.on(Ledger(world.ledger.client, world.settings, WHOLE))
        self.world.operations = Operations(self.world.ledger, retried_at_once)
        self.model = Model(retried_at_once)
        self.asked: list[tuple[str, str, Order, Reply]] = []
        self._seen = 0

    def agree(self) -> None:
        """States, flags, holders, slots, queues, lines, epochs and the events of the last step."""
        events = self.world.events(self._seen)
        self._seen += len(events)
        # TaskCreated and its like name a task, others their plan; the operation names what it is about.
        told = [(event.type, str(getattr(event, "task_id", None) or event.plan_id)) for event in events]
        # One write may tell of several plans: those of one are in order.
        expected = sorted(self.model.events, key=_plan_told)
        assert sorted(told, key=_plan_told) == expected, f"{told} is told, not {self.model.events}"
        self.model.events.clear()
        for plan_id, plan in self.model.plans.items():
            record = self.world.reader.plan_record(plan_id)
            flags = ("1" if plan.pause else None, "1" if plan.cancel else None)
            kept = (record["status"], record.get("pauseRequested"), record.get("cancelRequested"))
            assert kept == (plan.status, *flags), plan_id
            assert ("retryCursor" in record) == (plan.retry is not None), plan_id
            self._agree_on_waves(plan, record)
            assert self.world.queue(plan_id) == [task.id for task in self.model.queue(plan)], plan_id
            assert self.world.slots(plan_id) == {task.id for task in plan.tasks if task.status in TASK_ACTIVE}
        for task in self.model.tasks.values():
            self._agree_on(task)
        for tenant in self.model.tenants.values():
            record = self.world.reader.tenant_records([tenant.id])[0]
            assert record.get("holder") == tenant.holder, tenant.id
            assert (record.get("mover", ""), int(record.get("moverEpoch", 0))) == tenant.last_mover, tenant.id
            assert (record.get("current") is None) == (not tenant.current), tenant.id
            assert (record.get("good") is None) == (not tenant.good), tenant.id
            assert self.world.line(tenant.id) == [task_id for _, _, task_id in sorted(tenant.line)], tenant.id

    def _agree_on_waves(self, plan: Plan, record: dict[str, str]) -> None:
        assert ("waveRollback" in record) == bool(plan.takes_back), plan.id
        assert record.get("tripped", "") == plan.tripped, plan.id
        assert int(record.get("accepted", 0)) == plan.accepted, plan.id
        assert int(record.get("passed", 0)) == plan.passed, plan.id
        for part, field in [(plan, ""), *((wave, f"wave:{wave.index}:") for wave in plan.waves)]:
            counted = {
                name: int(record.get(f"{field}n:{name}", 0))
                for name in ("accepted", "skipped", "takenBack", "sentBack")
            }
            assert counted == _counted(part), f"{plan.id} {field}"
            assert (f"{field}sentBack" in record) == part.sent_back, f"{plan.id} {field}"
        for wave in plan.waves:
            assert record.get(f"wave:{wave.index}:state", "PENDING") == wave.state, f"{plan.id}, wave {wave.index}"
            assert int(record.get(f"wave:{wave.index}:accepted", 0)) == wave.accepted, f"{plan.id}, wave {wave.index}"

    def _agree_on(self, task: Task) -> None:
        record = self.world.task(task.id)
        kept = {
            "status": TaskState(record["status"]),
            "pause": record.get("pauseRequested") == "1",
            "cancel": record.get("cancelRequested") == "1",
            "rollback": record.get("rollbackRequested") == "1",
            "forced": record.get("forced") == "1",
            "begun": record.get("stageStarted") == "1",
            "lease": record.get("lease", ""),
            "stage": int(record.get("stage", 0)),
            "touched": int(record.get("touched", 0)),
            "legs": int(record.get("legs", task.plan.stages)),
            "epoch": int(record.get("epoch", 0)),
            "retries": int(record.get("retries", 0)),
            "retrying": record.get("retrying", ""),
            "accepted": record.get("accepted") == "1",
            "sent_back": record.get("sentBack") == "1",
            "by_policy": record.get("policyBack") == "1",
            "skipped": [STAGES.index(name) for name in record.get("skipped", "").split("\n") if name],
            "frozen": record.get("frozenBy", ""),
            "checkpoint": bool(self.world.client.exists(self.world.keys.of("checkpoint", task.id))),
        }
        assert kept == {name: getattr(task, name) for name in kept}, task.id


def _counted(part: Limits) -> dict[str, int]:
    return {
        "accepted": sum(task.accepted for task in part.tasks),
        "skipped": sum(bool(task.skipped) and task.status not in FAILURES for task in part.tasks),
        "takenBack": sum(task.is_taken_back for task in part.tasks),
        "sentBack": sum(task.sent_back for task in part.tasks),
    }


def _plan_told(line: tuple[str, str]) -> str:
    return line[1].partition(".")[0]
