"""Which keys a tenant's steps may write: the operator's patterns, so that one tenant's plan leaves another's alone.

A pattern is a key with ``{tenant}`` for the tenant's own id and ``*`` for any text without the character that ends it:
the one behind it in the pattern, and behind the tenant's id also the one before it. So a key fits a pattern for one
tenant only, whatever is in an id (``svc:*:{tenant}``: ``svc:x:b:a`` is of tenant ``b:a``, not of ``a``), and in one
way, which costs its length. One without ``{tenant}`` is of keys that all share.

A key that fits several patterns, for several tenants, is of the one with the shortest id (``cfg:{tenant}`` and
``cfg:{tenant}:meta``: ``cfg:acme:meta`` is of ``acme``, not of a tenant ``acme:meta``); of ids as long, of nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from steps.redis.reserved import key_is_reserved
from steps.told import exact_text
from steps.wording import cut, quote

_TENANT: Final = "{tenant}"
_MEANT: Final = re.compile(r"\{\s*tenant[^{}]*\}", re.IGNORECASE)
_ANY: Final = "(?P<id>.+)"
"""For the id; nothing that is escaped reads so."""
_TOUCHING: Final = re.compile(r"\*\*|\*\{tenant\}|\{tenant\}\*")


def require_key_pattern(pattern: str) -> str:
    """The pattern, if it is one. Raises ``ValueError``, which does not quote it."""
    if not pattern or any(found != _TENANT for found in _MEANT.findall(pattern)):
        raise ValueError(f"expected a key, with {_TENANT} for the tenant's id")
    if (reason := key_is_reserved(pattern)) is not None:
        raise ValueError(reason)
    if _TOUCHING.search(pattern):
        raise ValueError(f"expected a separator such as : between * and {_TENANT} or another *")
    return pattern


class WritableKeys:
    """The patterns, compiled; None for any key. Raises ``ValueError`` for a pattern that is none."""

    def __init__(self, patterns: Iterable[str] | None) -> None:
        self.patterns = None if patterns is None else tuple(patterns)
        for pattern in self.patterns or ():
            try:
                require_key_pattern(pattern)
            except ValueError as error:
                raise ValueError(f"{cut(pattern)!r}: {error}") from None

    def refuse(self, key: str, tenant_id: str) -> str | None:
        """Why the tenant's steps may not write the key; None when they may."""
        if self.patterns is None:
            return None
        fitting = [pattern for pattern in self.patterns if _fits(pattern, key, tenant_id)]
        if fitting:
            is_shared = any(_TENANT not in pattern for pattern in fitting)
            rival = None if is_shared else self._rival(key, tenant_id)
            if rival is None:
                return None
            return (
                f"key {quote(key)} is of tenant {quote(rival)} by another pattern of the setting: what fits several is "
                f"of the tenant with the shortest id"
            )
        allowed = exact_text(", ".join(self.patterns), 200) or "none"
        return f"key {quote(key)} is not one that tenant {quote(tenant_id)} may write: the setting allows {allowed}"

    def _rival(self, key: str, tenant_id: str) -> str | None:
        """Another tenant that may write the key, with an id that is no longer."""
        others = (_tenant_of(pattern, key) for pattern in self.patterns or () if _TENANT in pattern)
        rivals = {one for one in others if one and one != tenant_id and len(one) <= len(tenant_id)}
        return min(rivals, key=len, default=None)

    def warn(self, key: str, tenant_id: str) -> str | None:
        """Without patterns: what to say of a key that does not name its tenant, and so may be another's."""
        if self.patterns is not None or _names(key, tenant_id):
            return None
        return (
            f"key {quote(key)} does not name its tenant, and any plan may write any key: say which keys in the setting "
            f"writable_keys, such as tenant_config:{_TENANT}"
        )


def _names(key: str, tenant_id: str) -> bool:
    """Whether the id stands in the key as a word of its own."""
    at = key.find(tenant_id)
    while at >= 0:
        end = at + len(tenant_id)
        if not (key[at - 1 : at].isalnum() or key[end : end + 1].isalnum()):
            return True
        at = key.find(tenant_id, at + 1)
    return False


def _fits(pattern: str, key: str, tenant_id: str) -> bool:
    if "*" not in pattern:
        return pattern.replace(_TENANT, tenant_id) == key
    return re.fullmatch(_expression(pattern, re.escape(tenant_id)), key, re.DOTALL) is not None


def _tenant_of(pattern: str, key: str) -> str | None:
    """The one tenant for which the key fits."""
    # The first place of the id takes it, each other has to be the same.
    before, first, behind = _expression(pattern, _ANY).partition(_ANY)
    found = re.fullmatch(before + first + behind.replace(_ANY, "(?P=id)"), key, re.DOTALL)
    return found["id"] if found else None


def _expression(pattern: str, tenant: str) -> str:
    """The pattern as a regular expression, with this one for the tenant's id."""
    literals = pattern.split("*")
    texts = [tenant.join(map(re.escape, literal.split(_TENANT))) for literal in literals]
    before = accumulate(literals)
    gaps = [_gap(text, behind) for text, behind in zip(before, literals[1:], strict=False)]
    return texts[0] + "".join(gap + text for gap, text in zip(gaps, texts[1:], strict=True))


def _gap(before: str, behind: str) -> str:
    ends = behind[:1] + (before[-1:] if _TENANT in before else "")
    return f"[^{re.escape(ends)}]*" if ends else ".*"
