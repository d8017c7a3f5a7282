"""Texts that a person would take for one another: the same letters from different alphabets, or in other forms."""

from __future__ import annotations

import unicodedata
from typing import Final

from orchestrator.domain.printable import is_steering

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
_SMALL: Final = str.maketrans(
    {
        one.casefold(): other.casefold()
        # Where a letter looks like one when it is small and like another when it is large, the large one stands.
        for group in (_CYRILLIC[0], _GREEK[0], _CYRILLIC[1], _GREEK[1], _OTHERS)
        for one, other in zip(*group, strict=True)
    }
)
"""Of small letters, which stand for large ones too: an I is small an i, and looks like an l. In two steps."""
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


def skeleton(text: str) -> str:
    """Equal for two texts that look alike."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_SAME)
    if not plain.isascii():
        plain = "".join(one for one in plain if not is_steering(one))
    # Letters with their accents taken apart, so that both spellings of an accent are one.
    return unicodedata.normalize("NFD", plain)


def name_skeleton(text: str) -> str:
    """Equal for two names that a person would take for one another, in large letters or small ones: also that of a name
    and of the same in large letters."""
    small = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return skeleton(small.translate(_SMALL).translate(_SMALL)).casefold()
