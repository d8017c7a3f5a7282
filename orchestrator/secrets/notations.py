"""Which names say that what stands beside them is secret, and where a value has such a name with its secret: as a key,
beside it (``{"name": "DB_PASSWORD", "value": ...}``), and within a text, in the notations of JSON, YAML, a file of
settings, a query and a command line.

Rather too much is hidden than too little: what no quotes end goes to the end of its line. What a text costs grows with
its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.secrets.known import MASK

_WITHIN: Final = "authorization|cookie|passw|passphrase|secret|token|api[-_]?key|credential|private[-_]?key|signature"
_SECRET_KEY: Final = re.compile(rf"{_WITHIN}|^x-|^(?:auth|sig|pw|pwd|pass|jwt|hmac|pin|otp|totp)$", re.IGNORECASE)

TEMPLATE: Final = r"\{(?:\{[^{}]{0,500}\}|%[^{}]{0,500}%|#[^{}]{0,500}#)\}"
"""It is no secret, and as a value, or a part of one, it goes as a whole."""

_QUOTE: Final = r"(?<!\\)\\{0,31}[\"']"
"""Also of a text within a text, as deep as it is escaped."""
_BEGIN: Final = re.compile(
    # {"password": "x"}, as Python, Ruby and TOML write it too
    rf"(?P<member>(?P<q>{_QUOTE})(?P<name1>[\w.-]{{1,100}})(?P=q)\s{{0,100}}[:=]>?\s{{0,100}})"
    # "PASSWORD=x y"
    rf"|(?P<whole>(?P<around>{_QUOTE})(?P<name2>[\w.-]{{1,100}})=)"
    # password: x, and password = x
    r"|(?P<line>(?<![\w.-])(?P<name3>[\w.-]{1,100})(?:[ \t]{0,100}:[ \t]+|[ \t]{1,100}=[ \t]*|=[ \t]+)(?![=\s]))"
    # token=x in a form, in a sentence
    r"|(?P<tight>(?<![\w.-])(?P<name4>[\w.-]{1,100})=)"
    # --password x, and such a word in a list of them
    r"|(?P<option>(?<![\w-])--(?P<name5>[\w.-]{1,100})(?:[ \t]+|[\"'],\s{0,100})(?!--))"
)
_QUOTED: Final = (
    # A statement of a template may have such quotation marks itself.
    rf'"(?:{TEMPLATE}|[^"\\]|\\.|\\$)*+(?:"|$)'
    rf"|'(?:{TEMPLATE}|[^'\\]|\\.|\\$|'')*+(?:'|$)"
    rf"|(?P<deep>\\{{1,31}}[\"'])(?:{TEMPLATE}|.)*?(?:(?<!\\)(?P=deep)|$)"
)
_BLOCK: Final = r"[|>][-+0-9]{0,2}[ \t]*(?:\n(?:[ \t][^\n]*|(?=\n|$)))+"
_VALUES: Final = {
    kind: re.compile(pattern, re.DOTALL)
    for kind, pattern in {
        "member": rf"(?!(?:true|false|null)\b)(?:{_QUOTED}|(?:{TEMPLATE}|[^\s,}}\]])++)",
        "line": rf"{_BLOCK}|{_QUOTED}|[^\n]+",
        "tight": rf"{_QUOTED}|(?:{TEMPLATE}|[^&;\s#])++",
        "option": rf"{_QUOTED}|(?:{TEMPLATE}|\S)++",
    }.items()
}
_OPENS: Final = re.compile(r"\\{0,31}[\"']")


def names_secret(key: str) -> bool:
    """Whether what stands under this key is not for people to read."""
    return _SECRET_KEY.search(key) is not None


def speaks_of_secret(expression: str) -> bool:
    """Whether an expression, or a template, has a name in it that names a secret."""
    return any(names_secret(word) for word in re.findall(r"[\w-]+", expression))


def key_at(path: str) -> str:
    """Of a path that a mistake is told by the first key that names a secret; the last one where none does."""
    parts = [part.partition("[")[0] for part in path.split(".")]
    return next((part for part in parts if names_secret(part)), parts[-1])


def key_of_member(members: Mapping[Any, Any], name: str) -> str:
    """What a member stands under: its name, or what a mapping of a ``name`` (or ``key``) and a ``value`` calls it."""
    if name.lower() == "value":
        said = [str(one) for key, one in members.items() if str(key).lower() in ("name", "key")]
        return next((one for one in said if names_secret(one)), name)
    return name


def key_of_word(words: Sequence[Any], index: int, key: str) -> str:
    """What an item of a list stands under: the list's own key, or the option of a command line before it."""
    before = words[index - 1] if index else None
    is_named = isinstance(before, str) and before.startswith("--") and names_secret(before.lstrip("-"))
    return str(before).lstrip("-") if is_named and not str(words[index]).startswith("--") else key


def without_named(text: str) -> str:
    """The text with the mask for each value that stands in it beside a name that names a secret."""
    pieces, done, at = [], 0, 0
    while (found := _BEGIN.search(text, at)) is not None:
        at = found.end()
        kind = str(found.lastgroup)
        if not _is_secret(next(filter(None, found.group("name1", "name2", "name3", "name4", "name5")))):
            continue
        begin, at = at, _end_of_value(text, found, kind)
        if at > begin:
            opens = _OPENS.match(text, begin)
            quote = opens[0] if opens is not None and kind != "whole" else ""
            pieces += [text[done:begin], f"{quote}{MASK}{quote}"]
            done = at
    return "".join((*pieces, text[done:]))


def _is_secret(name: str) -> bool:
    name = name.strip("-.")
    return names_secret(name) or names_secret(name.rpartition(".")[2])


def _end_of_value(text: str, found: re.Match[str], kind: str) -> int:
    value = _VALUES[kind] if kind != "whole" else _up_to(found["around"])
    end = value.match(text, found.end())
    return end.end() if end is not None else found.end()


def _up_to(quote: str) -> re.Pattern[str]:
    """The rest of a text that began with that quote."""
    return re.compile(rf"(?:{TEMPLATE}|(?!(?<!\\){re.escape(quote)}).)*+", re.DOTALL)
