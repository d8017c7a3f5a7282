"""Pieces of a live page, each made once however many look at it, and sent to whoever has an older one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.domain.roles import Role

Draw = Callable[[str, Role], str]
"""Makes the HTML of a piece, by its name, for a role."""


@dataclass(slots=True)
class _Drawn:
    html: str
    version: int
    """Of the page, when the piece last became another."""
    at: int
    """Of the page, when it was last drawn."""


class Fragments:
    """Pieces by name and role; a page's ``version`` rises whenever anything of it may have changed."""

    def __init__(self, draw: Draw, names: Sequence[str], by_role: Sequence[str] = ()) -> None:
        """``by_role``: those that say another thing to each role; the others are drawn once for all."""
        self._draw = draw
        self.names = names
        self._by_role = frozenset(by_role)
        self._drawn: dict[tuple[str, Role], _Drawn] = {}

    def of(self, name: str, role: Role, version: int) -> str:
        """The piece as it is at this version."""
        return self._at(name, role, version).html

    def since(self, seen: int, role: Role, version: int) -> list[tuple[str, str]]:
        """The pieces that have become others after the version ``seen``, as they are now."""
        drawn = [(name, self._at(name, role, version)) for name in self.names]
        return [(name, one.html) for name, one in drawn if one.version > seen]

    def _at(self, name: str, role: Role, version: int) -> _Drawn:
        key = (name, role if name in self._by_role else Role.VIEWER)
        known = self._drawn.get(key)
        if known is not None and known.at == version:
            return known
        html = self._draw(name, key[1])
        if known is not None and known.html == html:
            known.at = version
            return known
        self._drawn[key] = _Drawn(html, version, version)
        return self._drawn[key]
