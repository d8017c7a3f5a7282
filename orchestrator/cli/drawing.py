"""Tables and colours: for the width of a terminal there, whole lines when redirected.

The one gate for drawings: every piece of text that is drawn is escaped here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment, Segments
from rich.text import Text

from orchestrator.cli.output import print_block
from orchestrator.domain.printable import printable, printable_block

PIPE_WIDTH: Final = 100_000
"""Columns of a pipe: more than any row has, so that nothing is cut or folded there."""


class _EscapedConsole(Console):
    """A console whose every piece of text is escaped when it is drawn; its own controls (colour, cursor) are not."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable_block(segment.text), segment.style)


def console() -> Console:
    """Standard output for drawings: colour and the terminal's width in a terminal only."""
    if sys.stdout.isatty():
        return _EscapedConsole(highlight=False)
    return _EscapedConsole(highlight=False, soft_wrap=True, width=PIPE_WIDTH)


def show(renderable: RenderableType, *, whole: bool = False) -> None:
    """Print a drawing. Redirected, or ``whole``, each row is one whole line without blanks at its end; a terminal
    breaks it where its own line ends."""
    out = console()
    if sys.stdout.isatty():
        if whole:
            out.print(_whole_rows(out, renderable), soft_wrap=True, end="")
        else:
            out.print(renderable)
        return
    with out.capture() as drawn:
        out.print(renderable)
    print_block("\n".join(line.rstrip() for line in drawn.get().rstrip("\n").split("\n")))


def _whole_rows(out: Console, renderable: RenderableType) -> Segments:
    """Blanks at the end of a row would be empty lines of the terminal."""
    rows = []
    for row in out.render_lines(renderable, out.options.update(width=PIPE_WIDTH), pad=False):
        kept = [segment for segment in row if not segment.control]
        while kept and not kept[-1].text.strip():
            kept.pop()
        if kept:
            kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style)
        rows += [*kept, Segment.line()]
    return Segments(rows)


def cell(text: str, style: str = "") -> Text:
    """Text within a table: one line, whatever it holds."""
    return Text(printable(text), style=style)


def long_cell(text: str, style: str = "") -> Text:
    """The same for what may be long: a terminal that is too narrow shows its beginning and an ellipsis."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
