"""Commands of ours as a person types them."""

from __future__ import annotations

import shlex


def typed(*words: str) -> str:
    """A command line of ours that can be pasted into a shell."""
    return shlex.join(("changeover", *words))
