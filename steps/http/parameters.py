"""Types of parameters that several steps have: URL, headers, body, condition, seconds."""

from __future__ import annotations

import json
import re
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from steps.encoding import checked
from steps.expressions.judgement import EXPRESSION_LIMIT, check_expression
from steps.http.address import what_is_wrong
from steps.told import exact_text

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FROM_A_SECRET = re.compile(r"\*\*\*\w+\*\*\*")
"""What stands for a secret at submit. A URL that begins with one is checked at use, when the secret is known."""

_RESERVED_HEADERS = frozenset(("accept-encoding", "content-length", "host"))
_OF_THE_CONNECTION = frozenset(
    ("connection", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
"""RFC 9110, 7.6.1: they speak of a connection that other tenants' requests share."""


def _usable_url(url: str) -> str:
    if _FROM_A_SECRET.match(url):
        return url
    wrong = what_is_wrong(url)
    if wrong is not None:
        raise ValueError(f"expected an http:// or https:// URL: {wrong}")
    return url


def _usable_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{exact_text(name, 100)!r} is no header name")
        # Some servers read "_" as "-".
        if name.lower().replace("_", "-") in _RESERVED_HEADERS | _OF_THE_CONNECTION:
            raise ValueError(f"the header {name!r} is set by Changeover itself")
        if not (value.isascii() and value.isprintable()):
            # The value may be a secret, so it is not quoted.
            raise ValueError(f"the value of header {name!r} may hold printable ASCII only")
    return headers


def _as_text(value: object) -> object:
    return {key: _scalar(item) for key, item in value.items()} if isinstance(value, dict) else value


def _scalar(value: object) -> object:
    if isinstance(value, bool | int):
        return json.dumps(value)
    return value


def _bounded(value: JsonValue) -> JsonValue:
    if len(json.dumps(checked(value))) > BODY_LIMIT:
        raise ValueError(f"longer than {BODY_LIMIT} characters as JSON")
    return value


BODY_LIMIT = 1024 * 1024
Url = Annotated[str, Field(min_length=1), AfterValidator(_usable_url)]
Headers = Annotated[dict[str, str], BeforeValidator(_as_text), AfterValidator(_usable_headers), Field(max_length=50)]
Method = Annotated[str, Field(pattern=r"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$")]
Expression = Annotated[str, Field(min_length=1, max_length=EXPRESSION_LIMIT), AfterValidator(check_expression)]
Form = Annotated[dict[str, str], BeforeValidator(_as_text), Field(max_length=1000)]
JsonBody = Annotated[JsonValue, AfterValidator(_bounded)]
Interval = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, le=3_600, allow_inf_nan=False)]
Attempts = Annotated[int, Field(ge=1, le=100_000)]
Status = Annotated[int, Field(ge=100, le=599)]


def json_bytes(value: JsonValue) -> bytes:
    """The value as the body of a request."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def form_bytes(form: dict[str, str]) -> bytes:
    """The form as the body of a request."""
    return urlencode(form).encode()


def with_header(headers: dict[str, str], name: str, value: str) -> dict[str, str]:
    """The headers with one more, unless the user gave it, in whatever case."""
    return headers if name.lower() in map(str.lower, headers) else {**headers, name: value}
