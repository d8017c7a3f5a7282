"""A generator of bad requests: each part of each operation of an OpenAPI document, with each bad value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from tests.support.bad_inputs import SPELLINGS, VALUES

THERE: Final = {"planId": "there", "taskId": "there.0", "tenantId": "acme"}
"""What a part of a path names, so that more than its first look-up is reached; all else is ``absent``."""

JSON: Final = "application/json"
PLAN_BODIES: Final = ("/plans", "/plans:validate", "/plans:preview")

BYTES: Final[dict[str, bytes]] = {
    "half": b"{",
    "no text": b"\xff",
    "zero": b"\x00",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "no number": b"NaN",
    "surrogate": b'{"reason": "\xed\xa0\x80"}',
    "deep lists": b"[" * 100_000,
    "deep": b'{"a": ' * 900 + b"1" + b"}" * 900,
    "many digits": b'{"reason": ' + b"9" * 10_000 + b"}",
    "UTF-16": '{"reason": "x"}'.encode("utf-16"),
    "large": b'{"reason": "' + b"x" * 2**20 + b'"}',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}

KINDS: Final = ("", "x", "text/html", "application/xml", "multipart/form-data", "multipart/form-data; boundary=\x80",
                "application/x-www-form-urlencoded", "application/json; charset=utf-7", "a" * 5000)  # fmt: skip

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "Range"), ("", "x", '"', "*", "\x80")
    ),
    "Accept": ("", "x", "text/event-stream;q=x", "image/png", "\x80"),
    "Content-Encoding": ("gzip", "x"),
    "Cookie": ("changeover_session=x", "=;=", "\x80"),
    "X-Forwarded-For": ("x", "::::", "\x80", "1.2.3.4, " * 500),
    "X-HTTP-Method-Override": ("DELETE",),
}
"""That no operation tells of, and every request may bring."""

NUMBERS: Final = ("1_0", "\u0663", "\u00b2", "+1", "1" + "0" * 25, "9" * 5000)
"""Spelled as no number of ours is, though Python reads some of them, or stops in the midst of it."""


@dataclass(frozen=True)
class BadRequest:
    """``part`` is what is odd, ``value`` what stands there; ``must_fail``: by what the document says of it."""

    operation: str
    part: str
    value: Any
    method: str
    parts: Mapping[str, str]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    must_fail: bool = False

    @property
    def target(self) -> bytes:
        """Path and query as they are sent."""
        path = self.operation.partition(" ")[2]
        for name, text in self.parts.items():
            path = path.replace(f"{{{name}}}", _encoded(text))
        asked = "&".join(f"{_encoded(name)}={_encoded(text)}" for name, text in self.query)
        return (path + ("?" + asked if asked else "")).encode()


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def bad_requests(document: Mapping[str, Any]) -> Iterator[BadRequest]:
    """All of them; reading operations first, then those that change something, purging last."""
    schemas = document["components"]["schemas"]
    found = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    for path, method, operation in sorted(found, key=lambda one: (one[1] != "get", "purge" in one[0])):
        parameters = operation.get("parameters", [])
        parts = {one["name"]: THERE.get(one["name"], "absent") for one in parameters if one["in"] == "path"}
        example = _example(operation, schemas)
        right = BadRequest(f"{method.upper()} {path}", "", None, method.upper(), parts)
        if example is not None:
            right = replace(right, headers={"Content-Type": JSON}, body=_written(example))
        for one in parameters:
            yield from _of_parameter(right, one)
        yield from _of_headers(right)
        yield replace(right, part="nosuch", value="1", query=(("nosuch", "1"),), must_fail=True)
        if example is not None:
            yield from _of_body(right, example, _body_schema(operation, schemas), schemas)


def _of_parameter(right: BadRequest, parameter: Mapping[str, Any]) -> Iterator[BadRequest]:
    name, schema = parameter["name"], parameter["schema"]
    for text in (*SPELLINGS, *NUMBERS):
        wrong = replace(right, part=name, value=text)
        match parameter["in"]:
            case "path" if text and len(text) < 50_000:
                yield replace(wrong, parts={**right.parts, name: text}, must_fail=False)
            case "query" if len(text) < 50_000:
                yield replace(wrong, query=((name, text),), must_fail=not _spells(text, schema))
            case "header" if "\n" not in text and len(text) < 50_000:
                yield replace(wrong, headers={**right.headers, name: text})


def _of_headers(right: BadRequest) -> Iterator[BadRequest]:
    for name, texts in HEADERS.items():
        for text in texts:
            yield replace(right, part=name, value=text, headers={**right.headers, name: text})


def _of_body(
    right: BadRequest, example: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Iterator[BadRequest]:
    is_plan = right.operation.removeprefix("POST /api/v1") in PLAN_BODIES
    for name, data in BYTES.items():
        is_small = len(data) < 2**20
        # Plans may be larger, and one that is no plan is an answer of what checks plans.
        fails = not (is_plan and right.operation.endswith(":validate")) and (is_small or not is_plan)
        yield replace(right, part="body", value=name, body=data, must_fail=fails and name not in ("null", "UTF-16"))
    for kind in KINDS:
        yield replace(right, part="Content-Type", value=kind, headers={"Content-Type": kind})
    if is_plan:
        return
    for name, inner in schema.get("properties", {}).items():
        for value in VALUES.values():
            fails = not _fits(value, inner, schemas)
            yield replace(right, part=name, value=value, body=_written({**example, name: value}), must_fail=fails)
    for name in schema.get("required", ()):
        rest = {key: value for key, value in example.items() if key != name}
        yield replace(right, part=name, value=None, body=_written(rest), must_fail=True)
    for key in ("", "nosuch", "a\nerror: forged", "x" * 5000, "\u202e", "\ud800", "__proto__"):
        yield replace(right, part=key, value=1, body=_written({**example, key: 1}), must_fail=True)


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()


def _body_schema(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = operation["requestBody"]["content"][JSON]["schema"]
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            found: Mapping[str, Any] = schemas[one["$ref"].rpartition("/")[2]]
            return found
    return {}


def _example(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A right body; None where there is none at all."""
    if "requestBody" not in operation:
        return None
    told = operation["requestBody"]["content"][JSON].get("example")
    return (
        {"reason": "asked", **(told or {})}
        if "reason" in _body_schema(operation, schemas).get("properties", {})
        else told or {}
    )


def _fits(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    """Whether it is of a kind that the document names; what it says beyond that is the console's to judge."""
    if "anyOf" in schema:
        return any(_fits(value, one, schemas) for one in schema["anyOf"])
    match schema.get("type"):
        case "string":
            # Half a character is text that nobody can store; a time may be a number as well.
            return "format" in schema or (isinstance(value, str) and value != "\ud800")
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) or value == "1"
        case "array":
            return isinstance(value, list)
        case "null":
            return value is None
        case "object":
            return isinstance(value, dict)
    return True


def _spells(text: str, schema: Mapping[str, Any]) -> bool:
    if "anyOf" in schema:
        return any(_spells(text, one) for one in schema["anyOf"] if one.get("type") != "null")
    match schema.get("type"):
        case "boolean":
            return text.lower() in ("0", "1", "true", "false")
        case "integer" | "number":
            digits = text.lstrip("-")
            return (
                digits.isascii()
                and digits.isdecimal()
                and len(text) < 19
                and int(text) >= int(schema.get("minimum", -(2**63)))
            )
        case "string" if "enum" in schema:
            return text in list(schema["enum"])
        case "string" if "maxLength" in schema:
            return len(text) <= int(schema["maxLength"])
    return True
