"""Calls the ledger's scripts by name, on a connection that each thread keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import redis
import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

from orchestrator.background.news import News
from orchestrator.domain import formats
from orchestrator.domain.errors import BadMove, TooOld
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.kept_connection import KeptConnection
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.outcomes import BAD_MOVE, TOO_OLD
from orchestrator.ledger.refusals import not_now
from orchestrator.ledger.script_source import TABLES, Tables, named_script
from orchestrator.ledger.turn_record import VerbArguments
from orchestrator.settings.model import Settings

_OF_A_REPLICA: Final = ("with replica instances", "UNBLOCKED")
"""In what WAIT answers on a server that is a replica itself, or becomes one: it was the master before a fail-over."""
_log = structlog.get_logger(__name__)


class ScriptCaller:
    """Of one namespace on one client; safe to share between threads."""

    def __init__(self, client: redis.Redis, settings: Settings, tables: Tables = TABLES) -> None:
        self.client = client
        self._tables = tables
        self.keys = Keys(settings.namespace)
        self.connection = KeptConnection(client)
        self._news = News()
        self._scripts: dict[str, tuple[str, str]] = {}
        self._min_replicas = settings.redis.min_replicas
        self._wait_ms = round(settings.redis.wait_seconds * 1000)

    def call(self, verb: str, *arguments: str | int | float) -> list[Any]:
        """Runs a script by name; the typed methods below and in ``operations`` are the way to use it.

        Raises ``TooOld`` when the ledger needs newer scripts, ``BadMove`` when the transition table refused it. What it
        refused to one of several tasks is logged, once in a while: the others are done.
        """
        return self._done(verb, self._run(verb, arguments, waits=bool(self._min_replicas)))

    def ask(self, verb: str, *arguments: str | int | float) -> list[Any]:
        """The same of a script that is asked only what it would answer: no replica is waited for."""
        return self._done(verb, self._run(verb, arguments, waits=False))

    def call_all(self, verb: str, rows: Sequence[VerbArguments]) -> list[list[Any] | Exception]:
        """Runs a script once a row, in one round trip; what is wrong with one (a refused move, a damaged record)
        stands in its place. Raises when the server is away: the whole may be repeated then."""
        return [self._answer_of_one(verb, answer) for answer in self._answers(verb, rows)]

    def _answer_of_one(self, verb: str, answer: Any) -> list[Any] | Exception:
        try:
            if not isinstance(answer, ResponseError):
                return self._done(verb, answer)
        except BadMove as error:
            return error
        if (away := _away(answer)) is not None:
            raise away from answer
        return answer

    def _done(self, verb: str, answer: list[Any]) -> list[Any]:
        if answer[0] == TOO_OLD:
            raise TooOld("the ledger", int(answer[1]), formats.LEDGER)
        if answer[0] != BAD_MOVE:
            return answer
        _, moves, *others = answer
        errors = [BadMove(*move) for move in moves]
        if not others:
            raise errors[0]
        for (_, identifier, *_), error in zip(moves, errors, strict=True):
            if self._news.is_new(f"{verb} {identifier}", str(error)):
                _log.error(str(error), action="bad-move", verb=verb)
        return cast(list[Any], others[0])

    def _script(self, verb: str) -> tuple[str, str]:
        """Name and source of it."""
        script = self._scripts.get(verb)
        if script is None:
            script = self._scripts[verb] = named_script(verb, self._tables)
        return script

    def _run(self, verb: str, arguments: Sequence[str | int | float], *, waits: bool) -> list[Any]:
        sha, source = self._script(verb)
        try:
            if waits:
                (answer,) = self._answers(verb, [tuple(arguments)])
                if isinstance(answer, ResponseError):
                    raise answer
                return cast(list[Any], answer)
            try:
                return cast(list[Any], self.connection.execute("EVALSHA", sha, 1, self.keys.root, *arguments))
            except NoScriptError:
                # New to this server, or flushed from it: sent whole, which also makes it known.
                return cast(list[Any], self.connection.execute("EVAL", source, 1, self.keys.root, *arguments))
        except ResponseError as error:
            if (away := _away(error)) is None:
                raise
            raise away from error

    def _answers(self, verb: str, rows: Sequence[VerbArguments]) -> list[Any]:
        """To the script for each row, in one round trip. What a server answers that does not know the script is asked
        again, once for all rows: it is sent whole with the first of them, and known to the others."""
        sha, source = self._script(verb)
        answers, reached = self._execute([("EVALSHA", sha, 1, self.keys.root, *row) for row in rows])
        unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            whole, *others = [(1, self.keys.root, *rows[place]) for place in unknown]
            again, reached = self._execute([("EVAL", source, *whole), *(("EVALSHA", sha, *other) for other in others)])
            for place, answer in zip(unknown, again, strict=True):
                answers[place] = answer
        self._note_replicas(reached, answers)
        return answers

    def _execute(self, commands: list[VerbArguments]) -> tuple[list[Any], Any]:
        """All in one round trip, answered when enough replicas have what they wrote, or after the wait; and what was
        said of those."""
        if not self._min_replicas:
            return self.connection.execute_all(commands), 0
        *answers, reached = self.connection.execute_all([*commands, ("WAIT", self._min_replicas, self._wait_ms)])
        return answers, reached

    def _note_replicas(self, reached: int | ResponseError, answers: Sequence[Any]) -> None:
        if isinstance(reached, ResponseError):
            said = [_away(error) for error in (*answers, reached) if isinstance(error, ResponseError)]
            if any(words in str(reached) for words in _OF_A_REPLICA):
                said.append(RedisConnectionError(str(reached)))
            raise next(filter(None, said), reached)
        if reached < self._min_replicas:
            # It is written and cannot be taken back; a fail-over now might lose it.
            _log.warning("too few replicas", action="replicas-behind", reached=reached, wanted=self._min_replicas)


def _away(error: ResponseError) -> RedisConnectionError | None:
    """What to raise instead when the error says that the server cannot serve now."""
    # From inside a script these come as plain errors; the first write meets them, so nothing is half done.
    if isinstance(error, UNREACHABLE) or not_now(error) is None:
        return None
    return RedisConnectionError(str(error))
