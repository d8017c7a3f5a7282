"""Which keys a script names, and which of them do not come from ``K`` (``orchestrator/ledger/keys.py``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tests.support.lua_calls import placed_calls, without_comments

WITHOUT_KEY: Final = frozenset({"TIME", "INFO"})
ALL_KEYS: Final = frozenset({"DEL", "EXISTS", "UNLINK"})
_BY_HAND: Final = re.compile(r"(?<![\w.])(?:KEYS *\[|ROOT\b)")
_FUNCTION: Final = re.compile(r"local function (\w+)\(([^)]*)\)")


def strange_keys(sources: Mapping[str, str]) -> Iterator[str]:
    """``file:line: what`` of each key in the scripts (text by file name) that is put together by hand.

    A key is ``K.task(id)``, a name that the file has from ``K``, or a parameter of a function; what a parameter that is
    used as a key is given, in whichever file, is a key too.
    """
    sources = {name: without_comments(source) for name, source in sources.items()}
    takes = dict(_taken(sources))
    for name, source in sources.items():
        for number, line in enumerate(source.splitlines(), 1):
            if found := _BY_HAND.search(line):
                yield f"{name}:{number}: {found[0]}"
        given = [*_keys_of_commands(source), *_keys_of_functions(source, takes)]
        yield from (f"{name}:{line}: {key}" for line, key in given if not _comes_from_k(key, source))


def _keys_of_commands(source: str) -> Iterator[tuple[int, str]]:
    for call in ("redis.call", "redis.pcall"):
        for line, (command, *given) in placed_calls(source, call):
            match command.strip("'\""):
                case verb if verb in WITHOUT_KEY:
                    continue
                case "XREAD":
                    streams = given[given.index("'STREAMS'") + 1 :]
                    keys = streams[: len(streams) // 2]
                case verb:
                    keys = given if verb in ALL_KEYS else given[:1]
            yield from ((line, key) for key in keys)


def _taken(sources: Mapping[str, str]) -> Iterator[tuple[str, list[int]]]:
    """Functions of which a parameter is used as a key, with the places of these parameters."""
    for source in sources.values():
        for head in _FUNCTION.finditer(source):
            body = re.split(r"\nend|\nlocal function", source[head.end() :], maxsplit=1)[0]
            used = {key for _, key in _keys_of_commands(body)}
            places = [place for place, name in enumerate(head[2].split(", ")) if name in used]
            if places:
                yield head[1], places


def _keys_of_functions(source: str, takes: Mapping[str, list[int]]) -> Iterator[tuple[int, str]]:
    for function, places in takes.items():
        for line, given in placed_calls(source, function):
            yield from ((line, given[place]) for place in places if place < len(given))


def _comes_from_k(key: str, source: str) -> bool:
    """A choice of two (``lent and K.a() or K.b()``) is from ``K`` as well; what is joined to one is not."""
    if key.startswith("K."):
        return ".." not in re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", key)
    if not re.fullmatch(r"\w+", key):
        return bool(re.search(r" and K\.\w+\([^()]*\) or K\.\w+\([^()]*\)$", key))
    made = re.findall(rf"local (?:\w+, )*{key}(?:, \w+)* = ([^\n]*)|for _, {key} in ipairs\(\{{([^\n]*)\}}\)", source)
    if made:
        return all("K." in value for pair in made for value in pair if value)
    return bool(re.search(rf"function [\w.]+\((?:\w+, )*{key}(?:, \w+)*\)", source))
