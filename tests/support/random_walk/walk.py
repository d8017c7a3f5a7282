"""What people, workers and coordinators do to a random fleet, step by step; and how all of it is brought to its end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.failure_answers import Chunked, FailureAnswers, Word
from orchestrator.ledger.operations import Operation, Operations, Order, Taken
from orchestrator.ledger.outcomes import Begun
from orchestrator.stages.rollback_strategy import configs_for
from tests.support.ledger_world import FAILURE, LedgerWorld
from tests.support.random_walk.anew import begin_anew
from tests.support.random_walk.fleet import RandomFleet
from tests.support.random_walk.idle import ON_ITS_WAY, all_tasks, check_nobody_waits_in_vain
from tests.support.waiting import wait_until

CHUNKS: Final = ("resume_chunk", "cancel_chunk", "rollback_chunk", "retry_chunk", "wave_rollback_chunk")
OF_A_TASK: Final = ("pause", "resume", "cancel", "retry", "retry", "rollback")
OF_A_PLAN: Final = ("pause", "resume", "resume", "retry", "retry", "resume", "cancel", "rollback")
MOSTLY: Final = ("pause", "resume", "retry", "resume")
"""Of plans: what gives none of them up."""
ROUNDS: Final = 20
MORE_SECONDS: Final = 10.0
"""In these rounds, and in this time where something has still to become due, all ends once nothing holds it up."""


class Walk:
    """The same number walks the same way, as far as no time is waited for. ``is_lazy``: the coordinator often does a
    part of what it is to do, and leaves the rest for later. ``told`` says what was done."""

    def __init__(self, world: LedgerWorld, number: int, *, is_lazy: bool = False) -> None:
        self.world = world
        self.random = Random(number)
        self.fleet = RandomFleet(world, self.random)
        self.told: list[str] = []
        self._is_lazy = is_lazy
        if is_lazy or number % 2:
            world.operations = Operations(world.ledger, 1 - number % 2)
        self._answers = FailureAnswers(world.ledger, 2)
        self._freezes: list[str] = []

    def step(self) -> None:
        """Does one thing."""
        at = self.random.random()
        if not self.world.reader.plan_ids():
            self._submit()
        else:
            next(do for until, do in self._steps() if at < until)()

    def wind_up(self) -> None:
        """Lifts what holds, answers what waits, moves what runs: then every plan ends, by its wakes alone."""
        self._tell("winds up")
        for freeze_id in self._freezes:
            self.world.freezes.lift(freeze_id, Order("ada", "because"))
        if not any(self._brings_to_end(is_late=number > 3) for number in range(ROUNDS)):
            stuck = [(plan_id, self.world.status(plan_id)) for plan_id in self._open()]
            # What is not due yet (a start, a rate, a soak) becomes so.
            wait_until(lambda: self._brings_to_end(is_late=True), MORE_SECONDS, f"stuck: {stuck}")

    def _brings_to_end(self, *, is_late: bool) -> bool:
        """One round of all; whether every plan has ended."""
        self.world.coordinate()
        for task_id in self._active():
            self._move(task_id, fails=False)
        for plan_id in self._open():
            self._let_on(plan_id, is_late=is_late)
        self._resume_tasks()
        return not self._open()

    def _steps(self) -> tuple[tuple[float, Callable[[], None]], ...]:
        return (
            (0.04, self._submit),
            (0.16, self._coordinate),
            (0.2, self._rest),
            (0.225, self._retry_one_that_failed),
            (0.255, lambda: begin_anew(self.world, self.random, self._ask)),
            (0.55, self._work),
            (0.58, self._lose),
            (0.66, self._ask_of_task),
            (0.75, self._ask_of_plan),
            (0.79, self._freeze),
            (0.84, lambda: self._look(self._plan(), is_well=False)),
            (0.88, lambda: self._answer_gate(self._plan(), approves=self.random.random() < 0.7)),
            (0.90, lambda: self._answer("accept")),
            (0.91, lambda: self._answer_all("accept", self._plan(), None)),
            (0.93, self._retry_some),
            (0.95, lambda: self._answer("skip-stage")),
            (0.96, self._exclude),
            (0.967, self._override),
            (0.975, self.fleet.limit_groups),
            (0.985, self._sweep),
            (1.0, self._release),
        )

    def _tell(self, *words: object) -> None:
        self.told.append(" ".join(map(str, words)))

    def _plan(self) -> str:
        return self.random.choice(self.world.reader.plan_ids())

    def _task(self) -> str:
        return self.random.choice(list(all_tasks(self.world)))

    def _active(self) -> list[str]:
        return [task_id for task_id, task in all_tasks(self.world).items() if task["status"] in ON_ITS_WAY]

    def _open(self) -> list[str]:
        return [one for one in self.world.reader.plan_ids() if self.world.status(one) not in PLAN_ENDED]

    def _submit(self) -> None:
        if words := self.fleet.submit():
            self._tell("submit", words)

    def _coordinate(self) -> None:
        if not self._is_lazy or self.random.random() >= 0.7:
            self.world.coordinate()
            return self._tell("coordinate")
        for plan_id in self.world.ledger.take_turns(2):
            if self.world.admit(plan_id, self.random.choice([1, 50])).has_chunks:
                for chunk in CHUNKS:
                    getattr(self.world.operations, chunk)(plan_id, 1)
        return self._tell("coordinate a little")

    def _rest(self) -> None:
        self._tell("rest")
        check_nobody_waits_in_vain(self.world, self.fleet.traits)

    def _retry_one_that_failed(self) -> None:
        """Of a plan that has ended; of a lazy walk the others are accepted."""
        plans = [one for one in self.world.reader.plan_ids() if self.world.status(one) == PlanState.FAILED]
        if not plans:
            return
        plan_id, tasks = self.random.choice(plans), all_tasks(self.world)
        failed = [one for one in tasks if plan_of(one) == plan_id and tasks[one]["status"] == TaskState.FAILED]
        if not failed:
            return
        chosen = self.random.choice(failed)
        self._ask("retry", chosen, Order("ada", "because", force=True, from_scratch=True))
        self.world.coordinate()
        for task_id in failed if self._is_lazy else ():
            if task_id != chosen:
                self._tell("accept", task_id, self._answers.on_task("accept", task_id, Order("ada", "because")).answer)

    def _work(self) -> None:
        if active := self._active():
            self._move(self.random.choice(active))

    def _move(self, task_id: str, *, fails: bool | None = None) -> None:
        """Begins its turn, or ends it; ``fails``: whether its stage does, None for now and then."""
        if self.world.task(task_id).get("lease") == "queued" and self.world.begin(task_id) is not Begun.BEGUN:
            return
        task = self.world.task(task_id)
        if task.get("lease") != "running" or task["status"] not in ON_ITS_WAY or not self.world.has_begun(task_id):
            return
        is_bad = self.random.random() < 0.3 if fails is None else fails
        if is_bad or (task["status"] == TaskState.ROLLING_BACK and not self._has_way_back(task_id)):
            return self._tell("fail", task_id, self.world.fail(task_id))
        advanced = self.world.advance(task_id, lanes=self.random.choice(["", "", "4:"]))
        return self._tell("advance", task_id, advanced.ended, advanced.task and advanced.task[0].task_id)

    def _has_way_back(self, task_id: str) -> bool:
        try:
            configs_for(self.world.record_of(task_id))
        except ChangeoverError:
            return False
        return True

    def _lose(self) -> None:
        """Its message, or its worker."""
        if active := self._active():
            task_id = self.random.choice(active)
            kind = self.world.task(task_id).get("lease")
            if kind in ("queued", "running"):
                self.world.expire(f"leases_{kind}", task_id)
                self.world.end_grace()
                self.world.ledger.call(f"sweep_{kind}", 100, 2, 100)
                self._tell("lose", kind, task_id)

    def _ask(self, word: str, target: str, order: Order) -> None:
        reply = self.world.ask(word, target, order)
        self._tell(word, target, reply.answer, reply.why)

    def _ask_of_task(self) -> None:
        task_id, word = self._task(), self.random.choice(OF_A_TASK)
        from_scratch, force = self.random.random() < 0.3, self.random.random() < 0.3
        override = "urgent" if word == "retry" and self.random.random() < 0.2 else ""
        order = Order("ada", "because", from_scratch, force, override_freeze=override)
        self._ask(word, task_id, order)

    def _ask_of_plan(self) -> None:
        plan_id = self._plan()
        word = self.random.choice(OF_A_PLAN if self.random.random() < 0.35 else MOSTLY)
        accepts = word == "resume" and self.random.random() < 0.5
        self._ask(word, plan_id, Order("ada", "because", accept_failures=accepts))

    def _freeze(self) -> None:
        random = self.random
        if random.random() < 0.6 and len(self._freezes) < 3:
            tenants, label = self._frozen()
            self._freezes.append(self.world.freeze(tenants, label, rollbacks_too=random.random() < 0.3))
            self._tell("freeze", tenants, label)
        elif self._freezes:
            freeze_id = self._freezes.pop(random.randrange(len(self._freezes)))
            self.world.freezes.lift(freeze_id, Order("ada", "because"))
            self._tell("unfreeze", freeze_id)

    def _frozen(self) -> tuple[str | None, str | None]:
        if self.random.random() < 0.6:
            return self.random.choice(self.fleet.tenants), None
        return (None, "ring=a") if self.random.random() < 0.7 else ("t*", None)

    def _look(self, plan_id: str, *, is_well: bool) -> None:
        for look in self.world.looks(plan_id):
            why = None if is_well or self.random.random() >= 0.3 else FAILURE
            self._tell("look", look.task_id, self.world.awaited.record_look(look.task_id, look.number, why))

    def _answer_gate(self, plan_id: str, *, approves: bool) -> None:
        reply = self.world.operations.answer_gate(plan_id, "", Order("ada", "because"), approves=approves)
        self._tell("approve" if approves else "reject", plan_id, reply.answer, reply.why)

    def _answer(self, word: Word) -> None:
        task_id = self._task()
        reply = self._answers.on_task(word, task_id, Order("ada", "because"))
        self._tell(word, task_id, reply.answer, reply.why)

    def _answer_all(self, word: Chunked, plan_id: str, tenants: str | None) -> None:
        self._tell(word, plan_id, self._answers.on_plan(word, plan_id, tenants, Order("ada", "because")).what)

    def _exclude(self) -> None:
        plan_id = self._plan()
        self._answer_all("exclude", plan_id, self.random.choice([*self.fleet.tenants, "t*"]))

    def _retry_some(self) -> None:
        """Of what was cancelled with its plan, or failed: some scripts of it, and the caller is gone. Often a plan is
        given up first."""
        plan_id, random = self._plan(), self.random
        narrowing = random.choice([Narrowing(cancelled=True), Narrowing(cancelled=True), Narrowing(cause="*")])
        if narrowing.cancelled and self.world.status(plan_id) not in PLAN_ENDED and random.random() < 0.7:
            self._ask("cancel", plan_id, Order("ada", "because"))
            self.world.coordinate()
            for task_id in self._active():
                if plan_of(task_id) == plan_id and self.world.begin(task_id) is not Begun.BEGUN:
                    self.world.coordinate()
            if random.random() < 0.5:
                # One of it first: a wave of which nobody has begun may be passed by.
                one = random.choice([task_id for task_id in all_tasks(self.world) if plan_of(task_id) == plan_id])
                self._ask("retry", one, Order("ada", "because", from_scratch=True))
                self.world.coordinate()
        order = Order("ada", "because", from_scratch=narrowing.cancelled or random.random() < 0.5)
        options = (int(order.from_scratch), 0, "", random.choice([1, 2, 50]), *narrowing.options)
        for _ in range(random.choice([1, 1, 2, 100])):
            of = f"plan {plan_id} {narrowing}"
            reply = self.world.operations.send("retry_some_chunk", Operation.RETRY, of, plan_id, order, *options)
            self._tell("retry some", plan_id, narrowing, reply.answer, reply.why)
            if reply.answer is not Taken.MORE:
                return
            self._coordinate()

    def _override(self) -> None:
        plan_id = self._plan()
        self._tell("override", plan_id, self.world.override(plan_id).answer)

    def _sweep(self) -> None:
        self.world.ledger.call("sweep_groups", 100, 100)
        self.world.ledger.call("sweep_lines", 100, 100)

    def _release(self) -> None:
        tenant = self.random.choice(self.fleet.tenants)
        reply = self.world.operations.release_tenant(tenant, Order("ada", "because", force=True))
        self._tell("release", tenant, reply.answer, reply.why)

    def _let_on(self, plan_id: str, *, is_late: bool) -> None:
        """A late plan is resumed too where nobody has paused it, but its breaker waits for an answer."""
        self._look(plan_id, is_well=True)
        if self.world.operations.would_answer_gate(plan_id).answer is Taken.ACCEPTED:
            self._answer_gate(plan_id, approves=True)
        plan = self.world.reader.plan_record(plan_id)
        is_stopped = plan["status"] == PlanState.PAUSED or plan.get("pauseRequested") == "1"
        would = self.world.operations.would
        if is_stopped or (
            is_late and would(Operation.RESUME, "plan", plan_id, accept_failures=True).answer is Taken.ACCEPTED
        ):
            self._ask("resume", plan_id, Order("ada", "because", accept_failures=True))

    def _resume_tasks(self) -> None:
        for task_id, task in all_tasks(self.world).items():
            is_paused = task["status"] == TaskState.PAUSED and task.get("rollbackRequested") != "1"
            if is_paused and not self.world.reader.is_paused_by_plan(task_id):
                self._ask("resume", task_id, Order("ada", "because"))
