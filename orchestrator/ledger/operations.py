"""What a person can ask for, as verbs: each changes the state in the call itself, or says plainly why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Final, cast
from uuid import uuid4

from orchestrator.domain.errors import BadMove, InvalidInput, Problem
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.ledger import Ledger

REPEATED: Final = "REPEATED"


def draw_request_id() -> str:
    """A new one: nobody else's request has it."""
    return uuid4().hex


class Operation(StrEnum):
    """The five operations."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    ROLLBACK = "rollback"


class Taken(StrEnum):
    """How an operation was taken."""

    ACCEPTED = "ACCEPTED"
    """Done, or asked for and acted on at the next boundary."""
    NOOP = "NOOP"
    """Already so; nothing was changed and no event written."""
    REFUSED = "REFUSED"
    """The state does not allow it."""
    MISSING = "MISSING"
    """No such plan or task."""
    MORE = "MORE"
    """Some of its tasks are done, and the next are to be (see ``Operations.send_all``)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, the target's state after it, a stable word for why, and what it is about (a task, a count).

    ``target_id`` is what was acted on: the first time, when the request is a repeat.
    """

    answer: Taken
    status: str = ""
    why: str = ""
    what: str = ""
    target_id: str = ""
    of_plan: bool = field(default=False, compare=False)
    """That is a plan, not a task or tenant."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks, and why; both go into the event.

    ``request_id`` makes it one request, however often it is sent: the same id changes nothing the second time and is
    answered as the first time. ``of`` is the target in the caller's words, when that is not the one acted on.
    ``override_freeze``: why no freeze stops what is retried; None when any does.
    ``accept_failures``: of the resume of a plan whose breaker has tripped: what has failed so far is borne.
    """

    actor: str
    reason: str = ""
    from_scratch: bool = False
    force: bool = False
    request_id: str = field(default_factory=draw_request_id)
    of: str = ""
    override_freeze: str | None = None
    accept_failures: bool = False


RETRIED_AT_ONCE: Final = 20
"""The failed tasks that a plan's retry takes back in the call itself; of more, a coordinator does all, in chunks."""


class Operations:
    """The scripts behind the operations, on one ledger."""

    def __init__(self, ledger: Ledger, retried_at_once: int = RETRIED_AT_ONCE) -> None:
        self._ledger = ledger
        self._retried_at_once = retried_at_once

    def on_task(self, operation: Operation, task_id: str, order: Order) -> Reply:
        """Asks it of one task."""
        return self._ask("task", operation, task_id, order)

    def on_plan(self, operation: Operation, plan_id: str, order: Order) -> Reply:
        """Asks it of a whole plan: one script, whose time does not grow with the plan; coordinators do the rest."""
        return self._ask("plan", operation, plan_id, order)

    def answer_gate(
        self, plan_id: str, wave: str, order: Order, *, approves: bool, question: int | None = None
    ) -> Reply:
        """Approves or rejects the gate of a plan's wave, by its name; "" is the one that waits. ``question``: what an
        HTTP gate's own answer answers; refused once that is not asked any more."""
        word = "approve" if approves else "reject"
        of = f"plan {plan_id}" + (f" wave {wave}" if wave else "")
        options = (wave,) if question is None else (wave, question)
        return replace(self.send(f"{word}_gate", word, of, plan_id, order, *options), of_plan=True)

    def would_answer_gate(self, plan_id: str, wave: str = "", *, approves: bool = True) -> Reply:
        """What that would answer now."""
        return replace(self._would("approve_gate" if approves else "reject_gate", plan_id, wave), of_plan=True)

    def release_tenant(self, tenant_id: str, order: Order) -> Reply:
        """Takes the tenant from its holder, which fails."""
        return self.send("release_tenant", "release", f"tenant {tenant_id}", tenant_id, order, int(order.force))

    def cancel_chunk(self, plan_id: str, limit: int) -> bool:
        """Cancels the next waiting tasks of a cancelled plan; True when there may be more."""
        return bool(self._ledger.call("cancel_chunk", plan_id, limit)[0] == "MORE")

    def resume_chunk(self, plan_id: str, limit: int) -> bool:
        """Re-queues the next tasks that the pause of a resumed plan had stopped; True when there may be more."""
        return bool(self._ledger.call("resume_chunk", plan_id, limit)[0] == "MORE")

    def rollback_chunk(self, plan_id: str, limit: int) -> bool:
        """Asks for the next tasks' rollback of a plan that goes back; True when there may be more."""
        return bool(self._ledger.call("rollback_chunk", plan_id, limit)[0] == "MORE")

    def wave_rollback_chunk(self, plan_id: str, limit: int) -> bool:
        """Asks for the next tasks' rollback of a wave that its breaker takes back; True when there may be more."""
        return bool(self._ledger.call("wave_rollback_chunk", plan_id, limit)[0] == "MORE")

    def retry_chunk(self, plan_id: str, limit: int) -> bool:
        """Takes back the next tasks of a plan that is retried, as asked by whom; True when there may be more."""
        code, *rest = self._ledger.call("retry_chunk", plan_id, limit)
        if code == "NARROWED":
            code = self._ledger.call("retry_some_chunk", *json.loads(rest[0]))[0]
        return bool(code == "MORE")

    def would(
        self,
        operation: Operation,
        kind: str,
        target_id: str,
        *,
        from_scratch: bool = False,
        force: bool = False,
        accept_failures: bool = False,
    ) -> Reply:
        """What it would answer now, of a task or plan (``kind``): the verb's own questions, and nothing is written."""
        order = Order("", "", from_scratch, force, request_id="", accept_failures=accept_failures)
        reply = self._would(f"{operation}_{kind}", target_id, *self._options(operation, kind, order))
        return replace(reply, of_plan=kind == "plan")

    def would_release(self, tenant_id: str, *, force: bool = False) -> Reply:
        """The same of ``release_tenant``."""
        return self._would("release_tenant", tenant_id, int(force))

    def would_purge(self, plan_id: str, *, force: bool = True) -> Reply:
        """The same of ``purge_plan``."""
        return replace(self._would("purge_plan", plan_id, "", int(force), "", ""), of_plan=True)

    def would_retry_some(self, plan_id: str, begin: int, options: Sequence[int | str]) -> Reply:
        """The same of a narrowed retry's next script, from the task at this position on: ``MORE`` says in ``what``
        where to go on, since none of those that it has looked at would be retried."""
        return replace(self._would("retry_some_chunk", plan_id, *options, request_id=str(begin)), of_plan=True)

    def would_ask(self, verb: str, target_id: str) -> Reply:
        """The same of any verb of a person that takes no options."""
        return replace(self._would(verb, target_id), of_plan=verb == "override_freezes")

    def _would(self, verb: str, target_id: str, *options: int | str, request_id: str = "") -> Reply:
        try:
            code, *rest = self._ledger.ask(verb, target_id, "", "", request_id, "", *options)
        except BadMove as error:
            return Reply(Taken.REFUSED, error.status, "bad-move", str(error), target_id)
        return _reply(target_id, code, *rest)

    def _ask(self, kind: str, operation: Operation, target_id: str, order: Order) -> Reply:
        options = self._options(operation, kind, order)
        reply = self.send(f"{operation}_{kind}", operation, f"{kind} {target_id}", target_id, order, *options)
        return replace(reply, of_plan=kind == "plan")

    def _options(self, operation: Operation, kind: str, order: Order) -> list[int | str]:
        """What the operation's script takes besides who asks, and why."""
        if operation is Operation.RESUME:
            return [int(order.accept_failures)] if kind == "plan" else []
        if operation is Operation.RETRY:
            most = [self._retried_at_once] if kind == "plan" else []
            return [int(order.from_scratch), int(order.force), order.override_freeze or "", *most]
        return [int(order.force)] if operation is Operation.ROLLBACK else []

    def first_answer(self, asked: str, request_id: str) -> Reply | None:
        """How this request was answered before, if it was. For what is more than one script: the scripts do it too."""
        kept = cast(str | None, self._ledger.client.get(self._ledger.keys.of("request", request_id)))
        return _repeated(kept, asked, request_id) if kept else None

    def first_asked(self, request_id: str) -> str:
        """What this request asked when it was sent first, in words: from its answer, or, of many scripts, from what
        they have done so far. "" when there is neither."""
        key = partial(self._ledger.keys.of, "request")
        kept, parts = cast(list[str | None], self._ledger.client.mget(key(request_id), key(f"{request_id}/")))
        return str(read_stored(kept)[0]) if kept else (parts or "").partition("\n")[0]

    def parts(self, asked: str, request_id: str) -> list[str]:
        """The parts that this request, which is many scripts, has done so far, as ``purge_plan`` keeps them."""
        kept = cast(str | None, self._ledger.client.get(self._ledger.keys.of("request", f"{request_id}/")))
        first_asked, *done = kept.split("\n") if kept else [asked]
        _check_same(first_asked, asked, request_id)
        return done

    def keep_answer(self, asked: str, request_id: str, reply: Reply) -> Reply:
        """Keeps the answer; what was answered before it, should another have been quicker, counts instead."""
        told = (reply.target_id, reply.status, reply.what, request_id, asked, reply.answer)
        code, *rest = self._ledger.call("answer_request", *told)
        return _repeated(rest[0], asked, request_id) if code == REPEATED else reply

    def send(self, verb: str, word: str, of: str, target_id: str, order: Order, *options: int | str) -> Reply:
        """Sends one request to its script: ``word`` and ``of`` say in words what is asked of what."""
        asked = what_is_asked(word, of, order)
        who_and_why = (order.actor, order.reason, order.request_id, asked)
        code, *rest = self._ledger.call(verb, target_id, *who_and_why, *options)
        if code == REPEATED:
            return _repeated(rest[0], asked, order.request_id)
        return _reply(target_id, code, *rest)

    def send_all(self, verb: str, word: str, of: str, plan_id: str, order: Order, *options: int | str) -> Reply:
        """Sends one request for many of a plan's tasks: as many scripts as it takes. May be cut off anywhere and sent
        again. ``Tally.of`` reads the reply, unless that says why nothing could be done."""
        reply = self.send(verb, word, of, plan_id, order, *options)
        while reply.answer is Taken.MORE:
            reply = self.send(verb, word, of, plan_id, order, *options)
        return replace(reply, of_plan=True)


@dataclass(frozen=True, slots=True)
class RefusedTasks:
    """Why so many tasks were refused, and what about; ``task_id`` is the first of them."""

    task_id: str
    why: str
    what: str
    number: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a request for many tasks has done: to so many, so many passed by since they are damaged, so many refused,
    and why (the first kinds of refusals). ``begun``: so many that wait are not excluded, since they have begun."""

    done: int
    damaged: int
    refused: int
    refusals: tuple[RefusedTasks, ...]
    begun: int = 0

    @classmethod
    def of(cls, reply: Reply) -> Tally:
        """As the reply to one of these requests tells it."""
        told = read_stored(reply.what)
        # An empty list of Lua's is an object.
        refusals = tuple(RefusedTasks(*one) for one in told["refusals"])
        return cls(told["done"], told["damaged"], told["notDone"], refusals, told.get("begun", 0))


def what_is_asked(word: str, of: str, order: Order) -> str:
    """The request in words: a repeat must say the same."""
    options = (" from scratch" if order.from_scratch else "") + (" by force" if order.force else "")
    options += " over freezes" if order.override_freeze else ""
    options += " accepting failures" if order.accept_failures else ""
    return f"{word} {order.of or of}{options}"


def _repeated(kept: str, asked: str, request_id: str) -> Reply:
    first_asked, target_id, answer = read_stored(kept)
    _check_same(first_asked, asked, request_id)
    return _reply(target_id, *answer)


def _check_same(first_asked: str, asked: str, request_id: str) -> None:
    if first_asked != asked:
        message = f"it was used to {first_asked}; draw a new one for each request"
        raise InvalidInput([Problem("request_id", request_id, message)])


def _reply(target_id: str, code: str, status: str = "", why: str = "", what: object = "") -> Reply:
    return Reply(Taken(code), status, why, str(what), target_id)
