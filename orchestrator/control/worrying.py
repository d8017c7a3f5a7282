"""From when on something is worth a word, to `explain` and `doctor` alike."""

from __future__ import annotations

from typing import Final

SKEW_SECONDS: Final = 5.0
"""A difference of two clocks that somebody should mend."""

UNWRITTEN_SECONDS: Final = 5.0
"""A draft that nobody has written for so long is worth a word: a submit writes many times a second."""

ABANDONED_SECONDS: Final = 60.0
"""A submit that has written nothing for so long is not under way any more."""
