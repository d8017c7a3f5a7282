"""Settings of the console: where it listens, who is believed."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, field_validator, model_validator

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.roles import Role
from orchestrator.settings.section import Section
from orchestrator.settings.tls_files import tls_mistakes

_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_TAKEN: Final = frozenset({"authorization", "cookie", "host", "origin", "x-forwarded-for", "x-csrf-token"})


def _network(network: str) -> str:
    try:
        ipaddress.ip_network(network)
    except ValueError:
        raise ValueError("expected an address such as 10.1.2.3 or 10.0.0.0/8") from None
    return network


def _host(host: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]+\]", host):
        raise ValueError("expected a name such as changeover.example.com, without scheme and port")
    return host.lower()


class ConsoleSettings(Section):
    """See docs/console.md."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8420
    tls_cert: Path | None = None
    tls_key: Path | None = None
    hosts: list[Annotated[str, AfterValidator(_host)]] = Field([])
    session_seconds: Annotated[float, Field(ge=60, le=30 * 86400, allow_inf_nan=False)] = 12 * 3600.0
    trusted_header: str | None = None
    trusted_addresses: list[Annotated[str, AfterValidator(_network)]] = Field([])
    group_header: str | None = None
    group_roles: dict[str, Role] = Field({})

    @field_validator("trusted_header", "group_header")
    @classmethod
    def _is_header(cls, name: str | None) -> str | None:
        if name is not None and (not _HEADER.fullmatch(name) or name.lower() in _TAKEN):
            raise ValueError("expected the name of a header that the proxy alone sets, such as X-Remote-User")
        return name

    @model_validator(mode="after")
    def _goes_together(self) -> ConsoleSettings:
        if (self.tls_cert is None) != (self.tls_key is None):
            given, missing = ("tls_cert", "tls_key") if self.tls_key is None else ("tls_key", "tls_cert")
            raise ValueError(f"{given}: expected {missing} beside it")
        if self.trusted_header and not self.trusted_addresses:
            raise ValueError("trusted_header: give trusted_addresses, the proxy's; else everybody could set it")
        if self.group_header and not (self.trusted_header and self.group_roles):
            raise ValueError("group_header: needs trusted_header, and group_roles that say what each group may do")
        if self.group_roles and not self.group_header:
            raise ValueError("group_roles: needs group_header, which names the groups")
        return self


def require_tls_files(console: ConsoleSettings) -> None:
    """Raises ``InvalidInput`` for each of its files that cannot be served with. Only where a console starts: other
    processes have the same settings, and need not have its key."""
    given = {"console.tls_cert": console.tls_cert, "console.tls_key": console.tls_key}
    files = {name: str(path) for name, path in given.items() if path is not None}
    wrong = list(tls_mistakes(files, certificate="console.tls_cert", key="console.tls_key"))
    if wrong:
        raise InvalidInput([Problem(name, None, message) for name, message in wrong])
