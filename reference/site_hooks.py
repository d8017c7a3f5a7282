"""What mkdocs asks while it builds the site: state diagrams become pictures, as nothing that draws them is loaded."""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

_DIAGRAM: Final = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
_ARROW: Final = re.compile(r"^\s*(\w+) --> (\w+): (.*)$", re.MULTILINE)

_STEP: Final = 64
_WIDTH: Final = 150
_HEIGHT: Final = 30
_MIDDLE: Final = 460


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with a picture in the place of each diagram."""
    return _DIAGRAM.sub(lambda found: picture(_ARROW.findall(found[1])), markdown)


def picture(arrows: list[tuple[str, str, str]]) -> str:
    """States below each other in the order in which they come; ways on at the right, ways back at the left."""
    states = list(dict.fromkeys(name for source, target, _ in arrows for name in (source, target)))
    rows = {name: index * _STEP + 24 for index, name in enumerate(states)}
    ways = [_Way(rows[source], rows[target], label) for source, target, label in arrows]
    parts = [_HEAD.format(width=2 * _MIDDLE, height=len(states) * _STEP)]
    parts += [
        _BOX.format(x=_MIDDLE - _WIDTH / 2, y=y - _HEIGHT / 2, width=_WIDTH, height=_HEIGHT) for y in rows.values()
    ]
    parts += [way.line() for way in ways]
    parts += [_TEXT.format(x=_MIDDLE, y=y + 5, anchor="middle", text=name) for name, y in rows.items()]
    parts += [way.label() for way in ways]
    return "".join([*parts, "</svg></div>"])


_HEAD: Final = (
    '<div><svg viewBox="0 0 {width} {height}" role="img" stroke="currentColor" fill="currentColor" font-size="13" '
    'style="max-width: 100%"><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z" stroke="none"/></marker></defs>'
)
_BOX: Final = '<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="6" fill="none"/>'
_TEXT: Final = (
    '<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" stroke="var(--md-default-bg-color)" stroke-width="4" '
    'paint-order="stroke">{text}</text>'
)


class _Way:
    """From a state's height to another's; ways out leave a little below the middle, ways in come a little above it."""

    def __init__(self, source: int, target: int, words: str) -> None:
        self._side = 1 if target > source else -1
        self._edge = _MIDDLE + self._side * _WIDTH / 2
        self._reach = 24 + 42 * abs(target - source) / _STEP
        self._start, self._end = source + self._side * 6, target - self._side * 6
        self._words = words

    def line(self) -> str:
        far, edge = self._edge + self._side * self._reach, self._edge
        curve = f"M{edge:g} {self._start}C{far:g} {self._start} {far:g} {self._end} {edge:g} {self._end}"
        return f'<path d="{curve}" fill="none" marker-end="url(#tip)"/>'

    def label(self) -> str:
        x, y = self._edge + self._side * (0.75 * self._reach + 4), (self._start + self._end) / 2 + 4
        return _TEXT.format(x=x, y=y, anchor="start" if self._side > 0 else "end", text=escape(self._words))
