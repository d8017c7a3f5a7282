"""URLs of a RabbitMQ that carries the messages, checked before a client sees them."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from orchestrator.domain.naming import nearest
from orchestrator.settings.redis_url import BadUrl

EXAMPLE: Final = "expected a URL such as amqp://user:password@host:5672/vhost"
SCHEMES: Final = ("amqp", "amqps")
_PORTS: Final = {"amqp": 5672, "amqps": 5671}
_FILES: Final = {"ssl_ca_certs": "ca_certs", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile"}


@dataclass(frozen=True, slots=True)
class AmqpUrl:
    """``plain``: as kombu takes it, without options; ``place``: host, port and virtual host, nothing secret; ``tls``:
    None, or what the client's TLS goes by."""

    plain: str
    place: str
    tls: dict[str, Any] | None


def is_amqp(url: str) -> bool:
    """Whether the URL names a RabbitMQ."""
    return url.partition("://")[0] in SCHEMES


def parse_amqp_url(url: str) -> AmqpUrl:
    """The URL's parts. Raises ``BadUrl``, whose message holds nothing of the password."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadUrl(f"{EXAMPLE}, without spaces or control characters")
    if "#" in url:
        raise BadUrl("no '#' may stand in it; in a password it is written %23")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        # Not in urlsplit's words: they may quote a part of the password.
        raise BadUrl(f"{EXAMPLE} (host or port cannot be dialled)") from None
    if not parts.hostname or parts.port == 0 or ";" in url:
        raise BadUrl(f"{EXAMPLE}; one host, that can be dialled")
    # "//" names the virtual host "/", as Celery's own pages write it.
    vhost = "/" if parts.path in ("", "/", "//") else parts.path[1:]
    if "/" in vhost[1:] or (vhost[0] == "/" and vhost != "/"):
        raise BadUrl("one virtual host; a '/' in its name is written %2F")
    files = _files(parts.query, parts.scheme)
    tls = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None, **files} if parts.scheme == "amqps" else None
    place = f"{parts.hostname}:{port}/{unquote(vhost)}"
    return AmqpUrl(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), place, tls)


def _files(query: str, scheme: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _FILES:
            near = nearest(name, _FILES)
            raise BadUrl(f"unknown option {name[:60]!r}; " + (f"did you mean {near!r}?" if near else "see the docs"))
        if scheme != "amqps":
            raise BadUrl(f"the option {name!r} needs amqps://")
        if not value:
            raise BadUrl(f"the option {name!r}: expected a path")
        found[_FILES[name]] = value
    return found
