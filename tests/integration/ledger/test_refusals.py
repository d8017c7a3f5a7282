"""Redis says no in many ways; each is told as what it is, with the setting to mend."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from pydantic import SecretStr
from redis.exceptions import NoPermissionError
from structlog.testing import capture_logs

from orchestrator.broker.messages import own_queue
from orchestrator.broker.watch import BrokerWatch
from orchestrator.client import Client
from orchestrator.control.answers import Check
from orchestrator.control.doctor import examine
from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.ledger.connection import connect, require_entry
from orchestrator.ledger.entry import NotLetIn
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence
from orchestrator.ledger.server_state import server_state
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("refusing"), "--user", "half", "on", ">half", "~*", "+info", "+ping")
    server.start()
    yield server
    server.stop()


def submit_and_examine(settings: Settings) -> None:
    with Client(settings) as client:
        client.submit(plan(uuid4().hex, [tenant("t0")], [noop_stage("one")]))
    examine(settings, find_servers(settings))


def loads(url: str) -> bool:
    with suppress(redis.RedisError):
        return server_state(url).loading is not None
    return False


def said(url: str, broker: str | None = None) -> str:
    """What submitting a plan and examining the servers answers."""
    settings = Settings(redis_url=SecretStr(url), broker_url=SecretStr(broker) if broker else None)
    with pytest.raises((Unreachable, InvalidInput)) as caught:
        submit_and_examine(settings)
    assert "sesame" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_who_may_not_come_in(server: RedisServer) -> None:
    at = f"127.0.0.1:{server.port}"
    assert "refuses the user or password of CHANGEOVER_REDIS_URL" in said(f"redis://changeover:sesame-not@{at}/0")
    assert "does not let our user do this" in said(f"redis://half:half@{at}/0")
    assert "docs/security.md" in said(f"redis://half:half@{at}/0")
    with redis.Redis.from_url(server.url()) as admin:
        admin.acl_setuser("default", enabled=False)
        try:
            missing = said(f"redis://{at}/0")
        finally:
            with redis.Redis.from_url(server.user_url()) as client, pytest.raises(redis.exceptions.NoPermissionError):
                client.acl_setuser("default", enabled=True)
            admin.acl_setuser("default", enabled=True, nopass=True)
    assert "wants a password" in missing
    assert "CHANGEOVER_REDIS_URL" in missing


def rows_with(url: str, broker: str, namespace: str = "default") -> dict[str, Check]:
    """The rows of `doctor` by name."""
    settings = Settings(redis_url=SecretStr(url), broker_url=SecretStr(broker), namespace=namespace)
    return {check.name: check for check in examine(settings, find_servers(settings)).checks}


def test_no_broker_takes_away_the_rows_of_the_ledger(server: RedisServer) -> None:
    wrong = f"redis://changeover:sesame-not@127.0.0.1:{server.port}/1"
    watch, settings = BrokerWatch(wrong), Settings(namespace=uuid4().hex)
    with redis.Redis.from_url(server.user_url(), decode_responses=True) as client:
        queue = own_queue(socket.gethostname(), os.getpid())
        watch.look()
        away = {**watch.told(), "brokerAway": 12.0}
        presence = Presence(Ledger(client, settings), "worker", (queue,), told=lambda: away)
        presence.start()
        try:
            rows = rows_with(server.user_url(), wrong, settings.namespace)
        finally:
            presence.stop()
    refused = "refuses the user or password of CHANGEOVER_BROKER_URL"
    for name in ("broker server", "test message"):
        assert not rows[name].good
        assert rows[name].finding.endswith(refused)
    assert {"workers", "drafts"} <= rows.keys()
    # Nor is it called away by whoever watches it.
    row = rows[f"broker of worker {socket.gethostname()}:{os.getpid()}"]
    assert row.finding.startswith(f"the broker {refused}, for 12 s at 127.0.0.1:{server.port}/1: give the process")


def test_one_missed_look_at_a_broker_does_not_make_it_away(server: RedisServer) -> None:
    now = [0.0]
    watch = BrokerWatch(server.user_url(1), lambda: now[0])

    def looked(after_seconds: float, *, answers: bool) -> float:
        now[0] += after_seconds
        with redis.Redis.from_url(server.url()) as admin:
            admin.acl_setuser("changeover", enabled=answers)
            watch.look()
            admin.acl_setuser("changeover", enabled=True)
        return float(watch.told()["brokerAway"])

    assert looked(0, answers=True) == 0
    # As in a fail-over. The next look comes five seconds later, and as much as this one took.
    assert looked(5.2, answers=False) == 0
    now[0] += 5.1
    assert watch.told()["brokerAway"] == 0
    assert looked(0.1, answers=True) == 0
    assert [looked(5.2, answers=False), looked(5.2, answers=False)] == [0, 10.4]
    now[0] += 4
    assert watch.told()["brokerAway"] == 14.4
    assert looked(1, answers=True) == 0


def test_a_process_that_is_not_let_in_need_not_wait(server: RedisServer) -> None:
    require_entry(server.user_url())
    require_entry("redis://127.0.0.1:1/0")
    with pytest.raises(NotLetIn, match="refuses the user or password of CHANGEOVER_REDIS_URL"):
        require_entry(f"redis://changeover:sesame-not@127.0.0.1:{server.port}/0")


def test_what_our_user_may_not_do_is_told_with_the_namespace(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url()) as admin:
        admin.execute_command("ACL", "SETUSER", "narrow", "reset", "on", ">n", "~changeover:{here}:*", "&*", "+@all")
    url, told = f"redis://narrow:n@127.0.0.1:{server.port}/0", "in namespace 'there'"
    with connect(url, patient=False, namespace="there") as client, pytest.raises(NoPermissionError, match=told):
        client.get("changeover:{there}:meta")
    settings = Settings(redis_url=SecretStr(url), namespace="there")
    with Client(settings) as door, pytest.raises(NotLetIn, match="there"):
        door.plans()


def test_a_script_that_may_not_do_something_is_told_as_a_command_is(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url()) as admin:
        admin.execute_command("ACL", "SETUSER", "lesser", "reset", "on", ">lesser", "~*", "&*", *lesser_rules())
    assert "does not let our user do this" in said(f"redis://lesser:lesser@127.0.0.1:{server.port}/0")


def lesser_rules() -> list[str]:
    """All but what every script of the ledger needs."""
    return ["+@all", "-hset"]


def test_a_database_that_is_not_there(server: RedisServer) -> None:
    line = said(server.user_url(9000))
    assert line.startswith("CHANGEOVER_REDIS_URL: the server has no database of this number")
    row = rows_with(server.user_url(), server.user_url(9000))["broker server"]
    assert row.finding.startswith("CHANGEOVER_BROKER_URL: the server has no")


def test_a_full_server_says_how_full(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url()) as admin:
        admin.config_set("maxmemory", 512 * 1024)
        try:
            line, again = said(server.user_url()), said(server.user_url())
            settings = Settings(redis_url=SecretStr(server.user_url()))
            rows = {check.name: check for check in examine(settings, find_servers(settings)).checks}
        finally:
            admin.config_set("maxmemory", 0)
    assert "is full: " in line
    # Whether the server knows the script already or not.
    assert "is full: " in again
    assert "of 0.5 MB used; raise its maxmemory" in line
    assert not rows["state memory"].good
    assert "of 0.5 MB used" in rows["state memory"].finding


def test_nobody_there_names_the_setting(place: Place) -> None:
    assert "CHANGEOVER_REDIS_URL" in said("redis://127.0.0.1:1/0")
    row = rows_with(place.redis_url, "redis://127.0.0.1:1/1")["broker server"]
    assert not row.good
    assert "127.0.0.1:1/1 does not answer" in row.finding
    assert "CHANGEOVER_BROKER_URL" in row.finding


def test_a_server_that_loads_says_how_far_it_is(tmp_path: Path) -> None:
    # A second of work at least, of which the test takes as much as it needs.
    (tmp_path / "appendonly.aof").write_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n" * 500_000)
    server = RedisServer(tmp_path, "--key-load-delay", "100")
    server.start(wait=False)
    wait_until(lambda: loads(server.user_url()))
    try:
        line = said(server.user_url())
    finally:
        server.stop()
    assert "is still loading its data (" in line
    assert "try again" in line


def test_a_process_that_is_refused_says_so_once_and_when_it_is_over(server: RedisServer) -> None:
    with (
        redis.Redis.from_url(server.user_url(), decode_responses=True) as client,
        redis.Redis.from_url(server.url()) as admin,
        capture_logs() as logs,
    ):
        presence = Presence(Ledger(client, Settings(namespace=uuid4().hex)), "worker")

        def beats() -> list[str]:
            """What is said in two of them."""
            logs.clear()
            presence.beat()
            presence.beat()
            return [line["action"] for line in logs]

        assert beats() == []
        admin.config_set("maxmemory", 1)
        try:
            assert beats() == ["presence-missed"]
            assert beats() == []
        finally:
            admin.config_set("maxmemory", 0)
        assert beats() == ["presence-told-again"]
