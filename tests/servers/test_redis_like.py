"""Redis 6, 7, 8 and Valkey: a whole plan as the least user, over TLS, and with a Sentinel that fails over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.acl import USER
from orchestrator.ledger.connection import connect, translate_errors
from tests.servers.whole_plan import run_whole_plan
from tests.support.certificate import self_signed
from tests.support.redis_server import USER_PASSWORD, RedisServer, free_port
from tests.support.sentinel import SentinelGroup
from tests.support.server_binaries import REDIS_LIKE, command_of

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(params=REDIS_LIKE)
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found = command_of(request.param)
    if found is None:
        pytest.skip(f"no {request.param} on this machine; tests/servers/install.sh gets it")
    return tuple(found)


def test_a_whole_plan_as_the_user_with_the_least_rights(command: tuple[str, ...], tmp_path: Path) -> None:
    server = RedisServer(tmp_path, databases=2, command=command)
    server.start()
    try:
        run_whole_plan(server.user_url(0), server.user_url(1), tmp_path, admin_url=server.url())
        assert not server.refused_commands()
    finally:
        server.stop()


@pytest.fixture
def tls_server(command: tuple[str, ...], tmp_path: Path) -> Iterator[TlsServer]:
    self_signed(tmp_path)
    server = TlsServer(tmp_path, command)
    if not server.takes_options():
        pytest.skip(f"{command[-1]} was built without TLS")
    server.start()
    yield server
    server.stop()


class TlsServer(RedisServer):
    """Serves TLS on one port, and plainly on another, for the test itself."""

    def __init__(self, folder: Path, command: tuple[str, ...]) -> None:
        self.tls_port = free_port()
        self.certificate = folder / "certificate.pem"
        files = ("--tls-cert-file", str(self.certificate), "--tls-key-file", str(folder / "key.pem"))
        tls = ("--tls-port", str(self.tls_port), *files, "--tls-auth-clients", "no")
        super().__init__(folder, *tls, databases=2, command=command)

    def tls_url(self, database: int, query: str = "") -> str:
        return f"rediss://{USER}:{USER_PASSWORD}@127.0.0.1:{self.tls_port}/{database}{query}"


def test_a_whole_plan_over_tls(tls_server: TlsServer, tmp_path: Path) -> None:
    trusts = f"?ssl_ca_certs={tls_server.certificate}"
    run_whole_plan(tls_server.tls_url(0, trusts), tls_server.tls_url(1, trusts), tmp_path, admin_url=tls_server.url())


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: TlsServer) -> None:
    url = tls_server.tls_url(0)
    with pytest.raises(Unreachable, match="certificate"), connect(url, patient=False) as client, translate_errors(url):
        client.ping()


def test_a_sentinel_fails_over_under_a_plan(command: tuple[str, ...], tmp_path: Path) -> None:
    with SentinelGroup(tmp_path, command=command) as group:
        first = group.first
        run_whole_plan(
            first.user_url(0, group.port),
            first.user_url(1, group.port),
            tmp_path,
            meanwhile=group.fail_over,
            admin_url=f"redis://127.0.0.1:{group.port}/0",
        )
