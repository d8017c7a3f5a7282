"""The step library: the contract of a step, the built-in steps, and the real HTTP client and Redis target they use.

Knows nothing of plans. A step of your own subclasses ``Step`` and is named by an entry point of ``changeover.steps``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steps.public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Loaded at first use: every command reads a module of this package, few need a step and all that it brings.
    import steps.public as public

    if name == "__all__" or name in public.__all__:
        return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
