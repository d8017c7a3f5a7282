"""What code of a user raises: whatever it is, it ends what called for it, and nothing else.

``SystemExit``, ``asyncio.CancelledError``, ``GeneratorExit`` are no ``Exception``. Let through, they would take a slot
of a worker with them, without a word; only what the process itself was told is let through.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Escaped(Exception):
    """A user's code raised what is no ``Exception``; the message says whose, and what."""


def is_for_process(error: BaseException) -> bool:
    """Whether it says that the process, or the greenlet, is to end, and so is no fault of the code that it comes from.

    Ctrl-C, unless the process ignores it, as a prefork child does; what billiard raises in such a child at a signal,
    ``SystemExit`` with a code of its own; a greenlet that is killed. The first two come in the main thread alone.
    """
    if threading.current_thread() is threading.main_thread():
        if isinstance(error, KeyboardInterrupt):
            return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        if isinstance(error, SystemExit) and error.code in _EXITS_BY_SIGNAL:
            return True
    patches, greenlets = sys.modules.get("gevent.monkey"), sys.modules.get("greenlet")
    if patches is None or greenlets is None or not patches.is_module_patched("threading"):
        return False
    return isinstance(error, greenlets.GreenletExit)


_EXITS_BY_SIGNAL = frozenset(number - 256 for number in signal.Signals)
"""``billiard.common._shutdown_cleanup``."""


def words_of(error: BaseException) -> str:
    """Its type and what it says, in one text; not masked. What cannot say it is told by its type."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - a user's error, whose words are code too
        return f"{type(error).__name__}, which cannot say what it is"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


@contextmanager
def contained(whose: str) -> Iterator[None]:
    """Raises ``Escaped`` in the place of what is no ``Exception`` and no matter of the process."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if is_for_process(error):
            raise
        raise Escaped(f"{whose} raised {words_of(error)}") from error
