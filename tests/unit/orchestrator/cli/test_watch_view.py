"""Keys, spans, and what is sent to the terminal: without one."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from orchestrator.cli.watch.screen import Frame, Size
from orchestrator.cli.watch.session import Painter
from orchestrator.cli.watch.view import LONGEST_FILTER, View, pressed
from orchestrator.domain.spans import span_text


def after(*keys: str, rows: int = 10, last: int = 50) -> View:
    view = View()
    for key in keys:
        view = pressed(view, key, rows, last)
    return view


@pytest.mark.parametrize(
    ("keys", "view"),
    [
        (["f"], View("failed")),
        (["w", "down", "j", "j"], View("waiting", top=3)),
        (["pagedown", "pagedown", "up"], View(top=19)),
        (["pageup"], View()),
        (["G"], View(top=50)),
        (["end", "pagedown", "down"], View(top=50)),
        (["G", "home"], View()),
        (["down", "a"], View("all")),
        (["down", "/"], View(typing=True)),
        (["/", "e", "u", "q"], View(typing=True, filter="euq")),
        (["/", "e", "x", "backspace", "c-m"], View(filter="e")),
        (["/", "e", "escape"], View()),
        (["/", "e", "c-m", "escape"], View()),
        (["/", "\x1b", "c-up", "\u202e", "\x9b"], View(typing=True)),
        (["?"], View(help=True)),
        (["?", "f"], View()),
        (["q"], View(left=True)),
        (["c-c"], View(left=True)),
        (["/", "c-c"], View(typing=True, left=True)),
        (["nosuch", "c-z"], View()),
    ],
)
def test_each_key(keys: list[str], view: View) -> None:
    assert after(*keys) == view


def test_a_filter_is_bounded_and_stands_anywhere() -> None:
    assert len(after("/", *"x" * 500).filter) == LONGEST_FILTER
    assert View(filter="eu").pattern == "*eu*"
    assert View(filter="eu-*").pattern == "eu-*"
    assert View().pattern is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0s"), (59.6, "1m 00s"), (65, "1m 05s"), (3599.9, "1h 00m"), (7500, "2h 05m"), (200_000, "2d 7h")],
)
def test_spans(seconds: float | None, text: str) -> None:
    assert span_text(seconds) == text


def test_only_lines_that_changed_are_sent() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=20, height=5)
    painter = Painter(console)

    def sent(*lines: str, height: int = 5) -> str:
        out.seek(0)
        out.truncate()
        painter.picture(Frame(Text("\n".join(lines)), View(), 1, 0), Size(20, height))
        return re.sub(r" +", " ", out.getvalue())

    with console.screen():
        first = sent("one", "two", "three")
        assert [word in first for word in ("one", "two", "three")] == [True] * 3
        assert sent("one", "two", "three") == ""
        assert sent("one", "2", "three") == "\x1b[2;1H2 "
        # A line that is gone is wiped.
        assert sent("one", "2") == "\x1b[3;1H "
        assert "one" in sent("one", "2", height=4)
