"""What code of a user raises: whatever it is, it ends what called for it, and nothing else.

``SystemExit``, ``asyncio.CancelledError``, ``GeneratorExit`` are no ``Exception``. Let through, they would take a slot
of a worker with them, without a word; only what the process itself was told is let through. An ``Exception`` may be of
a kind that has a meaning where it is met.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import TracebackType

from steps.told import words_of


class Escaped(Exception):
    """A user's code raised what nobody expects of it; the message says whose, and what."""


def is_for_process(error: BaseException) -> bool:
    """Whether it says that the process, or the greenlet, is to end, and so is no fault of the code that it comes from.

    Ctrl-C where Python answers it: a process that ignores it, as a prefork child, or has a handler of its own, as a
    worker, raises none. What billiard raises in such a child at a signal, ``SystemExit`` with a code of its own; a
    greenlet that is killed. The first two come in the main thread alone.
    """
    # By its type alone: ``isinstance`` asks the error for its class, and that may be code of its own.
    kind = type(error)
    if threading.current_thread() is threading.main_thread():
        if issubclass(kind, KeyboardInterrupt):
            return signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if kind is SystemExit:
            code = SystemExit.__dict__["code"].__get__(error)
            if type(code) is int and code in _EXITS_BY_SIGNAL:
                return True
    patches, greenlets = sys.modules.get("gevent.monkey"), sys.modules.get("greenlet")
    if patches is None or greenlets is None or not patches.is_module_patched("threading"):
        return False
    return issubclass(kind, greenlets.GreenletExit)


_EXITS_BY_SIGNAL = frozenset(number - 256 for number in signal.Signals)
"""``billiard.common._shutdown_cleanup``."""


class contained:
    """A context that raises ``Escaped`` in the place of what is no matter of the process and none of ``expected``, the
    errors that the code's contract names. Any other may be of a kind that has a meaning where it is met: a Redis of
    the code's own that is away is not the ledger.

    No ``contextmanager``: that sets an attribute of what is raised, which is the error's own code too.
    """

    def __init__(self, whose: str, *expected: type[Exception]) -> None:
        self._whose = whose
        self._expected = expected

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or issubclass(type(error), self._expected) or is_for_process(error):
            return
        raise Escaped(f"{self._whose} raised {words_of(error)}") from error
