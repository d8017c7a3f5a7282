"""Masking: what a line of a log and the worst answers known to us cost a process that knows many secrets."""

from __future__ import annotations

import random
import string
import time

from orchestrator.secrets.known import KnownSecrets

SECRETS = 1_000
ANSWER_CHARACTERS = 64 * 1024
LINES = 1_000
LINE = "2026-11-29T20:00:00Z [info] stage done action=stage-done planId=blue-to-green-1 tenantId=acme outcome=NEXT"

ANSWERS = {
    "plain JSON": '{"version": "42", "note": "a\\n", "c": [1, 2, 3]} ',
    "percent in percent": "%25252525",
    "escapes of JSON": "\\u0025",
    "escapes of HTML": "&amp;amp;amp;amp;",
    "all of them": "=253D\\u0025&#37;",
    "quoted-printable": "=3D3D3D3D3D",
    "cuts": "…ab%2",
    "cuts by dots": "...ab%2",
    "cuts behind how many begin": "ghp_…",
    "cuts before how many end": "...1%ä%ä",
    "cuts in escapes": "%25E2%2580%25A6ab%252",
    "cuts read as Latin-1": "%5C\u00e2\x80\u00a6\\\\",
    "cuts of several kinds": "ghp_...+\\xe2\\x80%25\ufffd=E2",
    "backslashes": "\\",
    "coded names of hosts": "xn--a-0%",
}


def run(count: int = SECRETS) -> dict[str, float]:
    """Prints and answers milliseconds, by what is masked."""
    random.seed(1)
    began = time.process_time()
    known = KnownSecrets().with_values(f"ghp_{_drawn(36)}" if n % 2 else f"{_drawn(12)}/{n}%ä" for n in range(count))
    known.masked("%41 …")
    found = {f"{count:,} secrets are made known": 1000 * (time.process_time() - began)}
    found["a line of a log"] = _milliseconds(known, LINE, LINES)
    for name, part in ANSWERS.items():
        found[f"64 KiB of {name}"] = _milliseconds(known, (part * ANSWER_CHARACTERS)[:ANSWER_CHARACTERS], 1)
    for name, taken in found.items():
        print(f"{name:<40}{taken:10.2f} ms")
    return found


def _drawn(length: int) -> str:
    return "".join(random.choice(string.ascii_letters) for _ in range(length))


def _milliseconds(known: KnownSecrets, text: str, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        known.masked(text)
    return 1000 * (time.process_time() - began) / times
