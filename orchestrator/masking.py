"""What people are shown of values that may hold secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretBytes, SecretStr

MASK: Final = "********"

_SECRET_KEY = re.compile(r"authorization|cookie|password|passwd|secret|token|api[-_]?key|credential", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]*@", re.IGNORECASE)


def masked(value: Any, key: str = "") -> Any:
    """A copy as JSON values: secrets, values under a key that names one, and passwords in URLs are not in it."""
    if isinstance(value, SecretStr | SecretBytes):
        text = value.get_secret_value()
        url = text.decode(errors="replace") if isinstance(text, bytes) else text
        return masked_url(url) if _URL.match(url) or "://" in url else MASK
    if isinstance(value, BaseModel):
        return {name: masked(item, name) for name, item in _fields(value).items()}
    if _SECRET_KEY.search(key) and isinstance(value, str | int | float) and not isinstance(value, bool) and value:
        return MASK
    if isinstance(value, Mapping):
        return {str(name): masked(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item, key) for item in value]
    if isinstance(value, str):
        return _URL.sub(lambda match: match[0].partition("://")[0] + f"://{MASK}@", value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def masked_url(url: str) -> str:
    """The URL with its user, password and query masked."""
    parts = urlsplit(url)
    who, at, host = parts.netloc.rpartition("@")
    return urlunsplit(
        parts._replace(netloc=f"{MASK}@{host}" if at and who else host, query=MASK if parts.query else "")
    )


def _fields(model: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in model if value is not None} | dict(model.model_extra or {})
