"""Every store passes the suite that ships in the package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from checkpoint import CheckpointStore, MemoryCheckpointStore, RedisCheckpointStore
from checkpoint.conformance import CHECKS, Open, check_killed
from checkpoint.database import DatabaseCheckpointStore
from checkpoint.registry import store_names
from orchestrator.ledger.keys import Keys
from tests.support.agreed_lists import must_agree
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.postgres_server import PostgresServer

STORES = {"memory": "memory", "redis": "redis", "sqlite": "db", "postgres": "db"}
"""What ``_maker`` makes, and the word for it in ``checkpoint.store_type``."""


class Opener:
    """Opens a store's handles and closes those of a database."""

    def __init__(self, make: Callable[[], CheckpointStore]) -> None:
        self.make = make
        self.opened: list[CheckpointStore] = []

    def __call__(self) -> CheckpointStore:
        self.opened.append(self.make())
        return self.opened[-1]

    def close(self) -> None:
        for store in self.opened:
            if isinstance(store, DatabaseCheckpointStore):
                store.close()


@pytest.fixture
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    opener = Opener(_maker(request, tmp_path))
    yield opener
    opener.close()


def _maker(request: pytest.FixtureRequest, folder: Path) -> Callable[[], CheckpointStore]:
    if request.param == "memory":
        store = MemoryCheckpointStore()
        return lambda: store
    if request.param == "redis":
        client: redis.Redis = request.getfixturevalue("redis_client")
        # Characters that a pattern would read otherwise.
        keys = Keys("odd[na*me?]")
        return lambda: RedisCheckpointStore(client, lambda task_id: keys.of("checkpoint", task_id))
    if request.param == "sqlite":
        return lambda: DatabaseCheckpointStore(f"sqlite:///{folder}/checkpoints.db", "test")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    namespace = uuid4().hex
    return lambda: DatabaseCheckpointStore(server.url, namespace)


@pytest.mark.parametrize("open_store", STORES, indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_conformance(check: Callable[[Open], None], open_store: Open) -> None:
    check(open_store)


def test_no_store_of_the_registry_is_left_out() -> None:
    must_agree(
        store_names(),
        STORES.values(),
        lacking="{} of checkpoint/registry.py does not pass the suite: STORES and _maker here make one of it",
        left_over="{} stands in STORES here, and is no store of checkpoint/registry.py",
    )


PROCESS = "import sys; from checkpoint.conformance import saver; from {module} import *; saver({store})"


def test_redis_kill(place: Place, redis_client: redis.Redis) -> None:
    store = (
        f"RedisCheckpointStore(redis.Redis.from_url({place.redis_url!r}, decode_responses=True), lambda i: 'c:' + i)"
    )
    program = f"import redis; {PROCESS.format(module='checkpoint', store=store)}"
    check_killed(lambda: RedisCheckpointStore(redis_client, lambda i: "c:" + i), [sys.executable, "-c", program])


@pytest.mark.parametrize("kind", mostly_long(["sqlite", "postgres"], "postgres"))
def test_database_kill(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c.db" if kind == "sqlite" else request.getfixturevalue("postgres_server").url
    store = f"DatabaseCheckpointStore({url!r}, 'kill')"
    opener = Opener(lambda: DatabaseCheckpointStore(url, "kill"))
    program = PROCESS.format(module="checkpoint.database", store=store)
    check_killed(opener, [sys.executable, "-c", program])
    opener.close()
