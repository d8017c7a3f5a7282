"""Which command would be taken now: asked of the verb that it would call, which answers as it would and writes nothing.

So no command is offered that would be refused: table, guards and every other question of the verb are asked, not told
again here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from orchestrator.control.fleet_status import answer_command
from orchestrator.control.replies import reason_words
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation, Operations, Reply, Taken

_GATE: Final = ("approve", "reject")


@dataclass(frozen=True, slots=True)
class Command:
    """An operation as a person would type it."""

    operation: Operation
    kind: Literal["plan", "task"]
    target_id: str
    from_scratch: bool = False
    force: bool = False
    accept_failures: bool = False

    def __str__(self) -> str:
        options = (" --from-scratch" if self.from_scratch else "") + (" --force" if self.force else "")
        options += " --accept-failures" if self.accept_failures else ""
        return typed(str(self.operation), f"--{self.kind}", self.target_id) + options


@dataclass(frozen=True, slots=True)
class Offer:
    """The first command that would be taken; ``reply``: to the first that was wanted, when that would not be."""

    commands: Sequence[str] = ()
    reply: Reply | None = None

    @property
    def why(self) -> str:
        """Why, as the verb's own word for it."""
        return "" if self.reply is None else self.reply.why

    @property
    def words(self) -> str:
        """Why, for a person."""
        return "" if self.reply is None else reason_words(self.reply)


class Offers:
    """``is_open``: whether the ledger takes writes now; else it would take no command at all."""

    def __init__(self, operations: Operations, *, is_open: bool) -> None:
        self._operations = operations
        self._is_open = is_open

    @property
    def is_open(self) -> bool:
        """Whether the ledger takes writes now."""
        return self._is_open

    def first(self, *wanted: Command) -> Offer:
        """The first of these that would be accepted."""
        if not self._is_open:
            return Offer()
        refusal: Reply | None = None
        for command in wanted:
            reply = self._operations.would(
                command.operation,
                command.kind,
                command.target_id,
                from_scratch=command.from_scratch,
                force=command.force,
                accept_failures=command.accept_failures,
            )
            if reply.answer is Taken.ACCEPTED:
                return Offer([str(command)], refusal)
            refusal = refusal or reply
        return Offer((), refusal)

    def every(self, *wanted: Command) -> list[str]:
        """All of these that would be accepted, in this order."""
        return [command for one in wanted for command in self.first(one).commands]

    def purge(self, plan_id: str) -> bool:
        """Whether a plan would be taken out by force."""
        return self._is_open and self._operations.would_purge(plan_id).answer is Taken.ACCEPTED

    def purge_waits(self, plan_id: str) -> bool:
        """Whether that waits for workers alone."""
        return self._is_open and self._operations.would_purge(plan_id).why == "alive"

    def gate(self, plan_id: str, wave: str) -> list[str]:
        """To approve a wave's gate, and to reject it, as far as that would be accepted."""
        if not self._is_open:
            return []
        would = self._operations.would_answer_gate
        replies = {word: would(plan_id, wave, approves=word == "approve") for word in _GATE}
        taken = [word for word, reply in replies.items() if reply.answer is Taken.ACCEPTED]
        return [answer_command(word, plan_id, wave) for word in taken]

    def answers(self, task_id: str) -> list[str]:
        """To let a failed task go on behind its stage, and to accept its failure, as far as that would be accepted."""
        if not self._is_open:
            return []
        verbs = {"skip-stage": "skip_stage", "accept": "accept_task"}
        would = {word: self._operations.would_ask(verb, task_id) for word, verb in verbs.items()}
        taken = [word for word, reply in would.items() if reply.answer is Taken.ACCEPTED]
        return [typed(word, "--task", task_id, "--reason", "say why") for word in taken]

    def release(self, tenant_id: str, *, force: bool = False) -> list[str]:
        """To take a tenant from a holder that is gone, or by force from any, if that would be accepted."""
        if not self._is_open or self._operations.would_release(tenant_id, force=force).answer is not Taken.ACCEPTED:
            return []
        if force:
            return [typed("release", "--tenant", tenant_id, "--force", "--reason", "say why")]
        return [typed("release", "--tenant", tenant_id, "--reason", "its holder is gone")]


def of_task(operation: Operation, task_id: str, *, from_scratch: bool = False, force: bool = False) -> Command:
    """The operation on one task."""
    return Command(operation, "task", task_id, from_scratch, force)


def of_plan(operation: Operation, plan_id: str, **how: bool) -> Command:
    """The operation on a whole plan; ``how``: the options of a ``Command``."""
    return Command(operation, "plan", plan_id, **how)
