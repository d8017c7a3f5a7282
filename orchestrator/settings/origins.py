"""The resolved settings, each with where it came from; secrets masked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_settings import EnvSettingsSource

from orchestrator.domain.errors import ChangeoverError
from orchestrator.secrets.masking import masked, redact
from orchestrator.settings.model import Section, Settings
from orchestrator.settings.servers import RUN_FILE, find_servers

PREFIX = "CHANGEOVER_"


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
    environment = EnvSettingsSource(Settings)()
    path = os.environ.get("CHANGEOVER_CONFIG")
    file = yaml.safe_load(Path(path).read_text()) or {} if path else {}
    found = list(_walk(settings, (), environment, file, path))
    return [_server(one, settings) if one.name in ("redis_url", "broker_url") else one for one in found]


def _walk(
    model: BaseModel, above: tuple[str, ...], environment: Mapping[str, Any], file: Mapping[str, Any], path: str | None
) -> Iterator[SettingOrigin]:
    for name in type(model).model_fields:
        place = (*above, name)
        value = getattr(model, name)
        if isinstance(value, Section):
            yield from _walk(value, place, environment, file, path)
        elif _gives(environment, place):
            yield SettingOrigin(".".join(place), masked(value, name), "env", _variable(place))
        elif _gives(file, place):
            yield SettingOrigin(".".join(place), masked(value, name), "file", path)
        else:
            yield SettingOrigin(".".join(place), masked(value, name), "default", None)


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


def _gives(source: Mapping[str, Any], place: tuple[str, ...]) -> bool:
    value: Any = source
    for name in place:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return True


def _variable(place: tuple[str, ...]) -> str:
    """The name as it is written in the environment: the setting's own, or that of a table above it, given as JSON."""
    written = {name.upper(): name for name in os.environ}
    for length in range(len(place), 0, -1):
        name = PREFIX + "__".join(place[:length]).upper()
        if name in written:
            return written[name]
        nested = [variable for upper, variable in written.items() if upper.startswith(name + "__")]
        if nested:
            return ", ".join(sorted(nested))
    return PREFIX + "__".join(place).upper()
