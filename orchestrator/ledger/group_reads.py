"""Reads of groups: who holds one, and how many may. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import redis

from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.shared_settings import GROUP

NAMED: Final = 3
"""Holders of a group that are told by name."""


@dataclass(frozen=True, slots=True)
class GroupUse:
    """How many hold a group and how many may (None: any number); ``holders``: some of the tasks, ``tenants``: theirs.
    ``plan_id``: whose own limit it is, "" for the one over all plans."""

    name: str
    plan_id: str
    used: int
    limit: int | None
    holders: Sequence[str]
    tenants: Sequence[str]


class GroupReads:
    """The questions about groups of one namespace. A plan's own limit is a group of the name ``plan:group``."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def named(self) -> frozenset[str]:
        """The groups that the coordinators' setting names."""
        shared = cast(dict[str, str], self._client.hgetall(self._keys.of("settings")))
        return frozenset(name.removeprefix(GROUP) for name in shared if name.startswith(GROUP))

    def uses(self, names: Sequence[str]) -> dict[str, GroupUse]:
        """Of each of these groups."""
        with self._client.pipeline(transaction=False) as pipeline:
            for name in names:
                plan_id, _, group = name.rpartition(":")
                pipeline.scard(self._keys.of("group", name))
                pipeline.srandmember(self._keys.of("group", name), NAMED)
                if plan_id:
                    pipeline.hget(self._keys.of("plan", plan_id), f"group:{group}")
                else:
                    pipeline.hget(self._keys.of("settings"), f"{GROUP}{group}")
            # One that a hand has made something else of is held by nobody, and hides no other.
            answers = pipeline.execute(raise_on_error=False)
        found = {}
        for index, name in enumerate(names):
            used, holders, limit = (
                None if isinstance(answer, redis.ResponseError) else answer
                for answer in answers[index * 3 : index * 3 + 3]
            )
            plan_id, _, group = name.rpartition(":")
            holders = sorted(cast(list[str], holders or []))
            most = counted_number(limit)
            found[name] = GroupUse(group, plan_id, used or 0, most, holders, self._tenants(holders))
        return found

    def waited_for(self, limit: int) -> dict[str, int]:
        """Names of groups with a line, and how many stand in it: those not looked at for the longest first."""
        names = cast(list[str], self._client.zrange(self._keys.of("grouped"), 0, limit - 1))
        with self._client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.zcard(self._keys.of("group_line", name))
            lines = pipeline.execute(raise_on_error=False)
        return {name: line for name, line in zip(names, lines, strict=True) if isinstance(line, int) and line}

    def holders(self, name: str, limit: int) -> list[str]:
        """Some of the tasks that hold it, sorted."""
        return sorted(cast(list[str], self._client.srandmember(self._keys.of("group", name), limit)))

    def _tenants(self, task_ids: Sequence[str]) -> list[str]:
        with self._client.pipeline(transaction=False) as pipeline:
            for task_id in task_ids:
                pipeline.hget(self._keys.of("task", task_id), "tenant")
            return [str(tenant) for tenant in pipeline.execute() if tenant]
