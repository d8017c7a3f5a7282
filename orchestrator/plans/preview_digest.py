"""The digest of a preview: what each tenant was when it was looked at, and the content of the plan.

``<when>-<plan>-<tenants>``: when is the time by Redis' clock (ms, hexadecimal), so that tenants that have changed since
can be named; the other two are hashes, that of the tenants in two halves: what each was, and who is left out. Whether
it still holds is decided by the hashes alone, and by the scripts that write the plan (``tenant_mark`` in
includes/tenant_history.lua is the same as here).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem

_SHOWN: Final = ("mover", "moverEpoch", "current", "good")
_HALF: Final = 16
_FORM: Final = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{16})-([0-9a-f]{32})")


def tenant_mark(record: Mapping[str, str]) -> str:
    """What is shown of a tenant, in short: who moved it last, what it is, its last known good config."""
    text = "\n".join(record.get(name, "") for name in _SHOWN)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class PreviewDigest:
    """What a submit is bound to."""

    at_ms: int
    plan: str
    tenants: str

    def __str__(self) -> str:
        return f"{self.at_ms:x}-{self.plan}-{self.tenants}"

    def shows_the_same(self, other: PreviewDigest) -> bool:
        """Whether each tenant was the same, whoever is left out."""
        return self.tenants[:_HALF] == other.tenants[:_HALF]


def parse_digest(text: str | None) -> PreviewDigest | None:
    """The digest as `changeover preview` prints it; None for none. Raises ``InvalidInput``."""
    if text is None:
        return None
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise InvalidInput([Problem("preview", text, "expected a digest as `changeover preview` prints it")])
    return PreviewDigest(int(found[1], 16), found[2], found[3])


class DigestMaker:
    """Takes the tenants of a plan in order, each once."""

    def __init__(self, at_ms: int, plan_digest: str, *, skips_identical: bool) -> None:
        self._at_ms = at_ms
        # What is left out depends on the tenants, so the file and the wish are hashed, not what is left.
        content = plan_digest + (" without identical tenants" if skips_identical else "")
        self._plan = hashlib.sha256(content.encode()).hexdigest()[:16]
        self._tenants = hashlib.sha256()
        self._left_out = hashlib.sha256()

    def add(self, tenant_id: str, mark: str, *, is_left_out: bool) -> None:
        """The next tenant, as it is now. Whether it is left out is more than its mark tells: other plans that are to
        move it decide it too."""
        self._tenants.update(f"{tenant_id}\n{mark}\n".encode())
        if is_left_out:
            self._left_out.update(f"{tenant_id}\n".encode())

    def digest(self) -> PreviewDigest:
        """After the last one."""
        tenants = self._tenants.hexdigest()[:_HALF] + self._left_out.hexdigest()[:_HALF]
        return PreviewDigest(self._at_ms, self._plan, tenants)
