"""Webhooks in the ledger: who sends, how far, what was given up. ``orchestrator.notifications`` makes what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import redis

from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.clock import ledger_now_ms
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.operations import Order
from orchestrator.ledger.records import wire_json
from orchestrator.ledger.script_caller import ScriptCaller

CHUNK: Final = 100
"""Notifications that are put back in one script."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notification as stored: ``text`` is JSON."""

    sequence_id: int
    text: str


@dataclass(frozen=True, slots=True)
class HookState:
    """A hook's record as stored; times in ms. ``known_ms``: when a coordinator last had it in its settings, by the
    ledger's clock; ``dead`` and ``again``: how many notifications were given up, and are to be sent again."""

    name: str
    fields: Mapping[str, str]
    known_ms: float = 0.0
    dead: int = 0
    again: int = 0

    def number(self, name: str) -> int:
        """A field that is a whole number; 0 when it is missing, or damaged."""
        text = self.fields.get(name, "")
        return counted_number(text) or 0

    def text(self, name: str) -> str:
        """A field; '' when it is missing."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Note:
    """What is noted of a hook in one write: ``fields`` ('' takes one out), ``counts`` to add, ``delay_seconds`` until
    the next attempt, the notification that is ``given_up``, the one that was to be sent again and is ``done``."""

    fields: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    delay_seconds: float | None = None
    given_up: Letter | None = None
    done: str = ""


class HookReads:
    """The questions about webhooks of one namespace. Nothing here writes."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def state(self, name: str) -> HookState:
        """A hook's record alone."""
        return HookState(name, cast(dict[str, str], self._client.hgetall(self._keys.of("hook", name))))

    def all(self) -> list[HookState]:
        """Every hook that a coordinator has had in its settings in the last 90 days, by name."""
        known = cast(list[tuple[str, float]], self._client.zrange(self._keys.of("hooks"), 0, -1, withscores=True))
        with self._client.pipeline(transaction=False) as pipeline:
            for name, _ in sorted(known):
                pipeline.hgetall(self._keys.of("hook", name))
                pipeline.zcard(self._keys.of("hook_dead", name))
                pipeline.zcard(self._keys.of("hook_again", name))
            found = pipeline.execute()
        rows = zip(sorted(known), found[::3], found[1::3], found[2::3], strict=True)
        return [HookState(name, fields, at, dead, again) for (name, at), fields, dead, again in rows]

    def letters(self, name: str, kind: str, first: int = 0, count: int = CHUNK) -> list[Letter]:
        """``dead``: those that were given up; ``again``: those to be sent again; the oldest first."""
        key = self._keys.of(f"hook_{kind}", name)
        found = self._client.zrange(key, first, first + count - 1, withscores=True)
        return [Letter(int(score), text) for text, score in cast(list[tuple[str, float]], found)]

    def now_ms(self) -> int:
        """The time by the ledger's clock, which claims and next attempts are judged by."""
        return ledger_now_ms(self._client, self._keys)

    def last_sequence_id(self) -> int:
        """Of the newest event; 0 when there is none."""
        text = cast(str | None, self._client.get(self._keys.of("seq")))
        return counted_number(text) or 0


class Hooks:
    """Their verbs."""

    def __init__(self, ledger: ScriptCaller) -> None:
        self._ledger = ledger
        self.reads = HookReads(ledger.client, ledger.keys)

    def claim(self, owner: str, lease_seconds: float, hooks: Mapping[str, str]) -> set[str]:
        """Claims these hooks (name and what it is, as JSON) for so long, and answers those that are the caller's now;
        after 0 seconds they are anybody's."""
        pairs = [part for pair in hooks.items() for part in pair]
        claimed = self._ledger.call("claim_hooks", owner, round(lease_seconds * 1000), *pairs)[1]
        return {name for name, is_ours in zip(hooks, claimed, strict=True) if is_ours}

    def note(self, name: str, owner: str, note: Note) -> bool:
        """Writes it down; False when another coordinator sends by now."""
        given_up = note.given_up or Letter(0, "")
        answer = self._ledger.call(
            "note_hook",
            name,
            owner,
            wire_json(dict(note.fields)),
            wire_json(dict(note.counts)),
            "" if note.delay_seconds is None else round(note.delay_seconds * 1000),
            given_up.text,
            given_up.sequence_id,
            note.done,
        )
        return bool(answer[0] == "NOTED")

    def queue(self, name: str, letters: Sequence[Letter], operation: str, order: Order) -> int | None:
        """Has these sent again, and tells the log that it was asked for; how many there was room for, None when there
        is no such hook."""
        queued = 0
        for start in range(0, len(letters), CHUNK):
            pairs = [part for one in letters[start : start + CHUNK] for part in (one.sequence_id, one.text)]
            told = "" if start else operation
            code, *rest = self._ledger.call(
                "queue_letters", name, order.actor, order.reason, told, len(letters), *pairs
            )
            if code == "MISSING":
                return None
            queued += int(rest[0])
        return queued

    def enable(self, name: str, order: Order) -> bool:
        """Has it tried at once, switched off or not; False when there is no such hook."""
        return bool(self._ledger.call("enable_hook", name, order.actor, order.reason)[0] == "ENABLED")
