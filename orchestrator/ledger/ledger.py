"""The verbs that alone change the state in Redis: one method a script, one typed answer a method.

Every verb is one atomic script: state, lock, slot, checkpoint and event change together or not at all. Each may be
called twice (a reply can be lost): the second call changes nothing and answers as the first did, or says ``STALE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import redis
import structlog

from orchestrator.domain.errors import TenantsMoved
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.fleet.rules import NO_RULES, FleetRules
from orchestrator.ledger import turn_record as wire
from orchestrator.ledger.outcomes import Committed, Ended, Opened, Written
from orchestrator.ledger.records import (
    Admission,
    Admitted,
    Advanced,
    Dropped,
    HandedBack,
    Onward,
    StageRow,
    Turn,
    admitted_row,
    identity_of,
    milliseconds,
    wire_json,
)
from orchestrator.ledger.script_caller import ScriptCaller
from orchestrator.ledger.script_source import TABLES, Tables
from orchestrator.ledger.shared_settings import shared_settings
from orchestrator.ledger.stored_forms import told_json
from orchestrator.settings.model import Settings

TURN_MS: Final = 2000
"""A plan that was handed out and not served (its coordinator died) is handed out again after this."""

RENEWED: Final = 50
"""Leases renewed in one script, a fiftieth of a millisecond each and more where heartbeats are due."""

_log = structlog.get_logger(__name__)


class Ledger(ScriptCaller):
    """The verbs of one namespace on one client."""

    def __init__(self, client: redis.Redis, settings: Settings, tables: Tables = TABLES) -> None:
        super().__init__(client, settings, tables)
        self.own_settings = shared_settings(settings)
        """What this process would go by; the scripts go by what the coordinators announced."""

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
        rules: FleetRules = NO_RULES,
        file_digest: str = "",
        actor: str = "",
    ) -> tuple[Opened, int, PlanState | None]:
        """Opens the draft. Answers how it was found, chunks already written, and the state of a plan that exists.
        ``file_digest``: of a plan that depends on what its tenants were when it was submitted: the file's own;
        ``actor``: who submits."""
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
            milliseconds(task_timeout_seconds),
            wire_json(rules.fields() | ({"fileDigest": file_digest} if file_digest else {})),
            wire_json(rules.wire() | ({"actor": actor} if actor else {})),
            *(
                value
                for row in stages
                for value in (row.name, milliseconds(row.timeout_seconds), int(row.irreversible))
            ),
        )
        code = Opened(answer[0])
        chunks = answer[1] if code is Opened.DRAFT else 0
        return code, chunks, PlanState(answer[1]) if code is Opened.EXISTS else None

    def write_chunk(
        self, plan_id: str, digest: str, index: int, tenants: Iterable[tuple[str, str] | tuple[str, str, str]]
    ) -> Written:
        """Writes the chunk's tenants as tasks, once: of each id, config and traits (labels, groups; none if left out)
        as JSON, before them what a preview has seen of it (``tenant_mark``), if it binds."""
        flat = [text for one in tenants for text in (*one, "{}")[:3]]
        return Written(self.call("write_chunk", plan_id, digest, index, *flat)[0])

    def commit_plan(self, plan_id: str, digest: str) -> tuple[Committed, PlanState | None]:
        """Makes the draft ready. The state is given for a plan that had been committed before. Raises ``TenantsMoved``
        when some are not any more as a preview showed them that the plan is bound to."""
        answer = self.call("commit_plan", plan_id, digest)
        code = Committed(answer[0])
        if code is Committed.MOVED:
            raise TenantsMoved(_names(answer[2]), int(answer[1]))
        return code, PlanState(answer[1]) if code is Committed.EXISTS else None

    # Coordinator

    def announce(self) -> None:
        """Writes this process' settings into the ledger: all scripts go by them from now on."""
        _, is_whole = self.call("announce", *(part for pair in self.own_settings.items() for part in pair))
        if not is_whole:
            said = "limits of groups stay as they were, for own-log is damaged: mend it (`changeover doctor`), restart"
            _log.error(said, action="limits-kept")

    def tick(self, run_id: str, excess_ms: int = 0, seen_offset: int = 0) -> tuple[str, int, int, int]:
        """A coordinator's look at the clock (see ``ClockWatch``); puts a damaged setting right to this process' own."""
        own = (part for pair in self.own_settings.items() for part in pair)
        code, now_ms, offset, has_settings = self.call("tick", run_id, excess_ms, seen_offset, *own)
        return str(code), int(now_ms), int(offset), int(has_settings)

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

    def lose_plan(self, plan_id: str, first: int, limit: int, *, is_purged: bool = False) -> tuple[int, list[str]]:
        """Takes out a plan whose record is gone: the next position (-1 when that was all), and tenants let go. It is
        told as lost, unless a person has purged it."""
        answer = self.call("lose_plan", plan_id, first, limit, int(is_purged))
        return (-1, []) if answer[0] == "KEPT" else (int(answer[1]), [str(tenant) for tenant in answer[2]])

    # Worker

    def begin(self, turn: Turn, worker: str) -> wire.Begin:
        """Begins the turn, or says why not."""
        return wire.begun_of(self.call("begin", *wire.begin_row(turn, worker)))

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

    def take_handed_back(self, own_queue: str, task_ids: Sequence[str]) -> list[Admitted]:
        """Those of the tasks whose turn waits for a worker that can run it: due at once, to be published there."""
        return [admitted_row(row) for row in self.call("take_handed_back", own_queue, *task_ids)[1]]

    def poll_again(self, turn: Turn, delay_seconds: float, cursor: str) -> wire.PolledAgain:
        """Hands the turn back for ``delay_seconds``; ``cursor`` is JSON."""
        return wire.polled_again(self.call("poll_again", *wire.poll_row(turn, delay_seconds, cursor)))

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
        return Advanced(ended, task=(Turn(task_id, epoch, stage, 0), wire.turn_record(record)))

    def fail(self, turn: Turn, failure: FailureInfo, seen: str = "") -> Ended:
        """Records the stage as failed, which ends its task; ``seen``: its cursor by then, JSON to be looked at."""
        why = wire_json(failure.model_dump(by_alias=True))
        answer = self.call("fail", turn.task_id, turn.epoch, turn.stage, turn.turn, why, seen)
        return Ended(answer[0])

    def count(self, process: str, batch: int, counts: Mapping[str, int]) -> None:
        """Adds to the counters of metrics; the same batch of a process again, within a minute, adds nothing."""
        self.call("count", process, batch, *(part for pair in counts.items() for part in pair))

    def requeue(self, turns: Sequence[Turn]) -> list[Turn]:
        """Takes note that messages of these turns are published now; answers those that are still due."""
        return [turns[place] for place in self.call("requeue", *_flat(turns))[1]]

    def hold(self, turns: Sequence[Turn]) -> None:
        """Keeps the queued leases of turns whose messages are in this worker's hands, not begun; their heartbeats."""
        self.call("hold", *_flat(turns))

    def renew(self, turns: Sequence[Turn]) -> frozenset[Turn]:
        """Renews the running leases of all these turns. Answers those that are no longer ours."""
        chunks = [turns[start : start + RENEWED] for start in range(0, len(turns), RENEWED)]
        lost: set[Turn] = set()
        for chunk, answer in zip(chunks, self.call_all("renew", [_flat(chunk) for chunk in chunks]), strict=True):
            if isinstance(answer, Exception):
                raise answer
            lost.update(chunk[place] for place in answer[1])
        return frozenset(lost)


def _flat(turns: Sequence[Turn]) -> tuple[str | int, ...]:
    return tuple(value for turn in turns for value in (turn.task_id, turn.epoch, turn.stage, turn.turn))


def _names(text: str) -> list[str]:
    """Of tenants, as far as a hand has left any."""
    found = told_json(text)
    return [str(name) for name in found] if isinstance(found, list) else []
