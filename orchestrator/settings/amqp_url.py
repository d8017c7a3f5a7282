"""URLs of a RabbitMQ that carries the messages, checked before a client sees them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlunsplit

from orchestrator.settings.url_parts import PATH, BadUrl, read_options, require_host, split_url

EXAMPLE: Final = "expected a URL such as amqp://user:password@host:5672/vhost"
SCHEMES: Final = ("amqp", "amqps")
_PORTS: Final = {"amqp": 5672, "amqps": 5671}
_OPTIONS: Final = {"ssl_ca_certs": PATH, "ssl_certfile": PATH, "ssl_keyfile": PATH}


@dataclass(frozen=True, slots=True)
class AmqpUrl:
    """``plain``: as kombu takes it, without options; ``place``: host, port and virtual host, nothing secret; ``tls``:
    None, or what the client's TLS goes by; ``files``: the options that name its files."""

    plain: str
    place: str
    tls: dict[str, Any] | None
    files: dict[str, str]


def is_amqp(url: str) -> bool:
    """Whether the URL names a RabbitMQ."""
    return url.partition("://")[0] in SCHEMES


def parse_amqp_url(url: str) -> AmqpUrl:
    """The URL's parts. Raises ``BadUrl``, whose message holds nothing of the password."""
    parts = split_url(url, EXAMPLE)
    if parts.scheme not in SCHEMES:
        raise BadUrl(EXAMPLE)
    host = require_host(parts, EXAMPLE)
    # "//" names the virtual host "/", as Celery's own pages write it.
    vhost = "/" if parts.path in ("", "/", "//") else parts.path[1:]
    if "/" in vhost[1:] or (vhost[0] == "/" and vhost != "/"):
        raise BadUrl("one virtual host; a '/' in its name is written %2F")
    options = read_options(parts.query, _OPTIONS, tls="" if parts.scheme == "amqps" else "amqps")
    files = {name.removeprefix("ssl_"): path for name, path in options.items()}
    tls = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None, **files} if parts.scheme == "amqps" else None
    place = f"{host}:{parts.port or _PORTS[parts.scheme]}/{unquote(vhost)}"
    return AmqpUrl(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), place, tls, options)
