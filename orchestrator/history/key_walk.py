"""A walk over the keys of a namespace: what is there, by kind, and what of it belongs to nothing that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import redis

from orchestrator.domain.task_id import plan_of, position_of, tasks_in
from orchestrator.ledger.hashes import read_hashes
from orchestrator.ledger.keys import PATTERNS, Keys
from orchestrator.ledger.reader import PAGE

OWNERS: Final[dict[str, str]] = {
    **dict.fromkeys(("plan", "spec", "queue", "slots", "plan_paused", "log"), "plan"),
    **dict.fromkeys(("task", "config", "checkpoint"), "task"),
    **dict.fromkeys(("tenant", "line"), "tenant"),
    "frozen": "freeze",
    **dict.fromkeys(("group", "group_line"), "group"),
    **dict.fromkeys(("hook", "hook_dead", "hook_again"), "hook"),
}
"""Whose end is the end of a key, for each kind of which there are many (I18)."""

EXPIRING: Final = frozenset({"request", "plan_seq", "batch", "session", "sessions", "failures"})
"""The kinds whose keys must go by themselves."""


class KeyWalk:
    """Not of one moment: what it finds is looked at again in the dump's own transaction."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        heads = {pattern.partition("{}")[0]: kind for kind, pattern in PATTERNS.items()}
        self.found: dict[str, list[str]] = {kind: [] for kind in PATTERNS}
        """Identifiers by kind; '' for the one key of a kind that has no others."""
        self.unknown: list[str] = []
        for key in client.scan_iter(match=_escaped(keys.root) + "*", count=PAGE):
            name = cast(str, key)[len(keys.root) :]
            head, colon, identifier = name.partition(":")
            kind = heads.get(head + colon)
            if kind is None:
                self.unknown.append(name)
            else:
                self.found[kind].append(identifier)
        self.plans = cast(list[str], client.zrange(keys.of("plans"), 0, -1))
        self.freezes = set(cast(list[str], client.hkeys(keys.of("freezes"))))
        self.freezes |= set(cast(list[str], client.zrange(keys.of("thawing"), 0, -1)))
        self._hooks = set(cast(list[str], client.zrange(keys.of("hooks"), 0, -1)))
        self._groups = set[str]()
        self._name_what_may_come(client, keys)
        self._sizes = self._sizes_of_holed(client, keys)
        purges = cast(list[tuple[str, float]], client.zrange(keys.of("purges"), 0, -1, withscores=True))
        self._purges = dict(purges)

    def _name_what_may_come(self, client: redis.Redis, keys: Keys) -> None:
        """A tenant, a place of a group and what a freeze holds may have no key yet, and one by the time of the dump."""
        tenants, groups, lines = set(self.found["tenant"]), set(self.found["group"]), set(self.found["group_line"])
        tasks = self.found["task"]
        for page in (tasks[start : start + PAGE] for start in range(0, len(tasks), PAGE)):
            for task_id, record in zip(page, read_hashes(client, [keys.of("task", one) for one in page]), strict=True):
                named = record.get("groups", "").split()
                self._groups.update(named)
                # A limit of its plan's own has the plan's name before it.
                named += [f"{plan_of(task_id)}:{group}" for group in named]
                groups.update(named)
                lines.update(named)
                tenants.update(filter(None, [record.get("tenant")]))
        self.found["tenant"], self.found["group"], self.found["group_line"] = [*tenants], [*groups], [*lines]
        self.found["frozen"] = [*{*self.found["frozen"], *self.freezes}]

    def _sizes_of_holed(self, client: redis.Redis, keys: Keys) -> dict[str, int]:
        """How many tasks each plan has that is there, and the record of one of whose tasks is gone."""
        tasks, kept = set(self.found["task"]), (*self.found["config"], *self.found["checkpoint"])
        holed = sorted({plan_of(task_id) for task_id in kept if task_id not in tasks}.intersection(self.plans))
        records = read_hashes(client, [keys.of("plan", plan_id) for plan_id in holed])
        return {plan_id: tasks_in(record) for plan_id, record in zip(holed, records, strict=True)}

    def strays(self) -> Iterator[str]:
        """Names (without the root) of keys whose owner is not there."""
        yield from self.unknown
        plans, tasks, tenants = set(self.plans), set(self.found["task"]), set(self.found["tenant"])
        for kind, owner in OWNERS.items():
            for identifier in self.found[kind]:
                match owner:
                    case "plan":
                        has_owner = identifier in plans
                    case "tenant":
                        has_owner = identifier in tenants
                    case "group":
                        has_owner = identifier.rpartition(":")[2] in self._groups
                    case "hook":
                        has_owner = identifier in self._hooks
                    case "freeze":
                        has_owner = identifier in self.freezes
                    case _:
                        # A damaged plan's tasks are its own still, and so is what is left of one whose record is gone:
                        # a purge takes it, by its place in the plan.
                        is_task = kind == "task" or identifier in tasks
                        is_its = plan_of(identifier) in plans and (is_task or self._is_in_its_plan(identifier))
                        has_owner = is_its or (is_task and self._is_being_purged(identifier))
                if not has_owner:
                    yield PATTERNS[kind].format(identifier)

    def expiring(self) -> Iterator[tuple[str, str]]:
        """Kind and identifier of each key that has no owner and must go by itself."""
        for kind in EXPIRING:
            yield from ((kind, identifier) for identifier in self.found[kind])

    def _is_in_its_plan(self, task_id: str) -> bool:
        return position_of(task_id) < self._sizes.get(plan_of(task_id), 0)

    def _is_being_purged(self, task_id: str) -> bool:
        """A purge takes a plan's tasks in chunks, from the last to the first."""
        plan_id = plan_of(task_id)
        return plan_id in self._purges and position_of(task_id) < self._purges[plan_id]


def _escaped(text: str) -> str:
    """The text as a pattern that matches itself only."""
    return "".join("\\" + letter if letter in "*?[]^\\" else letter for letter in text)
