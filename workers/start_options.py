"""What a worker is started with, judged before it begins: Celery would fail later, with its own insides shown.

``start_refusal`` puts Celery's and Click's errors in our words; ``wrong_options`` looks at what they let through.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from orchestrator.domain.errors import ChangeoverError, InvalidInput, PortTaken, Problem
from orchestrator.domain.naming import unknown
from orchestrator.embedded.up_options import MOST_CONCURRENCY
from orchestrator.files.private_file import foreign_files_of_shelf

FLOWER_PORT: Final = 5555
_NO_LISTENING: Final = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)
_DETACH: Final = re.compile(r"--detach|-[BE]*D[BDE]*")


def start_refusal(error: Exception, arguments: Sequence[str]) -> ChangeoverError:
    """What to say of an error that ended ``worker`` or ``flower`` with these arguments before it was at work."""
    role = " ".join(arguments[:1])
    if isinstance(error, ChangeoverError):
        return error
    if isinstance(error, click.NoSuchOption):
        known = [] if error.ctx is None else [max(one.opts, key=len) for one in error.ctx.command.params]
        return InvalidInput([Problem(error.option_name, None, unknown("option", error.option_name, known))])
    if isinstance(error, click.BadParameter) and error.param is not None:
        return InvalidInput([Problem(max(error.param.opts, key=len), None, error.message.rstrip("."))])
    if isinstance(error, click.ClickException):
        return InvalidInput([Problem("", None, " ".join(error.format_message().split()))])
    if role == "flower" and _is_of_listening(error):
        return _cannot_listen(error, dict(one.partition("=")[::2] for one in arguments))
    if isinstance(error, OSError):
        message = f"{role} cannot start: {error.strerror or error}"
        return InvalidInput([Problem("", error.filename, message)])
    return InvalidInput([Problem("", None, f"{role} cannot start: {type(error).__name__}: {error}")])


def _is_of_listening(error: Exception) -> bool:
    # What is said of a file names it.
    told = isinstance(error, OSError) and error.filename is None and error.errno in _NO_LISTENING
    return told or isinstance(error, socket.gaierror)


def _cannot_listen(error: Exception, given: Mapping[str, str]) -> ChangeoverError:
    # The guard of Flower's options always names the address.
    where = f"{given.get('--address')}:{given.get('--port', FLOWER_PORT)}"
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return PortTaken("--port", where)
    reason = getattr(error, "strerror", None) or error
    return InvalidInput([Problem("--port" if code == errno.EACCES else "--address", None, f"{where}: {reason}")])


def require_foreground(arguments: Sequence[str]) -> None:
    """Raises ``InvalidInput`` for a worker that is to go to the background: Celery would start another application."""
    if any(_DETACH.fullmatch(argument) for argument in arguments):
        raise InvalidInput([Problem("--detach", None, "a worker stays in the foreground; let a supervisor keep it")])


def wrong_options(options: Mapping[str, Any], lanes: Sequence[str]) -> list[Problem]:
    """What is wrong with Celery's ``options`` of a worker, as Click has read them."""
    problems = [
        Problem(f"--{option.replace('_', '-')}", name, unknown("lane", name, lanes))
        for option in ("queues", "exclude_queues")
        for name in options.get(option) or ()
        if name not in lanes
    ]
    concurrency = options.get("concurrency")
    if isinstance(concurrency, int) and not 1 <= concurrency <= MOST_CONCURRENCY:
        problems.append(Problem("--concurrency", concurrency, f"must be 1 to {MOST_CONCURRENCY}"))
    if options.get("beat"):
        problems.append(Problem("--beat", None, "Changeover has no schedule to run"))
    for option in ("pidfile", "logfile", "statedb"):
        path = options.get(option)
        if path and (message := _no_place(Path(path).parent)):
            problems.append(Problem(f"--{option}", path, message))
    if options.get("statedb"):
        problems += [Problem("--statedb", *found) for found in foreign_files_of_shelf(options["statedb"])]
    return problems


def _no_place(folder: Path) -> str | None:
    if not folder.is_dir():
        return "its folder does not exist"
    return None if os.access(folder, os.W_OK | os.X_OK) else "its folder cannot be written"
