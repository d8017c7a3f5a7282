"""The resolved settings, each with where it came from; secrets masked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from orchestrator.domain.errors import ChangeoverError
from orchestrator.secrets.masking import mask, masked_setting, redact
from orchestrator.settings.config_file import FILE_VARIABLE
from orchestrator.settings.given import Given
from orchestrator.settings.model import Settings, sources
from orchestrator.settings.section import Section
from orchestrator.settings.servers import RUN_FILE, find_servers


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting: dotted name, value for people, ``env``, ``file``, ``run`` (of `changeover up`) or ``default``,
    and the variable or file that gave it."""

    name: str
    value: Any
    source: str
    origin: str | None


def resolved_settings(settings: Settings) -> list[SettingOrigin]:
    """Every setting, in the order of the model; tables of your own (services ...) are one setting each."""
    found = list(_walk(settings, (), sources()))
    return [_server(one, settings) if one.name in ("redis_url", "broker_url") else one for one in found]


def _walk(model: BaseModel, above: tuple[str, ...], given: Sequence[Given]) -> Iterator[SettingOrigin]:
    for name in type(model).model_fields:
        place = (*above, name)
        value = getattr(model, name)
        if isinstance(value, Section):
            yield from _walk(value, place, given)
            continue
        source, origin = "default", None
        if given[0].gives(place):
            source, origin = "env", given[0].where_within(place)
        elif given[1:] and given[1].gives(place):
            source, origin = "file", os.environ[FILE_VARIABLE]
        yield SettingOrigin(".".join(place), _shown(value, name), source, origin)


def _shown(value: Any, name: str) -> Any:
    if name != "secrets":
        return masked_setting(value, name)
    # Who may read a secret is none, whatever the secret's name says.
    return {mask(secret): masked_setting(scope) for secret, scope in value.items()}


def _server(one: SettingOrigin, settings: Settings) -> SettingOrigin:
    """What stands in for a server that no setting names: `changeover up` of the data folder, else the neighbour."""
    if one.value is not None:
        return one
    try:
        url = redact(getattr(find_servers(settings), one.name))
    except (ChangeoverError, ValueError):
        return one
    if settings.redis_url is None:
        return SettingOrigin(one.name, url, "run", str(settings.data_dir / RUN_FILE))
    return SettingOrigin(one.name, url, "default", "the database beside redis_url")
