"""Every Redis key of the ledger, as data: Python and the scripts both build keys from this one table.

The kind comes first and the identifier last, so that no identifier, whatever it contains, can reach another kind's
key. All keys of a namespace share one hash tag, so that every script also runs on a cluster.

What the code calls last mover and previous mover is stored as ``mover``, ``moverEpoch`` and ``moverBefore``,
``moverEpochBefore``: these names stay, so that processes of two releases can work on one ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATTERNS: Final[dict[str, str]] = {
    # One a namespace
    "meta": "meta",  # hash: incarnation, ticket (order of first waits)
    "clock": "clock",  # hash: at, offset, floor, wall (see includes/clock.lua); runId, tickAt, sweepNotBefore; epochsOf
    "settings": "settings",  # hash: what scripts go by
    "seq": "seq",  # string: the last sequenceId
    "epoch": "epoch",  # string: the last epoch
    "inbox": "inbox",  # stream: what coordinators are to look at (plan, and task when one must be dispatched)
    "feed": "feed",  # stream: every event, capped
    "plans": "plans",  # zset: plan id by time of creation (ms)
    "drafts": "drafts",  # zset: plan id by time of the last chunk (ms), while it is being written
    "ended": "ended",  # zset: plan id by the time (ms) of its end; goes when it runs again or is purged
    "purges": "purges",  # zset: plan id by the number of its tasks that are still to be taken out
    "ready": "ready",  # zset: plan id by the time (ms) from which it is to have a turn; others cannot move
    "due": "due",  # zset: plan by the time (ms of WALL) from which it may start, or at which it is too late for it
    "lost": "lost",  # zset: id of a plan whose record was gone, by the time (ms) when it was taken out; the newest 100
    "active": "active",  # set: plan ids that coordinators look after
    "leases_queued": "leases-queued",  # zset: task id by the time (ms) up to which its message may be under way
    "leases_running": "leases-running",  # zset: task id by the time (ms) up to which its turn is believed alive
    "deadlines": "deadlines",  # zset: task id by the time (ms) at which its stage or task is overdue
    "beats": "beats",  # zset: task id by the time (ms) of its stage's last sign of life; its next due poll, if later
    "handed_back": "handed-back",  # zset: task whose turn workers gave back, by the last time (ms); until one can
    "counters": "counters",  # hash: what metrics are made of; only ever rises
    "pushed": "pushed",  # hash: lane -> messages ever published to it, where the broker does not count (RabbitMQ)
    "presence": "presence",  # hash: role:host:pid of a live process -> JSON
    "own_log": "own-log",  # stream: the newest events of no plan
    "audit": "audit",  # stream: what was asked for, by whom; capped
    "freezes": "freezes",  # hash: id of a freeze -> its record as JSON
    "freeze_times": "freeze-times",  # zset: freeze by the time (ms of WALL) when its window begins or ends next
    "freezes_now": "freezes-now",  # hash: freeze that is in force -> what it stops, as JSON
    "thawing": "thawing",  # zset: freeze whose waiters are put back, by the number of the last one
    "awaited": "awaited",  # zset: plan whose wave soaks or waits for an HTTP gate, by the time (ms) of what is due next
    "grouped": "grouped",  # zset: group with a line by the time (ms) at which it was last looked at
    "tokens": "tokens",  # hash: id of a token of the console -> its record as JSON
    "lined": "lined",  # zset: tenant id by the time (ms) at which its line was last looked at
    "hooks": "hooks",  # zset: name of a webhook by the time (ms) at which a coordinator last had it in its settings
    # One a webhook
    "hook": "hook:{}",  # hash: who sends, how far it is, what the last attempt came to, counts
    "hook_dead": "hook-dead:{}",  # zset: notifications that were given up, as JSON, by sequence id; the newest 1,000
    "hook_again": "hook-again:{}",  # zset: those that a person wants sent again, and tests, as JSON, by sequence id
    # One a freeze
    "frozen": "frozen:{}",  # zset: task ids that wait for the freeze's end, numbered as they came
    # One a group; a plan's own limit is a group of the name plan:group
    "group": "group:{}",  # set: task ids that hold a place of the group
    "group_line": "group-line:{}",  # zset: task ids that wait for the group, by priority and ticket
    # One a plan
    "plan": "plan:{}",  # hash: the plan's record and counters
    "spec": "spec:{}",  # string: the plan's stages as JSON
    "queue": "queue:{}",  # zset: task id by rank
    "slots": "slots:{}",  # set: task ids that hold a slot
    "plan_paused": "plan-paused:{}",  # set: task ids that the plan's pause stopped
    "plan_seq": "plan-seq:{}",  # string: the last planSequenceId of a plan that is gone, for 90 days
    "log": "log:{}",  # stream: every event of the plan
    # One a task
    "task": "task:{}",  # hash: the task's record; who moved its tenant before it: moverBefore, moverEpochBefore
    "config": "config:{}",  # string: the tenant's config as JSON
    "checkpoint": "checkpoint:{}",  # string: JSON
    # One a request of a person
    "request": "request:{}",  # string: what was asked, of whom, and the answer, as JSON; for a day
    # One a signed-in browser, or link to sign in with
    "session": "session:{}",  # string: its record as JSON; for as long as it lasts
    # One a token that somebody signed in with
    "sessions": "sessions:{}",  # zset: its sessions by the time (µs) when they began
    # One an address that failed to sign in at the console; also of all, and of those told of
    "failures": "failures:{}",  # hash: number, until (ms); for a quarter of an hour
    # One a process that counts by itself
    "batch": "batch:{}",  # string: number of the last batch of counts that it sent; for a minute
    # One a tenant
    "tenant": "tenant:{}",  # hash: holder, epoch, since; newest; last mover (mover, moverEpoch); current; good
    "line": "line:{}",  # zset: task ids that wait for the tenant, by ticket
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Builds the keys of one namespace."""

    namespace: str

    @property
    def root(self) -> str:
        """The prefix of all keys; the first and only ``KEYS`` of every script."""
        return f"changeover:{{{self.namespace}}}:"

    def of(self, kind: str, *identifier: str) -> str:
        """The key of one thing: ``keys.of("task", task_id)``. Raises ``TypeError`` where the kind takes an identifier
        and none is given, or the other way round: what would come of it is no key of the table's."""
        pattern = PATTERNS[kind]
        if len(identifier) != pattern.count("{}"):
            raise TypeError(f"a key `{pattern}` takes {pattern.count('{}')} identifiers, not {len(identifier)}")
        return self.root + pattern.format(*identifier)


def lua_source() -> str:
    """The same table as Lua: ``K.task(id)`` gives the key."""
    lines = ["local ROOT = KEYS[1]", "local K = {}"]
    for kind, pattern in PATTERNS.items():
        head, has_identifier, _ = pattern.partition("{}")
        body = f"ROOT .. '{head}'" + (" .. id" if has_identifier else "")
        lines.append(f"function K.{kind}({'id' if has_identifier else ''}) return {body} end")
    return "\n".join(lines)
