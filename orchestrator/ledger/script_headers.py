"""Writes KEYS and EVENTS into the scripts' headers: every key that a script can touch and every event that it can
write, by itself or through what it reaches of its includes.

``python -m orchestrator.ledger.script_headers`` writes them anew; a test holds headers and scripts together.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import fill
from typing import Final

from orchestrator.domain.events import EVENT_TYPES
from orchestrator.ledger.keys import PATTERNS
from orchestrator.ledger.script_source import assemble, read_script, script_names

PAGE: Final = Path("docs/keys.md")
"""Where each key's type stands, and what its identifier is called."""

_FOLDER: Final = Path(__file__).parent / "scripts"
_KINDS: Final = ("hash", "string", "zset", "set", "stream")
_PLURALS: Final = {"hash": "hashes"}
_EVENTS: Final = [model.__name__ for model in EVENT_TYPES]


def keys_touched(source: str) -> set[str]:
    """The patterns of the keys that an assembled script builds."""
    return {PATTERNS[kind] for kind in re.findall(r"\bK\.(\w+)\(", re.sub(r"function K\.\w+\(\w*\)", "", source))}


def events_written(source: str) -> list[str]:
    """The events that an assembled script names, in the order of their models."""
    return [kind for kind in _EVENTS if f"'{kind}'" in source]


def headed(body: str, source: str, page: str) -> str:
    """The script's file with its KEYS and EVENTS as the assembled ``source`` says; ``page`` is docs/keys.md."""
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|", page, re.MULTILINE)
    touched = keys_touched(source)
    parts = []
    for kind in _KINDS:
        names = [name for name, of in rows if of == kind and re.sub(r"\{\w+\}", "{}", name) in touched]
        if names:
            label = kind if len(names) == 1 else _PLURALS.get(kind, f"{kind}s")
            parts.append(f"{', '.join(names)} ({label})")
    keys = _wrapped(
        "KEYS", f" 1 the namespace's root. Touches {', '.join(parts)}" if parts else " 1 the namespace's root"
    )
    events = _wrapped("EVENTS", " ".join(events_written(source)) or "none")
    body = re.sub(r"^-- KEYS\b.*?(?=^-- ARGV)", lambda _: keys, body, count=1, flags=re.MULTILINE | re.DOTALL)
    return re.sub(
        r"^-- EVENTS\b.*?(?=^-- @include|^$)", lambda _: events, body, count=1, flags=re.MULTILINE | re.DOTALL
    )


def _wrapped(label: str, text: str) -> str:
    return fill(f"-- {label} {text}", 120, subsequent_indent="--       ", break_on_hyphens=False) + "\n"


if __name__ == "__main__":
    for name in script_names():
        # No setting changes what a script reaches.
        written = headed(read_script(name), assemble(name), PAGE.read_text())
        (_FOLDER / f"{name}.lua").write_text(written)
