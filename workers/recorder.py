"""Records how a turn ended: one script of the ledger, called until Redis answers, and what that means for the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from checkpoint import Checkpoint, CheckpointError
from orchestrator.broker.messages import shown_arguments
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import TaskState
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Ended
from orchestrator.ledger.records import Advanced, Dropped, Onward, Turn, wire_json
from orchestrator.ledger.turn_batches import poll_all
from orchestrator.ledger.turn_record import PolledAgain
from orchestrator.observability import crash_points
from orchestrator.observability.logs import says_debug
from orchestrator.secrets.masking import mask
from steps import MAX_POLL_SECONDS, Failed
from steps.told import exact_text, said_by, type_name
from workers.answered import CURSOR_LIMIT, recordable_failure, state_too_large
from workers.checkpoints import TaskCheckpoints
from workers.next_link import Drop, FailedStage, Next, Proceed, Reschedule
from workers.patience import patiently
from workers.turn_run import Again, Run
from workers.unable import LONGEST_LACK, Peers, Unable

MAX_DELAY_SECONDS: Final = MAX_POLL_SECONDS
"""Longest countdown: half of the broker's visibility timeout, past which a message would be doubled."""

MESSAGE_LIMIT: Final = 4000
"""Characters of a failure's message."""

SHOWN_LIMIT: Final = 500
"""Characters of a failure that Flower shows."""

CHECKPOINT_GONE: Final = frozenset({Ended.COMPLETED, Ended.ROLLED_BACK, Ended.CANCELLED})
"""Ends with which the ledger has deleted the task's checkpoint (I10)."""

_log = structlog.get_logger(__name__)


class Recorder:
    """Serves all threads of a worker process; holds no state of a run."""

    def __init__(self, ledger: Ledger, checkpoints: TaskCheckpoints, peers: Peers | None = None) -> None:
        """Without ``peers`` nobody else is known: what cannot be run is for whoever comes."""
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._peers = peers

    def to_poll(self, run: Run, after_seconds: float) -> Next | Again:
        """What is to be recorded of a poll that goes on; a failure when it cannot be."""
        seconds = min(max(after_seconds, 0.0), MAX_DELAY_SECONDS)
        cursor = wire_json(run.cursor.as_json())
        if len(cursor.encode()) > CURSOR_LIMIT:
            return self.fail(run, state_too_large("a step"))
        return Again(run, seconds, cursor)

    def again(self, poll: Again) -> Next:
        """Stores the cursor; the same stage is to be scheduled again."""
        turn = poll.run.turn
        return _what_polled(poll, *patiently(lambda: self._ledger.poll_again(turn, poll.seconds, poll.cursor)))

    def again_all(self, polls: Sequence[Again]) -> list[Next]:
        """The same of many, in one round trip."""
        rows = [(poll.run.turn, poll.seconds, poll.cursor) for poll in polls]
        answers = patiently(lambda: poll_all(self._ledger, rows))
        return [_what_polled_of_round(*one) for one in zip(polls, answers, strict=True)]

    def hand_back(self, turn: Turn, delivery: str, unable: Unable, run: Run | None = None) -> Next:
        """This worker cannot run the turn: it is for another. Nothing has failed. ``run``: if it has begun."""
        # What it lacks may be told by a store's own words.
        what = exact_text(mask(unable.what), LONGEST_LACK - 1)
        peers = self._peers
        others = patiently(lambda: peers.able(unable, turn.task_id)) if peers else []
        own_queue = peers.own_queue if peers else ""
        ended, found = patiently(
            lambda: self._ledger.hand_back(
                turn, delivery, unable.why, what, had_begun=run is not None, own_queue=own_queue, others=others
            )
        )
        if isinstance(found, Dropped):
            _log.info("turn not given back", action=f"hand-back-{ended.lower()}", taskId=turn.task_id)
            if ended is Ended.CANCELLED:
                self._checkpoints.forget(turn)
            return Drop()
        known = {"taskId": turn.task_id, "why": unable.why, "what": what, "queue": found.queue}
        _log.warning("handed back", action="handed-back", **known)
        task = run.as_admitted(turn.stage, found.turn) if run else found.as_admitted(turn, found.turn)
        return Reschedule(task, found.due_ms, found.stage_name, found.queue)

    def succeed(self, run: Run, onward: Onward | None, seconds: float = 0.0) -> Next | Run:
        """Records the stage as done, with its checkpoint; ``seconds`` is what this turn took.

        With ``onward`` what follows has begun: the run of it is the answer.
        """
        assert run.task is not None
        turn, record, config = run.turn, run.record, run.task.config
        # A stage that is done again, on the way back, moves to the end: outputs stand in the order they were made in.
        outputs = {name: value for name, value in run.outputs.items() if name != record.stage_name}
        outputs[record.stage_name] = run.cursor.outputs
        checkpoint = Checkpoint(
            task_id=turn.task_id,
            epoch=turn.epoch,
            attempt=record.attempt,
            mode=record.mode,
            completed_stages=turn.stage + 1,
            last_stage=record.stage_name,
            outputs=outputs,
        )
        try:
            text = self._checkpoints.keep(checkpoint)
        except CheckpointError as error:
            return self.fail(run, Failed(type_name(error), said_by(error)))
        goes_back, healthy, identity = record.mode is TaskState.ROLLING_BACK, run.cursor.healthy, run.task.identity
        advanced = patiently(
            lambda: self._ledger.advance(
                turn, text, healthy=healthy, config=config, goes_back=goes_back, onward=onward, identity=identity
            )
        )
        ended = advanced.ended
        if ended is Ended.STALE:
            return fenced_out(run)
        if says_debug():
            _log.debug("stage done", action="stage-done", outcome=ended.value, seconds=round(seconds, 3))
        if ended in CHECKPOINT_GONE:
            self._checkpoints.forget(turn)
        if ended is Ended.NEXT:
            crash_points.reached(crash_points.BEFORE_NEXT_LINK)
            return Proceed(run.as_admitted(turn.stage + 1))
        if ended is not Ended.BEGUN:
            _log.info("task goes no further", action="task-done", outcome=ended.value, stages=turn.stage + 1)
        return _what_has_begun(run, advanced, outputs)

    def fail(self, run: Run, failed: Failed) -> Next:
        """Records the stage as failed, which ends its task."""
        # Masked here once more: the last gate before it is stored, whoever wrote the message.
        failed = recordable_failure(failed, "the stage", "InternalError")
        message = failed.message
        message = message if len(message) <= MESSAGE_LIMIT else message[:MESSAGE_LIMIT] + "…"
        info = FailureInfo(
            type=failed.kind, message=message, stage_name=run.record.stage_name, step_name=run.failed_step
        )
        cursor = wire_json(run.cursor.as_json())
        seen = cursor if len(cursor.encode()) <= CURSOR_LIMIT else ""
        ended = patiently(lambda: self._ledger.fail(run.turn, info, seen))
        if ended is Ended.STALE:
            return fenced_out(run)
        _log.warning("stage failed", action="stage-failed", outcome=ended.value, kind=failed.kind, reason=message)
        record = run.record
        shown = shown_arguments(record.tenant_id, record.mode, record.stage_name, run.turn.turn)
        place = f"tenant={record.tenant_id} stage={record.stage_name}"
        return Drop(FailedStage(shown, f"{place}: {failed.kind}: {message}"[:SHOWN_LIMIT]))


def _what_polled_of_round(poll: Again, answer: PolledAgain | Exception) -> Next:
    if isinstance(answer, Exception):
        # Damaged meanwhile: the turn's lease tells, as for a worker that is gone.
        _log.error("poll not recorded", action="poll-refused", taskId=poll.run.turn.task_id, error=str(answer))
        return Drop()
    return _what_polled(poll, *answer)


def _what_polled(poll: Again, ended: Ended, number: int, due_ms: int) -> Next:
    run = poll.run
    if ended is not Ended.AGAIN:
        return fenced_out(run)
    crash_points.reached(crash_points.BETWEEN_POLLS)
    task = run.as_admitted(run.turn.stage, number)
    return Reschedule(task, due_ms, run.record.stage_name, after_seconds=poll.seconds)


def _what_has_begun(run: Run, advanced: Advanced, outputs: Mapping[str, Any]) -> Next | Run:
    if advanced.stage is not None:
        following = run.next_stage(*advanced.stage, outputs)
    elif advanced.task is not None:
        following = Run(*advanced.task)
    else:
        return Drop()
    crash_points.reached(crash_points.AHEAD)
    return following


def fenced_out(run: Run) -> Drop:
    """The task has a newer holder, or has ended: nothing of this turn was recorded, and its chain ends here."""
    _log.warning("turn is in other hands", action="fenced-out", turn=run.turn.turn, epoch=run.turn.epoch)
    return Drop()
