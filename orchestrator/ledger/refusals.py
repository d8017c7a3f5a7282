"""Why a Redis server did not do what it was asked, as one true sentence: away, loading, full, or we may not come in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Final

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ExecAbortError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from orchestrator.domain.errors import ChangeoverError, DamagedData, InvalidInput, Problem, Unreachable
from orchestrator.ledger.server_state import ServerState, memory_text, server_state
from orchestrator.secrets.masking import redact

STATE_VARIABLE = "CHANGEOVER_REDIS_URL"
BROKER_VARIABLE = "CHANGEOVER_BROKER_URL"

_NO_PASSWORD = ("NOAUTH", "Authentication required", "HELLO must be called with the client already authenticated")

# A script is told in other words than a command is, and in others again by Redis 6.
_NO_RIGHT = ("NOPERM", "The user executing the script can't", "ACL failure in script")


# What Redis, or a script, says of a value of another kind than was written: a wrong type, text where a number belongs.
_DAMAGE = re.compile(
    r"WRONGTYPE[\w ]*|(hash )?value is not an? (integer|float|valid float)|increment or decrement would overflow"
    r"|attempt to [\w ]+ on a \w+ value|attempt to (index|compare|concatenate|call) [\w ']+"
    r"|bad argument #\d+ to '\w+'|Expected [\w ,]+ but found [\w ]+"
)


def is_damage(answer: object) -> bool:
    """Whether an error, or an answer out of a pipeline, says that the value is of another kind than was written."""
    return isinstance(answer, ResponseError) and _DAMAGE.search(str(answer)) is not None


def refusal(error: Exception, url: str, variable: str = STATE_VARIABLE) -> ChangeoverError | None:
    """The error to show for what a client raised; ``variable`` names the setting that gave ``url``.

    None for an answer that is no refusal but a fault of ours.
    """
    text, place = str(error), f"Redis at {redact(url)}"
    if "DB index is out of range" in text or "invalid DB index" in text:
        return InvalidInput([Problem(variable, redact(url), "the server has no database of this number")])
    if "protected mode" in text:
        return Unreachable(f"{place} takes no connections from other machines (protected mode); set a password on it")
    if "without any password configured" in text:
        return Unreachable(f"{place} knows no password; take it out of {variable}, or set one on the server")
    if any(words in text for words in _NO_PASSWORD):
        return Unreachable(f"{place} wants a password; give it in {variable}: redis://user:password@host:port/0")
    if isinstance(error, NoPermissionError) or any(words in text for words in _NO_RIGHT):
        return Unreachable(
            f"{place} does not let our user do this ({_cut(text)}); docs/security.md lists what Changeover needs"
        )
    if isinstance(error, AuthenticationError) or "WRONGPASS" in text:
        return Unreachable(f"{place} refuses the user or password of {variable}")
    if isinstance(error, BusyLoadingError) or "LOADING" in text:
        state = _ask(url)
        progress = f" ({state.loading})" if state is not None and state.loading else ""
        return Unreachable(f"{place} is still loading its data{progress}; try again when it has")
    if isinstance(error, OutOfMemoryError) or re.search(r"\bOOM\b", text):
        state = _ask(url)
        memory = f": {memory_text(state.used_bytes, state.limit_bytes)} used" if state is not None else ""
        return Unreachable(f"{place} is full{memory}; raise its maxmemory, or take data out of it")
    if isinstance(error, ReadOnlyError) or "READONLY" in text:
        return Unreachable(f"{place} is a replica and takes no writes; name the master in {variable}")
    if "MISCONF" in text:
        return Unreachable(f"{place} takes no writes, since it cannot save to its disk ({_cut(text)})")
    if isinstance(error, ResponseError) and (damage := _DAMAGE.search(text)):
        return DamagedData(
            f"{place}: a record there is not what Changeover wrote ({_cut(damage[0])}); `changeover doctor` names "
            "damaged plans, `changeover purge --plan ID --force` takes one out"
        )
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | ClusterDownError | TryAgainError | OSError):
        return Unreachable(f"{place} does not answer ({_cut(text)}); start it, or point {variable} at the right one")
    return None


_STATES: Final = (
    (r"\bOOM\b|maxmemory", "is full"),
    (r"\bLOADING\b|loading the dataset", "is still loading its data"),
    (r"\bREADONLY\b|read only replica", "is a replica and takes no writes"),
    (r"\bMISCONF\b", "cannot save to its disk and takes no writes"),
    (r"\bNOREPLICAS\b", "has too few replicas and takes no writes"),
)


def state_words(error: BaseException, server: str = "Redis", away: str = "is away") -> str:
    """What the server is, by what its client raised or what stands behind that: ``Redis is full``; ``away`` when it did
    not answer at all. For a log, so nothing is asked of the server."""
    texts = [str(one) for one in _behind(error)]
    found = (words for pattern, words in _STATES if any(re.search(pattern, text) for text in texts))
    return f"{server} {next(found, away)}"


def is_servers_fault(error: BaseException) -> bool:
    """Whether a server that is away, full, loading or read-only caused it: its words tell all, a traceback nothing.
    What went wrong while such an error was handled is another fault."""
    kinds = redis.ConnectionError | redis.TimeoutError | OutOfMemoryError | ReadOnlyError | ExecAbortError
    return isinstance(error, kinds) or (error.__cause__ is not None and is_servers_fault(error.__cause__))


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _ask(url: str) -> ServerState | None:
    with contextlib.suppress(RedisError, OSError, KeyError):
        return server_state(url)
    return None


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:200] + "…"
