"""Why a Redis server did not do what it was asked, as one true sentence: away, loading, full, or we may not come in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import redis
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ExecAbortError,
    InvalidResponse,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from checkpoint import CheckpointError
from orchestrator.domain.errors import ChangeoverError, DamagedData, InvalidInput, Unreachable
from orchestrator.ledger.damaged_key_words import mend_of
from orchestrator.ledger.entry import NotLetIn, entry_words, example_of, one_line
from orchestrator.ledger.handshake import StrangeAnswer
from orchestrator.ledger.server_state import ServerState, memory_text, server_state
from orchestrator.secrets.masking import redact
from orchestrator.settings.spoken import spoken
from steps.raised import Escaped
from steps.told import cause_of, origin_of, said_by

STATE_VARIABLE = "CHANGEOVER_REDIS_URL"
BROKER_VARIABLE = "CHANGEOVER_BROKER_URL"

_WHO_NAMES_IT: Final = (
    "`changeover doctor` names damaged keys and plans, and the way out; "
    "`changeover explain` of a plan or task what of it is damaged"
)

_UNKNOWN_COMMAND: Final = re.compile(r"unknown (redis )?(sub)?command", re.IGNORECASE)


class WrongServer(Unreachable):
    """What answers is no Redis, or too old a one: nobody has to start it, and waiting does not help."""


# What Redis, or a script, says of a value of another kind than was written: a wrong type, text where a number belongs.
_DAMAGE = re.compile(
    r"the key \S+ is damaged|WRONGTYPE[\w ]*|(hash )?value is not an? (integer|float|valid float)"
    r"|increment or decrement would overflow|equal or smaller than the target stream top item"
    r"|attempt to [\w ]+ on a \w+ value|attempt to (index|compare|concatenate|call) [\w ']+"
    r"|bad argument #\d+ to '\w+'|Expected [\w ,]+ but found [\w ]+"
)


def is_damage(answer: object) -> bool:
    """Whether an error, or an answer out of a pipeline, says that the value is of another kind than was written."""
    # By its type: a user's error may have code behind its class, and behind its words.
    if not issubclass(type(answer), ResponseError):
        return False
    return _DAMAGE.search(said_by(cast("ResponseError", answer))) is not None


@dataclass(frozen=True, slots=True)
class NotNow:
    """A state in which a server answers, and does not do what it is asked: as words behind its name, as the ``code``
    that its answer begins with, and as the ``kind`` of error that the client makes of that, if it knows it."""

    words: str
    code: str
    kind: type[RedisError] | None = None


FULL: Final = NotNow("is full", "OOM", OutOfMemoryError)
LOADING: Final = NotNow("is still loading its data", "LOADING", BusyLoadingError)
READ_ONLY: Final = NotNow("is a replica and takes no writes", "READONLY", ReadOnlyError)
DAMAGED_KEY: Final = NotNow("has a damaged key that all go by", "DAMAGEDKEY")
"""Said by our scripts (``includes/whole.lua``): nothing can be written until it is mended, as when a server is full."""

NOT_NOW: Final = (
    FULL,
    LOADING,
    READ_ONLY,
    DAMAGED_KEY,
    NotNow("cannot save to its disk and takes no writes", "MISCONF"),
    NotNow("has too few replicas and takes no writes", "NOREPLICAS"),
    NotNow("is busy with a script", "BUSY"),
    # Before the next, whose kind it is one of.
    NotNow("is a replica without its master", "MASTERDOWN", MasterDownError),
    NotNow("belongs to a cluster that is down", "CLUSTERDOWN", ClusterDownError),
    NotNow("asks to be asked again", "TRYAGAIN", TryAgainError),
)
"""The one list of them."""

_BY_CODE: Final = {state.code: state for state in NOT_NOW}
_CODE: Final = re.compile(rf"\b({'|'.join(_BY_CODE)})\b")


def not_now(error: BaseException) -> NotNow | None:
    """The state that the error tells of: by its kind, or by a code in it, since from inside a script, and of some
    states, it comes as a plain error."""
    for state in NOT_NOW:
        if state.kind is not None and issubclass(type(error), state.kind):
            return state
    code = _CODE.search(said_by(error))
    return _BY_CODE[code[1]] if code else None


def is_damaged_key(error: BaseException) -> bool:
    """Whether a script found a key damaged that a whole namespace goes by."""
    return not_now(error) is DAMAGED_KEY


@dataclass(frozen=True, slots=True)
class Server:
    """How a log calls one, and the variable of the setting that gives its URL."""

    name: str
    variable: str = ""

    @property
    def setting(self) -> str:
        """That setting as it is spoken of."""
        return str(spoken(self.variable)) if self.variable else "its URL"


LEDGER: Final = Server("Redis", STATE_VARIABLE)
BROKER: Final = Server("the broker", BROKER_VARIABLE)
SOME_SERVER: Final = Server("Redis")
"""Of an error nobody knows from whose."""


def refusal(error: Exception, url: str, variable: str = STATE_VARIABLE) -> ChangeoverError | None:
    """The error to show for what a client raised; ``variable`` is that of the setting that gave ``url``, which a
    settings file may have done.

    None for an answer that is no refusal but a fault of ours.
    """
    text, place, setting = str(error), f"Redis at {redact(url)}", spoken(variable, url)
    if "DB index is out of range" in text or "invalid DB index" in text:
        return InvalidInput([setting.problem(redact(url), "the server has no database of this number")])
    if (words := entry_words(error, str(setting), example_of(url))) is not None:
        return NotLetIn(f"{place} {words}")
    state = not_now(error)
    if state is not None and state is not DAMAGED_KEY:
        return Unreachable(f"{place} {_told(state, url, str(setting), text)}")
    if (isinstance(error, ResponseError) or state is DAMAGED_KEY) and (damage := _DAMAGE.search(text)):
        way_out = mend_of(damage[0]) or _WHO_NAMES_IT
        return DamagedData(f"{place}: what is there is not what Changeover wrote ({one_line(damage[0])}); {way_out}")
    if _is_strange(error):
        return WrongServer(
            f"what answers at {redact(url)} is no Redis that Changeover can work with ({one_line(text)}); "
            f"expected Redis 6 or later; point {setting} at the right one"
        )
    if "[SSL" in text:
        # It answers: nobody has to start it.
        return Unreachable(
            f"{place}: no TLS connection comes about ({one_line(text)}); see the ssl_ options of {setting}"
        )
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
        return Unreachable(f"{place} does not answer ({one_line(text)}); start it, or point {setting} at the right one")
    return None


def _told(state: NotNow, url: str, setting: str, text: str) -> str:
    if state is LOADING:
        asked = _ask(url)
        progress = f" ({asked.loading})" if asked is not None and asked.loading else ""
        return f"{state.words}{progress}; try again when it has"
    if state is FULL:
        asked = _ask(url)
        memory = f": {memory_text(asked.used_bytes, asked.limit_bytes)} used" if asked is not None else ""
        return f"{state.words}{memory}; raise its maxmemory"
    if state is READ_ONLY:
        return f"{state.words}; name the master in {setting}"
    return f"{state.words} ({one_line(text)})"


def state_words(error: BaseException, server: Server = LEDGER, away: str = "is away") -> str:
    """What the server is, or why it refuses us, by what its client raised or what stands behind that: ``Redis is
    full``; ``away`` when it did not answer at all. For a log, so nothing is asked of the server."""
    found = (words for one in _behind(error, origin_of) if (words := _state_of(one, server)))
    return f"{server.name} {next(found, away)}"


def _state_of(error: BaseException, server: Server) -> str:
    if refuses_us(error):
        return entry_words(error, server.setting) or ""
    if (state := not_now(error)) is not None:
        return state.words
    return "is none that Changeover can work with" if _is_strange(error) else ""


def refuses_us(error: BaseException) -> bool:
    """Whether a server said this that does not let us in, or do what was asked."""
    return entry_words(error, "") is not None


def _is_strange(error: BaseException) -> bool:
    """Whether what answered is no Redis, or too old a one."""
    kind = type(error)
    if issubclass(kind, StrangeAnswer | InvalidResponse | WrongServer):
        return True
    return issubclass(kind, RedisError) and _UNKNOWN_COMMAND.match(said_by(error)) is not None


def is_servers_fault(error: BaseException) -> bool:
    """Whether a server that is away, or in such a state, caused it: its words tell all, a traceback nothing.
    What went wrong while such an error was handled is another fault, and what stands behind an error of a user's code
    is of a server of its own."""
    for one in _behind(error, cause_of):
        if issubclass(type(one), Escaped | CheckpointError):
            return False
        if _is_servers(one):
            return True
    return False


def _is_servers(error: BaseException) -> bool:
    kind = type(error)
    if issubclass(kind, redis.ConnectionError | redis.TimeoutError | ExecAbortError):
        return True
    return issubclass(kind, RedisError) and (not_now(error) is not None or refuses_us(error))


def servers_own(error: BaseException) -> BaseException:
    """What a client of a server raised, if that stands behind the error; else the error itself."""
    found = (one for one in _behind(error, origin_of) if issubclass(type(one), RedisError | OSError))
    return next(found, error)


def _behind(
    error: BaseException | None, before: Callable[[BaseException], BaseException | None]
) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = before(error)


def _ask(url: str) -> ServerState | None:
    with contextlib.suppress(RedisError, OSError, KeyError):
        return server_state(url)
    return None
