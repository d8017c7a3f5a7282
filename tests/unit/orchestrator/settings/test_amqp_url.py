"""The URLs of a RabbitMQ: what is taken, what is refused and with which word."""

from __future__ import annotations

import ssl

import pytest
from pydantic import SecretStr

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.amqp_url import parse_amqp_url
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from orchestrator.settings.url_parts import BadUrl

TAKEN = [
    ("amqp://u:p@h", "h:5672//"),
    ("amqp://u:p@h//", "h:5672//"),
    ("amqp://u:p@h:1/moves", "h:1/moves"),
    ("amqp://u:p@h/a%2Fb", "h:5672/a/b"),
    ("amqps://u:p@h/moves", "h:5671/moves"),
]
REFUSED = [
    ("amqp://", "host or port cannot be dialled"),
    ("amqp://u:hunter2@a;b", "host or port cannot be dialled"),
    ("amqp://u:hunter2@a,b", "host or port cannot be dialled"),
    ("amqp://u:hunter2@" + "x" * 64 + ".example", "host or port cannot be dialled"),
    ("amqp://u:hunter2@h:0", "host or port cannot be dialled"),
    ("http://u:hunter2@h", "expected a URL such as amqp://"),
    ("amqps://u:hunter2@h?ssl_keyfile=/k&ssl_keyfile=/l", "is given twice"),
    ("amqps://u:hunter2@h?heartbeat=/k", "known: ssl_ca_certs, ssl_certfile, ssl_keyfile"),
    ("amqp://u:hunter2@h:x", "cannot be dialled"),
    ("amqp://u:hunter2@h/a/b", "one virtual host"),
    ("amqp://u:hunter2@h///", "one virtual host"),
    ("amqp://u:hun#ter2@h", "no '#'"),
    ("amqp://u:hunter2@h /", "without spaces"),
    ("amqp://u:hunter2@h?ssl_ca_certs=/ca", "needs amqps://"),
    ("amqps://u:hunter2@h?ssl_ca_cert=/ca", "did you mean 'ssl_ca_certs'?"),
    ("amqps://u:hunter2@h?ssl_ca_certs=", "expected a path"),
]


@pytest.mark.parametrize(("url", "place"), TAKEN)
def test_taken(url: str, place: str) -> None:
    assert parse_amqp_url(url).place == place
    found = find_servers(Settings(redis_url=SecretStr("redis://h/0"), broker_url=SecretStr(url)))
    assert (found.redis_url, found.broker_url) == ("redis://h/0", url)


def test_tls_is_verified() -> None:
    url = parse_amqp_url("amqps://u:p@h/moves?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem")
    assert url.plain == "amqps://u:p@h/moves"
    assert url.tls == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": None,
        "ca_certs": "/ca.pem",
        "certfile": "/c.pem",
        "keyfile": "/k.pem",
    }
    assert parse_amqp_url("amqp://h").tls is None


@pytest.mark.parametrize(("url", "word"), REFUSED)
def test_refused_without_its_password(url: str, word: str) -> None:
    with pytest.raises(BadUrl) as caught:
        parse_amqp_url(url)
    assert word in str(caught.value)
    assert "ter2" not in str(caught.value)


def test_state_is_in_redis() -> None:
    with pytest.raises(InvalidInput, match="CHANGEOVER_REDIS_URL"):
        find_servers(Settings(redis_url=SecretStr("amqp://h")))
