"""Calls in a script's text, with what they are given: enough of Lua for tests that hold scripts together."""

from __future__ import annotations

import re
from collections.abc import Iterator


def without_comments(source: str) -> str:
    return re.sub(r"--[^\n]*", "", source)


def calls(source: str, name: str) -> Iterator[list[str]]:
    """The arguments, as text, of each call of a function; its definition is none."""
    return (given for _, given in placed_calls(source, name))


def placed_calls(source: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The same, each with its line."""
    for match in re.finditer(rf"(?<![\w.:]){re.escape(name)}\(", source):
        if not source[: match.start()].endswith("function "):
            yield source.count("\n", 0, match.start()) + 1, _arguments(source[match.end() :])


def parameters(source: str, name: str) -> list[str]:
    """The names in its definition."""
    found = re.search(rf"local function {name}\(([^)]*)\)", source)
    assert found, f"no function {name}"
    return [part.strip() for part in found[1].split(",") if part.strip()]


def _arguments(text: str) -> list[str]:
    found, part, depth, quote = [], "", 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "({[":
            depth += 1
        elif character in ")}]":
            if depth == 0:
                break
            depth -= 1
        elif character == "," and depth == 0:
            found.append(part.strip())
            part = ""
            continue
        part += character
    return [*found, part.strip()] if part.strip() else found
