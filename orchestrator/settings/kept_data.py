"""Settings of what is kept outside the ledger: checkpoints, and the archive of ended plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator

from checkpoint.database_url import parse_database_url
from orchestrator.settings.section import CountedSeconds, Section

DATABASE_STORE = "db"
"""The store of which ``checkpoint.url`` is a database's; another may be anywhere."""


class CheckpointSettings(Section):
    """Where checkpoints are kept, how large they may be, how long that of a failed task is worth keeping."""

    store_type: Annotated[str, Field(min_length=1)] = "redis"
    url: SecretStr | None = None
    size_limit_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 256 * 1024
    ttl_seconds: Annotated[float, Field(ge=0.001, le=10 * 365 * 86400, allow_inf_nan=False)] = 30 * 86400.0
    orphan_sweep_seconds: CountedSeconds = 3600.0

    @model_validator(mode="after")
    def _is_of_a_database(self) -> CheckpointSettings:
        if self.store_type == DATABASE_STORE and self.url is not None:
            _require_database("url", self.url)
        return self


class ArchiveSettings(Section):
    """Where ended plans are kept before they are purged: a folder of JSON lines, or a database. One of the two."""

    path: Path | None = None
    url: SecretStr | None = None

    @field_validator("path", mode="before")
    @classmethod
    def _is_named(cls, path: Any) -> Any:
        # "" is the folder in which a coordinator happens to be started.
        if isinstance(path, str) and not path.strip():
            raise ValueError("expected a folder")
        return path

    @model_validator(mode="after")
    def _is_one(self) -> ArchiveSettings:
        if self.path is not None and self.url is not None:
            raise ValueError("give path or url, not both")
        if self.url is not None:
            _require_database("url", self.url)
        return self


def _require_database(name: str, url: SecretStr) -> None:
    try:
        parse_database_url(url.get_secret_value())
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
