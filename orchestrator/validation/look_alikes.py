"""Tenant ids that a person would take for one another: the same letters from different alphabets, or in other forms."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from orchestrator.domain.printable import is_steering
from orchestrator.validation.findings import Findings

NAMED: Final = 10
"""Pairs that are named; the rest are counted."""

_CYRILLIC: Final = (
    ("\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443\u04bb\u0501\u051b\u051d", "aceijopsxyhdqw"),
    ("\u0410\u0412\u0421\u0415\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0405\u0422\u0425\u0423", "ABCElJKMHOPSTXY"),
)
_GREEK: Final = (
    ("\u03b1\u03bf\u03bd\u03c1\u03c5\u03b9\u03ba", "aovpuik"),
    ("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHlKMNOPTYX"),
)
_OTHERS: Final = ("\u0131\u0237\u0261I1|0", "ijglllO")
"""Dotless i and j, script g, and what looks alike within ASCII."""
_SAME: Final = str.maketrans(
    dict(pair for group in (*_CYRILLIC, *_GREEK, _OTHERS) for pair in zip(*group, strict=True))
)
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


def skeleton(text: str) -> str:
    """Equal for two texts that look alike."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_SAME)
    if not plain.isascii():
        plain = "".join(one for one in plain if not is_steering(one))
    # Letters with their accents taken apart, so that both spellings of an accent are one.
    return unicodedata.normalize("NFD", plain)


def warn_of_look_alikes(tenant_ids: Iterable[tuple[int, str]], findings: Findings) -> None:
    """A warning for each id that looks like an earlier one of the plan (and is not the same, which is an error)."""
    first: dict[str, tuple[int, str]] = {}
    more = 0
    for index, tenant_id in tenant_ids:
        other_index, other = first.setdefault(skeleton(tenant_id), (index, tenant_id))
        if other == tenant_id:
            continue
        more += 1
        if more <= NAMED:
            message = f"looks like tenants[{other_index}].tenant_id ({other!a}) and is another tenant ({tenant_id!a})"
            findings.warn(f"tenants[{index}].tenant_id", None, message)
    if more > NAMED:
        findings.warn("tenants", None, f"and {more - NAMED} more tenant ids look like an earlier one")
