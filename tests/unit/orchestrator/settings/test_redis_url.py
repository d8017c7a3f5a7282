"""The URL table: what is taken and how each client gets it, what is refused and with which word."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import Servers, find_servers

TAKEN = [
    ("redis://h", None, "redis://h", "redis://h/1"),
    ("redis://h:7000/15", None, "redis://h:7000/15", "redis://h:7000/14"),
    ("redis://h/0", "redis://h/1", "redis://h/0", "redis://h/1"),
    ("redis://u:p%23%40@h:1/3", None, "redis://u:p%23%40@h:1/3", "redis://u:p%23%40@h:1/4"),
    ("redis://:p@[::1]:7000/0", None, "redis://:p@[::1]:7000/0", "redis://:p@[::1]:7000/1"),
    ("redis://h/0?socket_timeout=2.5", None, "redis://h/0?socket_timeout=2.5", "redis://h/1"),
    ("redis://h?db=3", None, "redis://h?db=3", "redis://h/4"),
    ("rediss://h/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem", None,
     "rediss://h/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem",
     "rediss://h/1?ssl_cert_reqs=required&ssl_ca_certs=%2Fca.pem"),
    ("unix:///run/redis.sock", None, "unix:///run/redis.sock", "unix:///run/redis.sock?db=1"),
    ("unix:///run/redis.sock?db=4", "redis+socket:///run/redis.sock?virtual_host=2", "unix:///run/redis.sock?db=4",
     "unix:///run/redis.sock?db=2"),
    ("redis+socket:///run/redis.sock?virtual_host=4", None, "unix:///run/redis.sock?db=4",
     "unix:///run/redis.sock?db=5"),
]  # fmt: skip

REFUSED = [
    ("nonsense", "expected a URL such as"),
    ("http://h", "expected a URL such as"),
    ("redis:/h", "host or port cannot be dialled"),
    ("redis://", "host or port cannot be dialled"),
    ("redis://:6379/0", "host or port cannot be dialled"),
    ("redis://h:0", "host or port cannot be dialled"),
    ("redis://h:99999", "Port out of range"),
    ("redis://h:port", "expected a URL such as"),
    ("redis://[::1", "expected a URL such as"),
    ("redis://a,b/0", "host or port cannot be dialled"),
    ("redis://" + "x" * 64 + ".example", "host or port cannot be dialled"),
    ("redis://h/abc", "the database is a whole number"),
    ("redis://h/09", "the database is a whole number"),
    ("redis://h/-1", "the database is a whole number"),
    ("redis://h/1/2", "the database is a whole number"),
    ("redis://h/" + "9" * 30, "the database is a whole number"),
    ("redis://h/1?db=2", "two databases are given: 1 and db=2"),
    ("redis://h/0?foo=bar", "unknown option 'foo'"),
    ("redis://h/0?socket_timeot=1", "did you mean 'socket_timeout'?"),
    ("redis://h/0?socket_timeout=abc", "'socket_timeout': expected a number of seconds"),
    ("redis://h/0?socket_timeout=-1", "'socket_timeout': expected a number of seconds"),
    ("redis://h/0?socket_timeout=1&socket_timeout=2", "'socket_timeout' is given twice"),
    ("redis://h/0?protocol=9", "'protocol': expected 2 or 3"),
    ("redis://h/0?ssl_cert_reqs=none", "TLS needs rediss://"),
    ("rediss://h/0?ssl_cert_reqs=maybe", "expected none, optional or required"),
    ("redis://h/0#x", "no '#' may stand in it"),
    ("redis://:pa#ss@h/0", "no '#' may stand in it"),
    ("redis://h /0", "without spaces or control characters"),
    ("redis://h\n/0", "without spaces or control characters"),
    ("sentinel://h:26379;sentinel://i:26379", "sentinel:// is not taken"),
    ("sentinel://h:26379", "sentinel:// is not taken"),
    ("unix://host/path", "expected an absolute path"),
    ("unix:///", "expected an absolute path"),
    ("unix:///run/r.sock?virtual_host=1", "unknown option 'virtual_host'"),
    ("redis+socket:///run/r.sock?db=1", "unknown option 'db'"),
]


def servers(redis_url: str, broker_url: str | None = None) -> Servers:
    broker = SecretStr(broker_url) if broker_url is not None else None
    return find_servers(Settings(redis_url=SecretStr(redis_url), broker_url=broker))


@pytest.mark.parametrize(("redis_url", "broker_url", "ledger", "broker"), TAKEN)
def test_taken(redis_url: str, broker_url: str | None, ledger: str, broker: str) -> None:
    assert servers(redis_url, broker_url) == Servers(ledger, broker)


@pytest.mark.parametrize(("url", "word"), REFUSED)
def test_refused_with_the_setting_and_a_word(url: str, word: str) -> None:
    for setting, pair in (("REDIS", (url, None)), ("BROKER", ("redis://other/0", url))):
        with pytest.raises(InvalidInput) as caught:
            servers(*pair)
        (problem,) = caught.value.problems
        assert problem.path == f"CHANGEOVER_{setting}_URL"
        assert word in problem.message


@pytest.mark.parametrize(
    "url",
    [
        "redis://u:hunter2@h:1/abc", "redis://u:hunter2@h/0?foo=hunter2", "redis//:hunter2@h/0", "redis:/u:hunter2@h",
        "redis://:hun#ter2@h/0", "redis://u:hunter2@h/0#hunter2", "amqp://u:hunter2@h/a/b", "redis://u:hunter2@[::1",
        "sentinel://u:hunter2@h", "redis://u:hunter2@@h:0/1", "u:hunter2@h:6379",
    ],
)  # fmt: skip
def test_a_password_is_never_in_the_error(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        servers(url)
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "broker"),
    [
        ("redis://h/0", "redis://h:6379"),
        ("redis://h/2", "redis://h/0?db=2"),
        ("unix:///r.sock", "redis+socket:///r.sock"),
        ("unix:///tmp/a:b.sock", "redis+socket:///tmp/../tmp/a%3Ab.sock"),
        ("redis://a:b@h/1", "redis://h/1"),
    ],
)
def test_one_database_for_both(state: str, broker: str) -> None:
    with pytest.raises(InvalidInput, match="must not share"):
        servers(state, broker.replace("/0?db", "?db"))


def test_a_run_file_that_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """The name is too long for any folder: this one fails for root, too."""
    with pytest.raises(Unreachable, match=r"run\.json, which would say it, cannot be read \(File name too long\)"):
        find_servers(Settings(data_dir=tmp_path / ("x" * 300)))
    with pytest.raises(Unreachable, match="or start `changeover up` in this folder"):
        find_servers(Settings(data_dir=tmp_path))
