"""What was cut shows no piece of a secret, in whatever notations within each other its mark and what is left of the
secret were written."""

from __future__ import annotations

import html
import json
import random
import re
import string
from collections.abc import Callable
from html.entities import codepoint2name
from typing import Final
from urllib.parse import quote

import pytest

from orchestrator.secrets.escapes import as_bytes, readings_of
from orchestrator.secrets.known import KnownSecrets

RUN: Final = 9
"""Of so many characters something must be masked: what the cut left of an escape hides an end of fewer."""

MARKS: Final = ("…", "...", "[…]", "[...]", "....", " ... (71 characters truncated) ... ".strip())
CHARACTERS: Final = string.ascii_letters + string.digits + "-_/+=&<\"'.:"


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def in_bytes(text: str, encoding: str = "utf-8") -> str:
    return repr(text.encode(encoding, "replace"))[2:-1]


def in_mail(text: str, encoding: str = "utf-8") -> str:
    return "".join(f"={one:02X}" if one > 126 or one in b"=" else chr(one) for one in text.encode(encoding, "replace"))


NOTATIONS: Final[dict[str, Callable[[str], str]]] = {
    "JSON": in_json,
    "JSON as it is": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of Go": lambda text: re.sub("[&<>]", lambda one: f"\\u{ord(one[0]):04x}", in_json(text)),
    "JSON, all of it": lambda text: "".join(f"\\u{ord(one):04X}" for one in text),
    "HTML": html.escape,
    "HTML by names": lambda text: re.sub("[…ä€]", lambda one: f"&{codepoint2name[ord(one[0])]};", html.escape(text)),
    "HTML by numbers": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "an address": quote,
    "all of an address": lambda text: quote(text, safe=""),
    "Python": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "bytes": in_bytes,
}
LOSES: Final = "Windows-1252 read as UTF-8"
ONCE: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "read as Latin-1": lambda text: text.encode(errors="replace").decode("latin-1"),
    "read as Windows-1252": lambda text: text.encode(errors="replace").decode("cp1252", "replace"),
    LOSES: lambda text: text.encode("cp1252", "replace").decode(errors="replace"),
    "Windows-1252 read as Latin-1": lambda text: text.encode("cp1252", "replace").decode("latin-1"),
    "bytes of Windows-1252": lambda text: in_bytes(text, "cp1252"),
    "an address in Windows-1252": lambda text: quote(text, encoding="cp1252", errors="replace"),
    "quoted-printable": in_mail,
    "quoted-printable of Windows-1252": lambda text: in_mail(text, "cp1252"),
}
"""Of these one is read, and not one of another."""


def shown(secret: str, said: str) -> list[bytes]:
    pieces = {as_bytes(secret[at : at + RUN]) for at in range(len(secret) - RUN + 1)}
    readings = [as_bytes(said), *(reading for reading, _ in readings_of(as_bytes(said)))]
    return [piece for piece in pieces if any(piece in reading for reading in readings)]


@pytest.mark.parametrize("once", ONCE)
@pytest.mark.parametrize("mark", MARKS)
def test_no_piece_is_left_on_either_side_of_a_cut(mark: str, once: str) -> None:
    draw = random.Random(f"{mark} {once}")
    for _ in range(4):
        # What is lost of the mark is lost of the secret too: then nothing tells one from the other.
        others = "" if once == LOSES else "ä€"
        secret = "".join(draw.choices(CHARACTERS + others, k=draw.randint(20, 40)))
        ways = draw.choices(list(NOTATIONS), k=draw.randint(0, 3))
        # Cut first, or what is written already.
        before = draw.randint(0, len(ways))
        written = secret
        for way in ways[:before]:
            written = NOTATIONS[way](written)
        at = draw.randint(0, len(written))
        said = f"bad token {written[:at]}{mark} given; {mark}{written[at:]} too"
        for write in (ONCE[once], *(NOTATIONS[way] for way in ways[before:])):
            said = write(said)
        masked = KnownSecrets().with_value(secret).masked(said)
        assert not shown(secret, masked), (secret, ways[:before], once, ways[before:], said, masked)
