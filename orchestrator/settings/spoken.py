"""How the setting of a server's URL is called where the server does not do: by its variable, or by its key and line of
the settings file where that gave it, since there it has to be mended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.errors import ChangeoverError, Problem
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.environment import PREFIX, UP_VARIABLE
from orchestrator.settings.model import sources
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.url_parts import BadUrl


@dataclass(frozen=True, slots=True)
class Spoken:
    """The setting's ``name``; ``where`` it was written, "" for a variable, which says so itself."""

    name: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.where})" if self.where else self.name

    def problem(self, value: str | None, message: str) -> Problem:
        """A mistake in it, in the form of those of all settings."""
        return Problem(self.name, value, f"{message}, in {self.where}" if self.where else message)


def spoken(variable: str, url: str | None = None, environment: Mapping[str, str] = os.environ) -> Spoken:
    """The setting of this ``variable``, which gave the ``url`` as a client dials it; without one, the setting that is
    in force."""
    name = variable.removeprefix(PREFIX).lower()
    try:
        of_variables, *files = sources()
    except ChangeoverError:
        return Spoken(variable)
    if of_variables.gives((name,)) and UP_VARIABLE not in environment:
        return Spoken(variable)
    for file in files:
        text, where = file.values.get(name), file.where(name)
        if where and isinstance(text, str) and (url is None or url in _dialled(text)):
            return Spoken(name, where)
    return Spoken(variable)


def _dialled(text: str) -> tuple[str, ...]:
    """What clients make of a URL as it is written."""
    try:
        if is_amqp(text):
            return text, parse_amqp_url(text).plain
        url = parse_redis_url(text)
    except BadUrl:
        return (text,)
    return text, url.for_ledger(), url.for_broker()
