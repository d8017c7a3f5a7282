"""YAML text to plain values, straight from the parser's events.

PyYAML's own loader builds a node tree first, which is several times slower for 100,000 tenants, crashes the
interpreter on deep nesting and expands nested aliases without bound. One loop over the events does without all
three: the depth is bounded, aliases are counted for what they expand to (values and characters), and a key given
twice is an error. What takes libyaml too long is refused before it is asked (``yaml_bounds``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn

import yaml
from yaml import events

from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.wording import join
from orchestrator.files.json_text import MAX_DEPTH
from orchestrator.files.yaml_bounds import refusal_of, stray_character
from orchestrator.files.yaml_slips import QUOTE_TEMPLATE, slip_at, slip_words

MAX_ALIASED_VALUES = 1_000_000
"""How many values all aliases together may stand for."""
MIN_ALIASED_CHARACTERS = 16 * 1024 * 1024
ALIASED_CHARACTERS_FOR_EACH = 16
"""How many characters of text they may stand for: the first of these, or that many times the text's own length."""

FREE_EVENTS = 500_000
CHARACTERS_FOR_EACH_EVENT = 4
"""How many values, keys and brackets a text may have: the first of these, or one for so many of its characters. What
people and their programs write has fewer; a text made of nothing else takes a process far longer than its size tells.
"""

LONGEST_NUMBER = 300
"""Characters; what is longer is text."""

LONGEST_PATH = 1000
A_LINE = 200
MOST_FOR_LINES = 8 * 1024 * 1024
"""Characters of paths whose lines are told; each counts as ``A_LINE`` more. Beyond, what stands around them is told."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_BASED_INT = re.compile(r"0(x_*[0-9a-fA-F][0-9a-fA-F_]*|o_*[0-7][0-7_]*|b_*[01][01_]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*\.[0-9]*|[0-9][0-9_]*(?=[eE]))([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Any] = {"": None, "~": None} | {
    form: value
    for word, value in {
        "null": None,
        "true": True,
        "yes": True,
        "on": True,
        "false": False,
        "no": False,
        "off": False,
    }.items()
    for form in (word, word.capitalize(), word.upper())
}
_TAGS = {"tag:yaml.org,2002:" + name: name for name in ("str", "int", "float", "bool", "null", "seq", "map")}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_KEY = object()


@dataclass(slots=True)
class _Filling:
    """A collection being filled; ``size`` counts the values in it, ``characters`` their text, aliases expanded."""

    value: Any
    anchor: str | None
    start: Any
    key: Any = _NO_KEY
    merged: dict[str, Any] = field(default_factory=dict)
    size: int = 1
    characters: int = 0
    path: str | None = ""


def read_yaml(text: str, name: str, lines: dict[str, int] | None = None) -> Any:
    """The one document in ``text``, made of dicts, lists, text, numbers, booleans and None.

    Plain scalars are read as YAML 1.1 does, but dates, times (``12:30``) and numbers with a leading zero stay text:
    they are versions and labels in a plan. ``<<`` merges. ``lines`` is told the line of each value by its
    path (``a.b[0]``), within ``LONGEST_PATH`` and ``MOST_FOR_LINES``. Raises ``InvalidInput`` naming ``name``, line
    and column.
    """
    return _YamlEvents(name, lines).read(text)


class _YamlEvents:
    def __init__(self, name: str, lines: dict[str, int] | None) -> None:
        self._name = name
        self._lines = lines
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._aliased = 0
        self._aliased_characters = 0
        self._most_characters = MIN_ALIASED_CHARACTERS
        self._stack: list[_Filling] = []
        self._root: Any = None
        self._documents = 0
        self._for_lines = MOST_FOR_LINES
        self._text = ""

    def read(self, text: str) -> Any:
        if (refusal := refusal_of(text)) is not None:
            self._refuse(None, refusal)
        # A mark's index counts without it.
        self._text = text.removeprefix("\ufeff")
        self._most_characters = max(MIN_ALIASED_CHARACTERS, ALIASED_CHARACTERS_FOR_EACH * len(text))
        try:
            most = max(FREE_EVENTS, len(text) // CHARACTERS_FOR_EACH_EVENT)
            for number, event in enumerate(yaml.parse(text, _LOADER)):
                if number > most:
                    self._refuse(event.start_mark, f"more than {most} values, keys and brackets, too many for its size")
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = str(error.problem or error.context)
            self._refuse(
                mark, f"not valid YAML: {problem if mark is None else slip_words(self._text, mark.index, problem)}"
            )
        except yaml.YAMLError as error:
            self._refuse(None, stray_character(text) or f"not valid YAML: {cut_text(' '.join(str(error).split()))}")
        return self._root

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is events.ScalarEvent:
            value = event.value
            if event.implicit[0] or event.tag is not None:
                value = self._scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1, len(event.value))
            self._add(value, 1, len(event.value), event)
        elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
            if len(self._stack) >= MAX_DEPTH:
                self._refuse(event.start_mark, f"nested more than {MAX_DEPTH} levels deep")
            if event.tag is not None and event.tag not in _TAGS:
                self._refuse(event.start_mark, f"the tag {cut_text(event.tag, 60)} is not allowed")
            empty: Any = {} if kind is events.MappingStartEvent else []
            path = self._place(event) if self._lines is not None else ""
            self._stack.append(_Filling(empty, event.anchor, event.start_mark, path=path))
        elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
            done = self._stack.pop()
            for key, value in done.merged.items():
                done.value.setdefault(key, value)
            if done.anchor:
                self._anchors[done.anchor] = (done.value, done.size, done.characters)
            self._add(done.value, done.size, done.characters, event)
        elif kind is events.AliasEvent:
            self._alias(event)
        elif kind is events.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                self._refuse(event.start_mark, "a second document; expected one")

    def _place(self, event: Any) -> str | None:
        """The path of the value that this event begins, its line kept; None when it is too long."""
        if not self._stack:
            return ""
        top = self._stack[-1]
        if top.path is None or len(top.path) + len(str(top.key)) > LONGEST_PATH:
            return None
        here = f"{top.path}[{len(top.value)}]" if type(top.value) is list else join(top.path, str(top.key))
        if self._lines is not None and top.key is not _NO_KEY and self._for_lines > 0:
            self._for_lines -= len(here) + A_LINE
            self._lines.setdefault(here, event.start_mark.line + 1)
        return here

    def _add(self, value: Any, size: int, characters: int, event: Any) -> None:
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        top.size += size
        top.characters += characters
        if self._lines is not None and top.key is not _NO_KEY and isinstance(event, events.ScalarEvent):
            self._place(event)
        if type(top.value) is list:
            top.value.append(value)
        elif top.key is _NO_KEY:
            top.key = self._key(top, value, event)
        else:
            if top.key == "<<":
                self._merge(top, value, event)
            else:
                top.value[top.key] = value
            top.key = _NO_KEY

    def _key(self, top: _Filling, key: Any, event: Any) -> Any:
        if isinstance(key, dict | list):
            slip = slip_at(self._text, event.start_mark.index)
            words = f"; {QUOTE_TEMPLATE}" if slip == QUOTE_TEMPLATE else ""
            self._refuse(event.start_mark, f"a key must be text, not a mapping or a list{words}")
        if not isinstance(key, str):
            # `8080: x` and `on: x` are labels to whoever writes them.
            key = getattr(event, "value", None) or str(key)
        if key in top.value:
            self._refuse(event.start_mark, f"the key {cut_text(key)!r} is given twice in one mapping")
        return key

    def _merge(self, top: _Filling, value: Any, event: Any) -> None:
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                self._refuse(event.start_mark, "expected a mapping, or a list of mappings, after <<")
            for key, item in source.items():
                top.merged.setdefault(key, item)

    def _alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        if found is None:
            self._refuse(event.start_mark, f"the alias *{event.anchor} refers to nothing before it")
        value, size, characters = found
        self._aliased += size
        self._aliased_characters += characters
        if self._aliased > MAX_ALIASED_VALUES:
            self._refuse(event.start_mark, f"aliases stand for more than {MAX_ALIASED_VALUES} values")
        if self._aliased_characters > self._most_characters:
            self._refuse(event.start_mark, f"aliases stand for more than {self._most_characters} characters of text")
        self._add(value, size, characters, event)

    def _scalar(self, event: Any) -> Any:
        if event.tag is None:
            return _plain(event.value)
        tag = _TAGS.get(event.tag, "")
        if event.tag == "!" or tag == "str":
            return event.value
        value = _plain(event.value)
        if tag in ("int", "float", "bool", "null") and type(value).__name__ in (
            tag,
            "NoneType" if tag == "null" else tag,
        ):
            return value
        self._refuse(event.start_mark, f"the tag {cut_text(event.tag, 60)} is not allowed here")

    def _refuse(self, mark: Any, message: str) -> NoReturn:
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise InvalidInput([Problem(self._name, None, where + message)])


def _plain(text: str) -> Any:
    # A long one is text, and is not kept: this process may read much.
    return text if len(text) > LONGEST_NUMBER else _short(text)


@lru_cache(maxsize=65536)
def _short(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text.replace("_", ""))
    if _BASED_INT.match(text):
        return int(text.replace("_", ""), 0)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text
