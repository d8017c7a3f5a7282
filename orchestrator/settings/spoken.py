"""How the setting of a server's URL is called where the server does not do: by its variable, or by its key and line of
the settings file where that gave it, since there it has to be mended. A broker that no setting names is beside the
ledger's database, so that one's setting gave it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.domain.errors import ChangeoverError, Problem
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.environment import PREFIX, UP_VARIABLE
from orchestrator.settings.model import sources
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.url_parts import BadUrl

_BROKER: Final = PREFIX + "BROKER_URL"
_STATE: Final = "redis_url"
_BESIDE: Final = "the broker is the database beside it"


@dataclass(frozen=True, slots=True)
class Spoken:
    """The setting's ``name``; ``where`` it was written, "" for a variable, which says so itself; how it gave the URL
    when that is not its own."""

    name: str
    where: str = ""
    how: str = ""

    def __str__(self) -> str:
        more = "; ".join(part for part in (self.where, self.how) if part)
        return f"{self.name} ({more})" if more else self.name

    def problem(self, value: str | None, message: str) -> Problem:
        """A mistake in it, in the form of those of all settings."""
        whole = f"{message}: {self.how}" if self.how else message
        return Problem(self.name, value, f"{whole}, in {self.where}" if self.where else whole)


def spoken(variable: str, url: str | None = None, environment: Mapping[str, str] = os.environ) -> Spoken:
    """The setting of this ``variable``, which gave the ``url`` as a client dials it; without one, the setting that is
    in force."""
    try:
        of_variables, *files = sources()
    except ChangeoverError:
        return Spoken(variable)
    name, asked = variable.removeprefix(PREFIX).lower(), [of_variables, *files]
    if UP_VARIABLE in environment:
        # Its processes have both in variables, whatever gave them to it.
        url, asked = url or environment.get(variable), files
    for given in asked:
        if given.gives((name,)):
            if given is of_variables or (url is not None and url not in _dialled(given.values[name])):
                return Spoken(variable)
            return Spoken(name, given.where(name) or "")
    if variable == _BROKER:
        state = next((given.values[_STATE] for given in (of_variables, *files) if given.gives((_STATE,))), None)
        if state is not None and (url is None or url in _beside(state)):
            return replace(spoken(PREFIX + _STATE.upper(), None, environment), how=_BESIDE)
    return Spoken(variable)


def _dialled(text: object) -> tuple[str, ...]:
    """What clients make of a URL as it is written."""
    if not isinstance(text, str):
        return ()
    try:
        if is_amqp(text):
            return text, parse_amqp_url(text).plain
        url = parse_redis_url(text)
    except BadUrl:
        return (text,)
    return text, url.for_ledger(), url.for_broker()


def _beside(text: object) -> tuple[str, ...]:
    """The same of the database beside it."""
    try:
        return _dialled(parse_redis_url(text).neighbour().text) if isinstance(text, str) else ()
    except BadUrl:
        return ()
