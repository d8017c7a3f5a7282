"""What one source (environment or file) gives: values, where each was written, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.errors import Problem


@dataclass(slots=True)
class Given:
    """``values`` nested as the settings are; ``written``: dotted place to the variable, or the file and line."""

    values: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, parts: tuple[str, ...], value: Any, where: str) -> None:
        """One value at its place. A place below something that is no mapping is left out: that one is wrong already."""
        table = self.values
        for part in parts[:-1]:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                return
            table = inner
        table[parts[-1]] = value
        self.written[".".join(parts)] = where

    def gives(self, place: tuple[str, ...]) -> bool:
        """Whether there is a value at this place."""
        value: Any = self.values
        for name in place:
            if not isinstance(value, dict) or name not in value:
                return False
            value = value[name]
        return True

    def where(self, path: str) -> str | None:
        """Where the value at this path (``a.b[0].c``) was written, or the nearest thing around it; None: not here."""
        while path:
            if path in self.written:
                return self.written[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None

    def where_within(self, place: tuple[str, ...]) -> str | None:
        """The same for a table that was written piece by piece: all the pieces' places."""
        path = ".".join(place)
        if (found := self.where(path)) is not None:
            return found
        below = sorted({where for name, where in self.written.items() if name.startswith(path + ".")})
        return ", ".join(below) or None


def with_where(message: str, path: str, sources: Sequence[Given]) -> str:
    """The message about the setting at this path, with where it was written."""
    where = next((found for source in sources if (found := source.where(path)) is not None), None)
    return f"{message}, in {where}" if where else message


def merged(sources: Sequence[Given]) -> dict[str, Any]:
    """The values of all, the first before the second."""
    found: dict[str, Any] = {}
    for source in reversed(sources):
        found = _over(found, source.values)
    return found


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for name, value in above.items():
        inner = both.get(name)
        both[name] = _over(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both
