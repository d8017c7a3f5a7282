"""Application settings: environment ``CHANGEOVER_*``, then the file named by ``CHANGEOVER_CONFIG``, then defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
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
from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.domain.model import GroupName, Name
from orchestrator.domain.naming import unknown
from orchestrator.domain.stored_json import MOST_COUNTED
from orchestrator.domain.wording import problems_of
from orchestrator.secrets.scopes import SecretScope
from orchestrator.settings.config_file import FILE_VARIABLE, read_config_file
from orchestrator.settings.console import ConsoleSettings
from orchestrator.settings.environment import read_environment
from orchestrator.settings.given import Given
from orchestrator.settings.kept_data import ArchiveSettings, CheckpointSettings
from orchestrator.settings.mistakes import cut_to_few, setting_problems
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.section import CountedSeconds, Section, in_millis, no_truth, number_and_no_truth
from orchestrator.settings.server_urls import server_problems
from orchestrator.settings.webhooks import MOST_HOOKS, HookName, WebhookSettings, refused_hooks
from steps.http.allowed_hosts import AllowedHosts
from steps.instances.endpoints import MalformedEndpoints, health_endpoints
from steps.redis.writable_keys import WritableKeys

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


class InstanceListSettings(Section):
    """A named list of instances; ``fallback``: the list to use when this one is empty, or all of it failed."""

    urls: list[str] = Field([])
    fallback: str | None = None

    @field_validator("urls")
    @classmethod
    def _are_urls(cls, urls: list[str]) -> list[str]:
        try:
            health_endpoints({"network_endpoints": [{"value": url} for url in urls]}, "/")
        except MalformedEndpoints as error:
            raise ValueError("; ".join(problem.message for problem in error.problems)) from error
        return urls


class FlowerSettings(Section):
    """Who may look at Flower: ``user:password``, several parted by commas."""

    basic_auth: SecretStr | None = None


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
    allowed_hosts: list[str] | None = None
    allow_loopback: bool = True
    writable_keys: list[str] | None = None
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

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, patterns: list[str] | None) -> list[str] | None:
        if patterns is not None:
            AllowedHosts(patterns)
        return patterns

    @field_validator("writable_keys")
    @classmethod
    def _are_keys(cls, patterns: list[str] | None) -> list[str] | None:
        WritableKeys(patterns)
        return patterns

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        wrong = []
        # Two renewals may be lost before a lease runs out. As the ledger has them: 0.8 * 3 is more than 2.4.
        renew_ms = in_millis(self.renew_seconds)
        if renew_ms * 3 > in_millis(self.lease_seconds):
            wrong.append(
                f"renew_seconds: expected at most a third of lease_seconds ({self.lease_seconds:g}), got "
                f"{self.renew_seconds:g}"
            )
        # A heartbeat is written by a renewal.
        if in_millis(self.heartbeat_seconds) < renew_ms:
            wrong.append(
                f"heartbeat_seconds: expected at least renew_seconds ({self.renew_seconds:g}), got "
                f"{self.heartbeat_seconds:g}"
            )
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _fallbacks_exist(self) -> Self:
        for name, listed in self.instances.items():
            if listed.fallback is not None and listed.fallback not in self.instances:
                raise ValueError(f"instances.{name}.fallback: there is no list {listed.fallback!r}")
        return self

    @model_validator(mode="after")
    def _hooks_may_be_called(self) -> Self:
        hosts = AllowedHosts(self.allowed_hosts, allow_loopback=self.allow_loopback)
        if refused := list(refused_hooks(self.webhooks, hosts)):
            raise ValueError("; ".join(refused))
        return self

    @model_validator(mode="after")
    def _default_services_exist(self) -> Settings:
        for name in self.default_service_names:
            if name not in self.services:
                raise ValueError(
                    f"default_service_names: {cut_text(name)!r}: {unknown('service', name, self.services)}"
                )
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
    try:
        settings = Settings()
    except ValidationError as error:
        problems += setting_problems(error, Settings, given)
    problems += server_problems(given)
    if problems:
        raise InvalidInput(problems)
    return settings


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
