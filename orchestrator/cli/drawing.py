"""Tables and colours: for the width of a terminal there, whole lines when redirected.

The one gate for drawings: every piece of text that is drawn is escaped here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
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


def show(renderable: RenderableType) -> None:
    """Print a drawing. Redirected, each row is one whole line without blanks at its end."""
    out = console()
    if sys.stdout.isatty():
        out.print(renderable)
        return
    with out.capture() as drawn:
        out.print(renderable)
    print_block("\n".join(line.rstrip() for line in drawn.get().rstrip("\n").split("\n")))


def cell(text: str, style: str = "") -> Text:
    """Text within a table: one line, whatever it holds."""
    return Text(printable(text), style=style)


def long_cell(text: str, style: str = "") -> Text:
    """The same for what may be long: a terminal that is too narrow shows its beginning and an ellipsis."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
