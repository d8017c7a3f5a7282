"""What the exchanges of one tenant may take of what all tenants of a process share besides slots for requests.

Look-ups of names: one cannot be taken back, so it goes on, in a thread, when those who asked have given up. It keeps
its place till it has ended. Were the place the request's alone, a tenant whose names do not resolve would leave
look-ups behind at every poll, and soon all places would be taken. So places are a tenant's, whatever batch took them.

Attempts: sockets for further addresses of a name, beside the one that each request has in any case.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from steps.http.slots import Share, Slots

if sys.platform != "win32":
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

_MOST_IDLE: Final = 400


def requests_at_once(wanted: int) -> int:
    """As many as wanted, or as may be with the files that the process may have open (its soft limit when called).

    Each may be one for its connection, one for its name, and half a one for further addresses: half of all files. A
    quarter may be idle connections, the rest is for whatever else the process does.
    """
    return max(1, min(wanted, _files() // 5))


def idle_at_once() -> int:
    """Connections that may be kept for the next request."""
    return min(_MOST_IDLE, _files() // 4)


def _files() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    files, _ = getrlimit(RLIMIT_NOFILE)
    return sys.maxsize if files == RLIM_INFINITY else files


@dataclass(eq=False)
class Claims:
    """Of one tenant, or of one batch that is nobody's."""

    look_ups: Share
    attempts: Share


class AllClaims:
    """Those of one event loop."""

    def __init__(self, requests: int) -> None:
        self._look_ups = Slots(requests)
        self._attempts = Slots(requests // 2)
        self._known: WeakValueDictionary[str, Claims] = WeakValueDictionary()

    def of(self, owner: str | None) -> Claims:
        """The same ones as long as anything of them is held."""
        found = None if owner is None else self._known.get(owner)
        if found is None:
            found = Claims(self._look_ups.share(), self._attempts.share())
            if owner is not None:
                self._known[owner] = found
        return found


_current: ContextVar[Claims] = ContextVar("claims of this task's exchange")


@contextmanager
def claiming(claims: Claims) -> Iterator[None]:
    """Connections that this task opens use them."""
    token = _current.set(claims)
    try:
        yield
    finally:
        _current.reset(token)


def current_claims() -> Claims:
    """Those of this task's exchange."""
    return _current.get()
