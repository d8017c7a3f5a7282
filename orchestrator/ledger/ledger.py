"""The verbs that alone change the state in Redis: one method a script, one typed answer a method.

Every verb is one atomic script: state, lock, slot, checkpoint and event change together or not at all. Each may be
called twice (a reply can be lost): the second call changes nothing and answers as the first did, or says ``STALE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

import redis
import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

from checkpoint.contract import FORMAT as CHECKPOINT_FORMAT
from orchestrator.domain import formats
from orchestrator.domain.errors import BadMove, TooOld
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.kept_connection import KeptConnection
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.outcomes import BAD_MOVE, TOO_OLD, Begun, Committed, Ended, Opened, Written
from orchestrator.ledger.records import (
    Admission,
    Admitted,
    Advanced,
    Dropped,
    Early,
    HandedBack,
    Onward,
    StageRow,
    TooNew,
    Turn,
    TurnRecord,
    identity_of,
    wire_json,
)
from orchestrator.ledger.refusals import not_now
from orchestrator.ledger.script_source import TABLES, Tables, named_script
from orchestrator.ledger.shared_settings import shared_settings
from orchestrator.ledger.turn_record import turn_record
from orchestrator.settings.model import Settings

TURN_MS: Final = 2000
"""A plan that was handed out and not served (its coordinator died) is handed out again after this."""

_log = structlog.get_logger(__name__)


class Ledger:
    """The verbs of one namespace on one client."""

    def __init__(self, client: redis.Redis, settings: Settings, tables: Tables = TABLES) -> None:
        self.client = client
        self._tables = tables
        self.keys = Keys(settings.namespace)
        self.own_settings = shared_settings(settings)
        """What this process would go by; the scripts go by what the coordinators announced."""
        self._connection = KeptConnection(client)
        self._scripts: dict[str, tuple[str, str]] = {}
        self._min_replicas = settings.redis.min_replicas
        self._wait_ms = round(settings.redis.wait_seconds * 1000)

    def call(self, verb: str, *arguments: str | int | float) -> list[Any]:
        """Runs a script by name; the typed methods below and in ``operations`` are the way to use it.

        Raises ``TooOld`` when the ledger needs newer scripts, ``BadMove`` when the transition table refused it. What it
        refused to one of several tasks is logged: the others are done.
        """
        return self._done(verb, self._run(verb, arguments, waits=bool(self._min_replicas)))

    def ask(self, verb: str, *arguments: str | int | float) -> list[Any]:
        """The same of a script that is asked only what it would answer: no replica is waited for."""
        return self._done(verb, self._run(verb, arguments, waits=False))

    def _done(self, verb: str, answer: list[Any]) -> list[Any]:
        if answer[0] == TOO_OLD:
            raise TooOld("the ledger", int(answer[1]), formats.LEDGER)
        if answer[0] != BAD_MOVE:
            return answer
        _, moves, *others = answer
        errors = [BadMove(*move) for move in moves]
        if not others:
            raise errors[0]
        for error in errors:
            _log.error(str(error), action="bad-move", verb=verb)
        return cast(list[Any], others[0])

    def _run(self, verb: str, arguments: Sequence[str | int | float], *, waits: bool) -> list[Any]:
        script = self._scripts.get(verb)
        if script is None:
            script = self._scripts[verb] = named_script(verb, self._tables)
        sha, source = script
        try:
            if waits:
                return self._call_and_wait(source, arguments)
            return cast(list[Any], self._connection.execute("EVALSHA", sha, 1, self.keys.root, *arguments))
        except NoScriptError:
            # New to this server, or flushed from it: sent whole, which also makes it known.
            return cast(list[Any], self._connection.execute("EVAL", source, 1, self.keys.root, *arguments))
        except ResponseError as error:
            # From inside a script these come as plain errors; the first write meets them, so nothing is half done.
            if isinstance(error, UNREACHABLE) or not_now(error) is None:
                raise
            raise RedisConnectionError(str(error)) from error

    def _call_and_wait(self, source: str, arguments: Sequence[str | int | float]) -> list[Any]:
        """The script and WAIT on one connection: answered when enough replicas have it, or after the wait."""
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.eval(source, 1, self.keys.root, *arguments)
            pipeline.execute_command("WAIT", self._min_replicas, self._wait_ms)  # type: ignore[no-untyped-call]
            answer, reached = pipeline.execute()
        if reached < self._min_replicas:
            # It is written and cannot be taken back; a fail-over now might lose it.
            _log.warning("too few replicas", action="replicas-behind", reached=reached, wanted=self._min_replicas)
        return cast(list[Any], answer)

    # Submit

    def open_plan(
        self,
        *,
        plan_id: str,
        digest: str,
        name: str,
        max_concurrency: int,
        total: int,
        spec: str,
        rollback_order: str,
        incarnation: str,
        task_timeout_seconds: float | None,
        stages: Sequence[StageRow],
    ) -> tuple[Opened, int, PlanState | None]:
        """Opens the draft. Answers how it was found, chunks already written, and the state of a plan that exists."""
        answer = self.call(
            "open_plan",
            plan_id,
            digest,
            name,
            max_concurrency,
            total,
            spec,
            rollback_order,
            incarnation,
            _milliseconds(task_timeout_seconds),
            *(
                value
                for row in stages
                for value in (row.name, _milliseconds(row.timeout_seconds), int(row.irreversible))
            ),
        )
        code = Opened(answer[0])
        chunks = answer[1] if code is Opened.DRAFT else 0
        return code, chunks, PlanState(answer[1]) if code is Opened.EXISTS else None

    def write_chunk(
        self, plan_id: str, digest: str, index: int, tenants: Iterable[tuple[str, str] | tuple[str, str, str]]
    ) -> Written:
        """Writes the chunk's tenants as tasks, once: of each id, config and traits (labels, groups; none if left out)
        as JSON."""
        flat = [text for one in tenants for text in (*one, "{}")[:3]]
        return Written(self.call("write_chunk", plan_id, digest, index, *flat)[0])

    def commit_plan(self, plan_id: str, digest: str) -> tuple[Committed, PlanState | None]:
        """Makes the draft ready. The state is given for a plan that had been committed before."""
        answer = self.call("commit_plan", plan_id, digest)
        code = Committed(answer[0])
        return code, PlanState(answer[1]) if code is Committed.EXISTS else None

    # Coordinator

    def announce(self) -> None:
        """Writes this process' settings into the ledger: all scripts go by them from now on."""
        self.call("announce", *(part for pair in self.own_settings.items() for part in pair))

    def take_turns(self, limit: int) -> list[str]:
        """The plans whose turn it is, at most so many; each is the caller's for a moment."""
        return [str(plan_id) for plan_id in self.call("turns", limit, TURN_MS)[1]]

    def admit(self, plan_id: str, limit: int) -> Admission:
        """Fills free slots, looking at ``limit`` tasks at most."""
        code, *answer = self.call("admit", plan_id, limit)
        if code == "GONE":
            return Admission([], more=False, has_chunks=False, is_gone=True)
        more, rows, has_chunks = answer
        return Admission([admitted_row(row) for row in rows], bool(more), bool(has_chunks))

    def lose_plan(self, plan_id: str, first: int, limit: int) -> tuple[int, list[str]]:
        """Takes out a plan whose record is gone: the next position (-1 when that was all), and tenants let go."""
        answer = self.call("lose_plan", plan_id, first, limit)
        return (-1, []) if answer[0] == "KEPT" else (int(answer[1]), [str(tenant) for tenant in answer[2]])

    # Worker

    def begin(self, turn: Turn, worker: str) -> tuple[Begun, TurnRecord | Early | TooNew | Dropped]:
        """Begins the turn, or says why not. The record comes with ``BEGUN`` only, the due time with ``EARLY``."""
        reads = (formats.CURSOR, CHECKPOINT_FORMAT)
        answer = self.call("begin", turn.task_id, turn.epoch, turn.stage, turn.turn, worker, *reads)
        code = Begun(answer[0])
        if code is Begun.EARLY:
            due_ms, tenant_id, mode, *more = answer[1:]
            return code, Early(due_ms, tenant_id, TaskState(mode), *more)
        if code is Begun.TOO_NEW:
            return code, TooNew(*answer[1:])
        if code is not Begun.BEGUN:
            return code, Dropped(answer[1])
        return code, turn_record(answer[1:])

    def hand_back(
        self,
        turn: Turn,
        worker: str,
        why: str,
        what: str,
        *,
        had_begun: bool,
        own_queue: str = "",
        others: Sequence[tuple[str, str]] = (),
    ) -> tuple[Ended, HandedBack | Dropped]:
        """Gives back a turn that this worker (host:pid/delivery) cannot run: ``AGAIN``, when it is due and for whom;
        else what became of it. ``others`` could run it, as far as is known: own queues, and lanes as in ``Onward``."""
        number = (turn.task_id, turn.epoch, turn.stage, turn.turn)
        further = (part for other in others for part in other)
        answer = self.call("hand_back", *number, int(had_begun), why, what, worker, own_queue, *further)
        code = Ended(answer[0])
        if code is not Ended.AGAIN:
            return code, Dropped(answer[1])
        due_ms, tenant_id, mode, *more = answer[1:]
        return code, HandedBack(due_ms, tenant_id, TaskState(mode), *more)

    def poll_again(self, turn: Turn, delay_seconds: float, cursor: str) -> tuple[Ended, int, int]:
        """Hands the turn back for ``delay_seconds``; ``cursor`` is JSON.

        Answers ``AGAIN`` with the next turn's number and its due time (ms of the ledger's clock), or ``STALE``.
        """
        number = (turn.task_id, turn.epoch, turn.stage, turn.turn)
        answer = self.call("poll_again", *number, round(delay_seconds * 1000), cursor)
        following, due_ms = answer[1:] or (0, 0)
        return Ended(answer[0]), following, due_ms

    def advance(
        self,
        turn: Turn,
        checkpoint: str,
        *,
        healthy: bool,
        config: Mapping[str, Any],
        goes_back: bool = False,
        onward: Onward | None = None,
        identity: str = "",
    ) -> Advanced:
        """Records the stage as done together with its checkpoint, and begins what follows for ``onward``, if given.

        ``config``: what the stage applied (snake_case keys); on the way back (``goes_back``) it is in force again.
        ``identity``: that of the config, if the caller has made it before.
        """
        texts = (wire_json(config) if goes_back else "", identity or identity_of(config))
        number = (turn.task_id, turn.epoch, turn.stage, turn.turn)
        goes_on = (onward.worker, onward.lanes, round(onward.spent * 1000)) if onward else ("", "", 0)
        code, *answer = self.call("advance", *number, checkpoint, int(healthy), *texts, *goes_on)
        ended = Ended(code)
        if ended is Ended.BEGUN:
            return Advanced(ended, stage=(answer[0], answer[1]))
        if not answer:
            return Advanced(ended)
        task_id, epoch, stage, *record = answer[0]
        return Advanced(ended, task=(Turn(task_id, epoch, stage, 0), turn_record(record)))

    def fail(self, turn: Turn, failure: FailureInfo, seen: str = "") -> Ended:
        """Records the stage as failed, which ends its task; ``seen``: its cursor by then, JSON to be looked at."""
        why = wire_json(failure.model_dump(by_alias=True))
        answer = self.call("fail", turn.task_id, turn.epoch, turn.stage, turn.turn, why, seen)
        return Ended(answer[0])

    def count(self, process: str, batch: int, counts: Mapping[str, int]) -> None:
        """Adds to the counters of metrics; the same batch of a process again, within a minute, adds nothing."""
        self.call("count", process, batch, *(part for pair in counts.items() for part in pair))

    def hold(self, turns: Sequence[Turn]) -> None:
        """Keeps the queued leases of turns whose messages are in this worker's hands, not begun; their heartbeats."""
        self.call("hold", *(value for turn in turns for value in (turn.task_id, turn.epoch, turn.stage, turn.turn)))

    def renew(self, turns: Sequence[Turn]) -> frozenset[Turn]:
        """Renews the running leases of all these turns. Answers those that are no longer ours."""
        flat = [value for turn in turns for value in (turn.task_id, turn.epoch, turn.stage, turn.turn)]
        return frozenset(turns[place] for place in self.call("renew", *flat)[1])


def _milliseconds(seconds: float | None) -> int:
    return 0 if seconds is None else max(1, round(seconds * 1000))


def admitted_row(row: Sequence[Any]) -> Admitted:
    """One row of a script's answer."""
    task_id, tenant_id, mode, *numbers = row
    return Admitted(task_id, tenant_id, TaskState(mode), *map(int, numbers))
