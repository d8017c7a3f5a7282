"""What Python tells on stderr past all loggers, as lines of the log: masked, and JSON where those are.

A line whose arguments do not fit it (``logging`` shows both, and a traceback); what ends a thread or the process; what
is raised where nobody can catch it, in ``__del__``.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextvars import Context, copy_context
from types import TracebackType
from typing import Any

from steps.raised import is_for_process
from steps.told import type_name, words_of

_log = logging.getLogger("changeover.stray")


class LineHandler(logging.StreamHandler[Any]):
    """Writes lines; of one that cannot be made it says so, and where it comes from.

    What a line shows may be a user's, whose words are code: nothing that they raise comes out here, but what is for
    the process.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        try:
            self.stream.write(self.format(record) + self.terminator)
            self.flush()
        except BaseException as error:
            if is_for_process(error):
                raise
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        error = sys.exc_info()[1]
        if error is None or issubclass(type(error), OSError):
            # The stream is gone: what is said of that has no place either.
            return
        said = f"a log line of {record.pathname}:{record.lineno} could not be made: {words_of(error)}"
        told = logging.LogRecord(record.name, logging.ERROR, record.pathname, record.lineno, said, None, None)
        told.action = "log-fault"
        # What is bound to the line may be what stops it: then without.
        for context in (copy_context(), Context()):
            try:
                self.stream.write(context.run(self.format, told) + self.terminator)
                self.flush()
            except BaseException as fault:
                if is_for_process(fault):
                    raise
            else:
                return


def log_stray_errors() -> None:
    """From now on, in this process. May be called again."""
    sys.excepthook = _of_process
    threading.excepthook = _of_thread
    sys.unraisablehook = _unraisable


def _of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        # Whoever pressed it knows.
        return
    _tell("uncaught", "the process ends of an error that nobody caught", error)


def _of_thread(args: threading.ExceptHookArgs) -> None:
    # As Python's own: a thread may end itself so.
    if args.exc_value is not None and not issubclass(type(args.exc_value), SystemExit):
        name = args.thread.name if args.thread is not None else "?"
        _tell("uncaught", f"thread {name} ended of an error that nobody caught", args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    # What it was raised in is told by its type: its own words are a user's code.
    where = type_name(args.object) if args.object is not None else "nothing"
    _tell("unraisable", f"{args.err_msg or 'an error was ignored'} ({where})", args.exc_value)


def _tell(action: str, what: str, error: BaseException | None) -> None:
    # As a tuple: of the error alone ``logging`` would ask its traceback.
    _log.critical(what, extra={"action": action}, exc_info=None if error is None else (type(error), error, None))
