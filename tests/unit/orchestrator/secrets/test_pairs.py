"""Of two secrets one of which holds the other, or begins as it does, nothing is shown, wherever one of them is cut."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from orchestrator.secrets.known import SHORTEST, KnownSecrets
from orchestrator.secrets.wrapped import SHORTEST_BARE

URL = "https://deployer:p%40ss@h.example/t0k3n?key=zyx987"
PAIRS = {
    "at the front": ("admin", "admin-8f7e6d5c4b3a2918/äö=9z"),
    "in the middle": ("hunter2pw", "prefix:hunter2pw:tail-0123456789"),
    "at the end": ("s3cr3t/&tail", "0123456789+s3cr3t/&tail"),
    "twice": ("wxyz", "wxyz-0123-wxyz-4567-wxyz"),
    "equal beginnings": ("ghp_first0123", "ghp_first09999999xyz"),
    "overlapping": ("0123456-key", "y:0123456-ke"),
    "a URL and its parts": ("deployer", URL),
    "a URL in JSON": (URL, f'{{"u":"{URL}"}}'),
}
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, all of it": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "HTML": html.escape,
    "URL": lambda text: quote(text, safe=""),
    "repr": lambda text: repr(text)[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "broken lines": lambda text: "\n".join(text[at : at + 7] for at in range(0, len(text), 7)),
    "base64 in broken lines": lambda text: "\n".join(map(FORMS["base64"], (text[:6], text[6:]))),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pair", PAIRS)
def test_nothing_of_either_is_shown_whole_or_cut(pair: str, form: str) -> None:
    known, write = KnownSecrets().with_values(PAIRS[pair]), FORMS[form]
    for secret in PAIRS[pair]:
        written = write(secret)
        shortest = len(write(secret[: SHORTEST_BARE if "lines" in form else SHORTEST]))
        parts = [written[:length] for length in range(shortest, len(written) + 1)]
        assert set(known.masked("".join(f"{part}…" for part in parts)).split("…")) == {"***", ""}
        assert known.masked(written) == "***"
