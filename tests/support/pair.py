"""The real ledger and the model side by side: every step is done to both, and they must agree after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from orchestrator.control.replies import reason_words
from orchestrator.domain.errors import TenantsMoved
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.fleet.rules import NO_RULES, FleetRules
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Operation, Order, Reply, Tally, draw_request_id
from orchestrator.ledger.outcomes import Ended, Looked
from orchestrator.ledger.records import Advanced, Onward
from orchestrator.plans.preview_digest import tenant_mark
from tests.support.agreement import Agreement
from tests.support.ledger_world import FAILURE, STAGES, config
from tests.support.model import Mark, Tenant

Previewed = Mapping[str, tuple[str, Mark]]
"""Of each tenant what the ledger and the model showed of it."""
SOAKED = FAILURE.model_copy(update={"type": "SoakFailed"})


class Pair(Agreement):
    """``world`` is the real one."""

    def submit(
        self,
        plan_id: str,
        tenants: list[str],
        *,
        slots: int = 4,
        snapshot: bool = True,
        rules: FleetRules = NO_RULES,
        wave_of: Sequence[int] = (),
    ) -> None:
        fleet: dict[str, Any] = {"rules": rules, "wave_of": wave_of}
        self.world.plan(plan_id, tenants, max_concurrency=slots, snapshot=snapshot, **fleet)
        self.model.submit(plan_id, tenants, len(STAGES), slots, snapshot=snapshot, **fleet)
        self.agree()

    def serve(self, plan_id: str) -> None:
        assert self.world.serve(plan_id) == self.model.serve(plan_id)
        self.agree()

    def worker(self, verb: str, task_id: str) -> str:
        """begin, poll, succeed or fail."""
        expected = getattr(self.model, verb)(self.model.tasks[task_id])
        assert getattr(self.world, verb)(task_id) == expected
        self.agree()
        return str(expected)

    def advance(self, task_id: str, *, serves: bool = True) -> None:
        """A good end and what follows it, and the same call once more, as after a lost reply."""
        turn, lanes = self.world.turn(task_id), "" if serves else "4:"
        expected = self.model.advance(self.model.tasks[task_id], serves=serves)
        answer = self.world.advance(task_id, lanes=lanes)
        assert (answer.ended, answer.task[0].task_id if answer.task else "") == expected
        before = self.world.dump()
        again = self.world.advance_turn(turn, Onward("worker", lanes))
        # Turned around under a new epoch: a message does the rest.
        assert again == (Advanced(Ended.STALE) if answer.ended is Ended.ROLLING_BACK else answer)
        assert self.world.dump() == before
        self.agree()

    def stage(self, task_id: str) -> None:
        assert self.worker("begin", task_id) == "BEGUN"
        self.worker("succeed", task_id)

    def finish(self, task_id: str) -> None:
        while self.model.tasks[task_id].status in TASK_ACTIVE:
            self.stage(task_id)

    def break_stage(self, task_id: str) -> None:
        self.worker("begin", task_id)
        self.worker("fail", task_id)

    def stall(self) -> None:
        """Nobody says anything for longer than a live process is ever silent: leases get their grace."""
        self.world.be_silent()
        assert self.world.was_in_grace()
        self.agree()

    def lose(self, kind: str, task_id: str) -> None:
        """A lease (running or queued) runs out. In a grace nothing is answered, whatever is overdue; after it, it is.

        On a machine so busy that the ledger took it for an outage there is grace too: the clock that the sweep went by
        says so.
        """
        task = self.model.tasks[task_id]
        self.world.expire(f"leases_{kind}", task_id)
        while self._swept(kind):
            self.agree()
            self.world.end_grace()
        (self.model.lose_worker if kind == "running" else self.model.lose_message)(task)
        self.agree()

    def _swept(self, kind: str) -> bool:
        """Whether the sweep was one in a grace, which must have answered nobody."""
        answer = self.world.ledger.call(f"sweep_{kind}", 100, 2, 100)
        is_grace = self.world.was_in_grace()
        assert not is_grace or answer == ["SWEPT", [], 0], f"swept in a grace: {answer}"
        return is_grace

    def wake_lines(self) -> None:
        self.world.ledger.call("sweep_lines", 100, 1000)
        self.model.wake_lines()
        self.agree()

    def freeze(self, tenants: list[str], *, rollbacks_too: bool) -> None:
        """One freeze a pattern would not name several: each tenant has its own letter."""
        pattern = tenants[0] if len(tenants) == 1 else "*"
        freeze_id = self.world.freeze(pattern, rollbacks_too=rollbacks_too)
        self.model.freeze(freeze_id, frozenset(tenants), rollbacks_too=rollbacks_too)
        self.agree()

    def unfreeze(self, freeze_id: str) -> None:
        self.model.unfreeze(freeze_id)
        self.world.freezes.lift(freeze_id, Order("ada", "because"))
        self.agree()

    def override(self, plan_id: str) -> None:
        answer, reply = self.model.override(self.model.plans[plan_id]), self.world.override(plan_id)
        assert (reply.answer, reply.why) == answer
        self.agree()

    def thaw(self) -> None:
        self.world.thaw()
        self.model.thaw()
        self.agree()

    def look(self, plan_id: str, gone: frozenset[str]) -> list[str]:
        """One round of looks at the tenants of a wave that soaks, each answered twice."""
        expected = self.model.look(self.model.plans[plan_id], gone)
        answers = []
        for look in self.world.looks(plan_id):
            why = SOAKED if look.tenant_id in gone else None
            answers.append(str(self.world.awaited.record_look(look.task_id, look.number, why)))
            before = self.world.dump()
            assert self.world.awaited.record_look(look.task_id, look.number, why) is Looked.STALE
            assert self.world.dump() == before
        assert answers == expected, f"{answers}, not {expected}"
        self.agree()
        return answers

    def answer_gate(self, plan_id: str, *, approves: bool) -> Reply:
        """Approves or rejects the gate that the plan waits for; the same request once more changes nothing."""
        answer = self.model.answer_gate(self.model.plans[plan_id], approves)
        before = self.world.state()
        would = self.world.operations.would_answer_gate(plan_id, approves=approves)
        assert (would.answer, would.why) == answer, f"asked what it would do: {would}"
        assert self.world.state() == before, "a question has written something"
        order = Order("ada", "because")
        reply = self.world.operations.answer_gate(plan_id, "", order, approves=approves)
        assert (reply.answer, reply.why) == answer, f"approves: {approves}, {plan_id}: {reply}"
        if answer[0] != "ACCEPTED":
            assert self.world.state() == before, f"{reply}, and yet something was written"
        again = self.world.dump()
        assert self.world.operations.answer_gate(plan_id, "", order, approves=approves) == reply
        assert self.world.dump() == again
        self.agree()
        return reply

    def ask(
        self, operation: str, target: str, *, from_scratch: bool = False, force: bool = False, override: bool = False
    ) -> Reply:
        over = "needed" if override and operation == "retry" else ""
        accepts = operation == "resume" and force and target in self.model.plans
        order = Order(
            "ada",
            "because",
            from_scratch=from_scratch,
            force=force,
            override_freeze=over,
            accept_failures=accepts,
        )
        kind = "task" if target in self.model.tasks else "plan"
        # Of one that waits already another answer is asked for, which no command offers.
        waits = bool(over) and kind == "task" and self.model.tasks[target].status == "PENDING"
        answer = self.model.ask(operation, target, from_scratch=from_scratch, force=force, override=bool(over))
        before = self.world.state()
        would = self.world.operations.would(
            Operation(operation), kind, target, from_scratch=from_scratch, force=force, accept_failures=accepts
        )
        told = (would.answer, would.why or answer[1])
        assert waits or told == answer, f"asked what {operation} of {target} would do: {would}"
        assert self.world.state() == before, "a question has written something"
        reply = self.world.ask_again(operation, target, order)
        assert (reply.answer, reply.why) == answer, f"{operation} {target}: {reply}"
        assert reply.status == self.world.status(target)
        if reply.why == "touched-nothing":
            cancelled = self.world.operations.would(Operation.CANCEL, kind, target)
            assert ("`cancel`" in reason_words(reply)) == (cancelled.answer == "ACCEPTED"), f"{reply}, {cancelled}"
        if answer[0] != "ACCEPTED":
            assert self.world.state() == before, f"{operation} of {target} was {reply}, and yet something was written"
        self.agree()
        self.asked.append((operation, target, order, reply))
        return reply

    def skip_stage(self, task_id: str) -> Reply:
        """Lets a failed task go on behind its stage; the same request once more changes nothing."""
        answers, order = FailureAnswers(self.world.ledger), Order("ada", "because", request_id=draw_request_id())
        answer = self.model.skip_stage(self.model.tasks[task_id])
        before = self.world.state()
        would = answers.would("skip-stage", task_id)
        assert (would.answer, would.why or answer[1]) == answer, f"asked what it would do: {would}"
        assert self.world.state() == before, "a question has written something"
        reply = answers.on_task("skip-stage", task_id, order)
        assert (reply.answer, reply.why) == answer, f"{task_id}: {reply}"
        if answer[0] != "ACCEPTED":
            assert self.world.state() == before, f"{reply}, and yet something was written"
        again = self.world.dump()
        assert answers.on_task("skip-stage", task_id, order) == reply
        assert self.world.dump() == again
        self.agree()
        return reply

    def preview(self, tenants: Iterable[str]) -> Previewed:
        """What the tenants are now."""
        names = list(tenants)
        marks = [tenant_mark(record) for record in self.world.reader.tenant_records(names)]
        known = {name: self.model.tenants.get(name, Tenant(name)).mark for name in names}
        return {name: (mark, known[name]) for name, mark in zip(names, marks, strict=True)}

    def draft(self, plan_id: str, tenants: list[str], shown: Previewed, *, slots: int, snapshot: bool) -> None:
        """Writes a plan that is bound to what was shown of its tenants, up to its commit."""
        self.world.open(plan_id, len(tenants), max_concurrency=slots)
        rows = [(name, config(name, plan_id, snapshot=snapshot), shown[name][0] + "{}") for name in tenants]
        self.model.open(plan_id, slots, len(STAGES))
        seen = {name: mark for name, (_, mark) in shown.items()}
        written = self.model.write(plan_id, tenants, snapshot=snapshot, seen=seen)
        assert self.world.ledger.write_chunk(plan_id, "d", 0, rows) == written
        self.agree()

    def commit(self, plan_id: str) -> bool:
        """Whether its tenants were still as they had been shown; if not, the draft is abandoned."""
        committed = self.model.commit(plan_id) == "READY"
        if committed:
            assert self.world.ledger.commit_plan(plan_id, "d")[0] == "READY"
        else:
            with pytest.raises(TenantsMoved):
                self.world.ledger.commit_plan(plan_id, "d")
            assert self.world.ledger.call("abandon_draft", 0, 100)[0] == "ABANDONED"
            self.model.abandon(plan_id)
        self.agree()
        return committed

    def accept(self, target: str) -> None:
        """The failure of a task, or all of a plan."""
        answers, order = FailureAnswers(self.world.ledger), Order("ada", "because")
        if target in self.model.plans:
            accepted = self.model.accept_all(self.model.plans[target])
            assert Tally.of(answers.on_plan("accept", target, None, order)).done == accepted
        else:
            answer = self.model.accept(self.model.tasks[target])
            would, reply = answers.would("accept", target), answers.on_task("accept", target, order)
            assert (would.answer, would.why) == (reply.answer, reply.why) == answer, f"{target}: {would}, {reply}"
        self.agree()

    def exclude(self, plan_id: str, tenants: str) -> None:
        """The waiting tenants of an id, or all (``*``)."""
        answers = FailureAnswers(self.world.ledger)
        left = self.model.exclude(self.model.plans[plan_id], tenants)
        told = answers.on_plan("exclude", plan_id, tenants, Order("ada", "because"))
        assert Tally.of(told).done == left, f"{tenants} of {plan_id}: {told}"
        self.agree()

    def ask_all_again(self) -> None:
        """Every request so far once more: each is answered as it was, and nothing is written."""
        before = self.world.dump()
        for operation, target, order, reply in self.asked:
            assert self.world.ask_again(operation, target, order) == reply, f"{operation} of {target}"
        assert self.world.dump() == before
