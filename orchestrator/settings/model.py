"""Application settings: environment ``CHANGEOVER_*``, then the file named by ``CHANGEOVER_CONFIG``, then defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from orchestrator.domain.config import ServiceSpec
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.model import GroupName, Name
from orchestrator.domain.stored_json import MOST_COUNTED
from orchestrator.domain.wording import first_key, meant_key, problems_of
from orchestrator.secrets.scopes import SecretScope
from orchestrator.settings.config_file import FILE_VARIABLE, read_config_file
from orchestrator.settings.console import ConsoleSettings
from orchestrator.settings.environment import PREFIX, mistaken_secrets, read_environment
from orchestrator.settings.flower import FlowerSettings
from orchestrator.settings.given import Given, merged, with_where
from orchestrator.settings.kept_data import ArchiveSettings, CheckpointSettings
from orchestrator.settings.mistakes import cut_to_few, setting_problems
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.rules import broken_rules
from orchestrator.settings.section import CountedSeconds, Section, no_truth, number_and_no_truth
from orchestrator.settings.server_urls import server_problems
from orchestrator.settings.webhooks import MOST_HOOKS, HookName, WebhookSettings
from steps.http.allowed_hosts import require_pattern
from steps.instances.endpoints import MalformedEndpoints, health_endpoints
from steps.redis.writable_keys import require_key_pattern

AtLeastOne = Annotated[int, Field(ge=1)]
KeptNumber = Annotated[int, Field(ge=0, le=MOST_COUNTED)]
"""One that the ledger keeps, which calls a larger one damaged."""


class HealthCheckSettings(Section):
    """Defaults of the health-check step; a plan's step and a tenant's override go before them."""

    interval_seconds: CountedSeconds = 3.0
    max_attempts: AtLeastOne = 10
    path: str = "/health"
    version_key: str = "version"
    timeout_seconds: CountedSeconds = 5.0
    consecutive_successes: AtLeastOne = 1
    fail_fast: bool = False


class RedisSettings(Section):
    """How safe an answer of the ledger's Redis has to be; see docs/delivery.md."""

    min_replicas: Annotated[int, Field(ge=0)] = 0
    wait_seconds: CountedSeconds = 1.0


class ConnectionSettings(Section):
    """A Redis that steps may write to besides Changeover's own: ``connection: NAME`` in a step."""

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        return SecretStr(parse_redis_url(url.get_secret_value()).for_ledger())


def _instance(url: str) -> str:
    try:
        health_endpoints({"network_endpoints": [{"value": url}]}, "/")
    except MalformedEndpoints as error:
        raise ValueError("; ".join(problem.message for problem in error.problems)) from error
    return url


class InstanceListSettings(Section):
    """A named list of instances; ``fallback``: the list to use when this one is empty, or all of it failed."""

    urls: list[Annotated[str, AfterValidator(_instance)]] = Field([])
    fallback: str | None = None


class Settings(BaseSettings):
    """Every application setting, with its default."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    _numbers = field_validator("*", mode="before")(number_and_no_truth)

    namespace: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "default"
    redis_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    data_dir: Path = Path(".changeover")
    lease_seconds: CountedSeconds = 10.0
    renew_seconds: CountedSeconds = 3.0
    heartbeat_seconds: CountedSeconds = 10.0
    sweep_seconds: CountedSeconds = 1.0
    max_retry: KeptNumber = 3
    max_recoveries: KeptNumber = 5
    run_ahead: bool = True
    run_ahead_seconds: CountedSeconds = 1.0
    deaf_seconds: CountedSeconds = 60.0
    frozen_seconds: Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)] = 30.0
    lanes: Annotated[int, Field(ge=1, le=64)] = 4
    feed_max_length: Annotated[KeptNumber, Field(ge=1)] = 100_000
    retention_seconds: Annotated[float, Field(ge=0, le=100 * 365 * 86400, allow_inf_nan=False)] | None = 30 * 86400.0
    archive: ArchiveSettings = ArchiveSettings()
    health_check: HealthCheckSettings = HealthCheckSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    redis: RedisSettings = RedisSettings()
    connections: dict[str, ConnectionSettings] = {}
    instances: dict[str, InstanceListSettings] = {}
    secrets_dir: Path = Path("/run/secrets")
    secrets: dict[str, SecretScope] = {}
    allowed_hosts: list[Annotated[str, AfterValidator(require_pattern)]] | None = None
    allow_loopback: bool = True
    writable_keys: list[Annotated[str, AfterValidator(require_key_pattern)]] | None = None
    rollback_strategy: str = "previous"
    middlewares: list[str] = []
    groups: dict[GroupName, Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=100_000)]] = {}
    services: dict[Name, ServiceSpec] = {}
    default_service_names: list[str] = []
    webhooks: Annotated[dict[HookName, WebhookSettings], Field(max_length=MOST_HOOKS)] = {}
    metrics_by_plan: bool = False
    traces: bool = False
    flower: FlowerSettings = FlowerSettings()
    console: ConsoleSettings = ConsoleSettings()
    log_format: Literal["json", "console"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        if broken := broken_rules(self):
            raise ValueError("; ".join(f"{place}: {message}" for place, message in broken))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: what the caller gives, environment, file."""
        return init_settings, *(_Source(settings_cls, given) for given in sources())


class _Source(PydanticBaseSettingsSource):
    """One source, whose own mistakes are errors."""

    def __init__(self, settings_cls: type[BaseSettings], given: Given) -> None:
        super().__init__(settings_cls)
        self._given = given

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._given.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._given.values


def sources() -> list[Given]:
    """What environment and file (read only when ``CHANGEOVER_CONFIG`` names one) give, the first before the second."""
    named = os.environ.get(FILE_VARIABLE)
    environment = read_environment(Settings, os.environ)
    if not named:
        return [environment]
    file = read_config_file(named)
    cut_to_few(file, Settings)
    return [environment, file]


def load_settings() -> Settings:
    """Settings from environment and file.

    Raises ``InvalidInput`` naming every wrong setting, with where it stands; a value that may be a secret is left out.
    """
    given = sources()
    problems = [problem for source in given for problem in source.problems]
    problems += mistaken_secrets(Settings, os.environ, merged(given).get("secrets"))
    try:
        settings = Settings()
    except ValidationError as error:
        # A rule between settings has no place, and is asked for only where all else is right.
        if error.error_count() > 1 or error.errors()[0]["loc"]:
            problems += setting_problems(error, Settings, given)
        problems += _broken_rules(given, problems)
    problems += server_problems(given)
    if problems:
        raise InvalidInput(problems)
    return settings


def _broken_rules(given: Sequence[Given], problems: Sequence[Problem]) -> Iterator[Problem]:
    """The broken ones of those rules that read nothing of what the ``problems`` are about."""
    wrong = {name for one in problems for name in _meant(one.path)}
    right = {name: value for name, value in merged(given).items() if name in Settings.model_fields.keys() - wrong}

    class WithoutRules(Settings):
        """Of these values alone."""

        @model_validator(mode="after")
        def _rules_hold(self) -> Self:
            return self

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings,)

    try:
        settings = WithoutRules(**right)
    except ValidationError:
        # More is wrong than is told.
        return
    for path, message in broken_rules(settings, wrong):
        yield Problem(path, None, with_where(message, path, given))


def _meant(path: str) -> Iterator[str]:
    """The setting that a problem is about, and the one that was meant by a name that is none."""
    name = first_key(path)
    if name.upper().startswith(PREFIX):
        name = name.upper().removeprefix(PREFIX).lower().partition("__")[0]
    yield name
    if name not in Settings.model_fields and (near := meant_key(name, Settings)) is not None:
        yield near


def with_console(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings with these of the console in the place of their own. Raises ``InvalidInput``, naming the option."""
    try:
        console = ConsoleSettings.model_validate({**settings.console.model_dump(), **given})
    except ValidationError as error:
        found = (_at_its_option(one, given) for one in problems_of(error, ConsoleSettings))
        raise InvalidInput(
            [replace(one, path=f"--{one.path.replace('_', '-')}" if one.path in given else one.path) for one in found]
        ) from error
    return settings.model_copy(update={"console": console})


def _at_its_option(problem: Problem, given: Mapping[str, Any]) -> Problem:
    """A rule between settings names its place itself; the value is what was given there."""
    head, colon, rest = problem.message.partition(": ")
    if problem.path or not colon or head not in ConsoleSettings.model_fields:
        return problem
    return Problem(head, str(given[head]) if head in given else None, rest)
