"""Where a tenant's instances are asked for their health: from a config and a path to a list of URLs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from steps.contract import Endpoint
from steps.http.address import what_is_wrong
from steps.wording import join_bounded


@dataclass(frozen=True, slots=True)
class EndpointProblem:
    """One thing wrong: where in the config (``network_endpoints[2].value``), what was given, what is expected."""

    path: str
    value: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class MalformedEndpoints(ValueError):
    """Some endpoints are no address; ``problems`` names them all. Correct them in the tenant's config."""

    def __init__(self, problems: list[EndpointProblem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return join_bounded([str(problem) for problem in self.problems])


def health_endpoints(config: Mapping[str, Any], path: str) -> list[Endpoint]:
    """The endpoints of a tenant's config (snake_case keys), in order; empty when it names none.

    Of each of ``network_endpoints``: ``value`` when it is an http(s) URL (with its own path if it has one, else with
    ``path``), else ``target_domain``, else ``target_ip``, with ``path``. Without any, the config's own
    ``target_domain`` or ``target_ip``. Raises ``MalformedEndpoints`` naming everything that is wrong.
    """
    found: list[Endpoint] = []
    problems: list[EndpointProblem] = []
    listed = config.get("network_endpoints") or []
    # The tenant's own address is read as one more endpoint, which differs only in that it may be missing.
    entries = [(f"network_endpoints[{index}]", entry) for index, entry in enumerate(listed)]
    if not entries and (config.get("target_domain") or config.get("target_ip")):
        own = {name: config.get(name) for name in ("target_domain", "target_ip")}
        entries = [("", own)]
    for where, entry in entries:
        url = _url(where, entry, path)
        if isinstance(url, EndpointProblem):
            problems.append(url)
        else:
            found.append(Endpoint(entry.get("key") or urlsplit(url).netloc.rpartition("@")[2], url))
    if problems:
        raise MalformedEndpoints(problems)
    return found


def _url(where: str, entry: Mapping[str, Any], path: str) -> str | EndpointProblem:
    """The URL of one entry; the first of value, domain and address that is given must be right, and is used."""
    for name in ("value", "target_domain", "target_ip"):
        text = entry.get(name)
        if not text or (name == "value" and "://" not in text):
            continue
        url = _with_scheme(text)
        wrong = what_is_wrong(url)
        if wrong is not None:
            return EndpointProblem(f"{where}.{name}".lstrip("."), text, f"expected {_EXPECTED[name]}: {wrong}")
        return _with_path(url, path, keep_own=name == "value")
    return EndpointProblem(
        f"{where}.value", entry.get("value"), "expected an http:// or https:// URL, or a target_domain or target_ip"
    )


_EXPECTED = {
    "value": "an http:// or https:// URL",
    "target_domain": "a host name with an optional port",
    "target_ip": "an IP address with an optional port",
}


def _with_scheme(text: str) -> str:
    if "://" in text:
        return text
    try:
        bare = ipaddress.ip_address(text)
    except ValueError:
        return f"http://{text}"
    # Without brackets the last group of an IPv6 address would be read as a port.
    return f"http://[{text}]" if bare.version == 6 else f"http://{text}"


def _with_path(url: str, path: str, *, keep_own: bool) -> str:
    parts = urlsplit(url)
    if keep_own and parts.path:
        return url
    added = path if path.startswith("/") else f"/{path}"
    head = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{added}"
    if not parts.query:
        return head
    return f"{head}{'&' if '?' in added else '?'}{parts.query}"
