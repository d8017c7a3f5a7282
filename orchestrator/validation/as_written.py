"""Paths of problems by the keys of the plan as it was written: who wrote ``maxAttempts`` looks for that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from orchestrator.domain.errors import Problem, cut_text
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import join

_PART: Final = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


class AsWritten:
    """The keys of one plan, looked up by what they mean; ``meant`` has those that are misspelt, by the place that each
    was meant for."""

    def __init__(self, plan: Mapping[Any, Any], meant: Mapping[str, str]) -> None:
        self._plan = plan
        self._meant = meant
        self._keys: dict[int, dict[str, str]] = {}

    def of(self, problems: Iterable[Problem]) -> list[Problem]:
        """The same problems; what the plan does not have keeps its name."""
        return [Problem(self._path(one.path), one.value, one.message) for one in problems]

    def _path(self, path: str) -> str:
        value: Any = self._plan
        written, done = "", 0
        while (part := _PART.match(path, done)) is not None:
            if part[1] is not None:
                if not isinstance(value, list | tuple) or int(part[1]) >= len(value):
                    break
                value = value[int(part[1])]
                written += part[0]
            else:
                key = self._meant.get(path[: part.end()])
                if not isinstance(value, Mapping) or (key := key or self._key(value, part[2])) is None:
                    break
                value = value[key]
                written = join(written, cut_text(key))
            done = part.end()
        return written + path[done:]

    def _key(self, inside: Mapping[Any, Any], name: str) -> str | None:
        if name in inside:
            return name
        if id(inside) not in self._keys:
            # Once a mapping: each of many problems may be in the same one, which may have many keys.
            self._keys[id(inside)] = {snake_case(key): key for key in inside if isinstance(key, str)}
        return self._keys[id(inside)].get(name)
