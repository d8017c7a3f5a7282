"""A thread's kept connection: never an answer to another question, none left behind, one more when it is busy."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
import redis
from redis.exceptions import AuthenticationError

from orchestrator.ledger.connection import connect
from orchestrator.ledger.kept_connection import SHARED, KeptConnection


@pytest.fixture
def kept(redis_client: redis.Redis) -> KeptConnection:
    given = redis_client.connection_pool.connection_kwargs
    return KeptConnection(connect(f"redis://{given['host']}:{given['port']}/{given['db']}", patient=True))


def client_of(kept: KeptConnection) -> redis.Redis:
    return kept._client


def in_use(kept: KeptConnection) -> int:
    return len(client_of(kept).connection_pool._in_use_connections)


def test_a_thread_keeps_one_and_gives_it_back_when_it_ends(kept: KeptConnection) -> None:
    ids: list[Any] = []

    def work() -> None:
        ids.extend(kept.execute("CLIENT", "ID") for _ in range(3))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(set(ids)) == 1
    assert in_use(kept) == 0
    assert kept.execute("ECHO", "é\n") == "é\n"
    assert in_use(kept) == 1


def test_an_answer_that_was_not_waited_for_is_nobody_elses(kept: KeptConnection, monkeypatch: Any) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(*_: Any, **__: Any) -> Any:
        raise Interrupted

    kept.execute("ECHO", "first")
    with monkeypatch.context() as patch:
        patch.setattr(client_of(kept), "parse_response", interrupt)
        with pytest.raises(Interrupted):
            kept.execute("ECHO", "not waited for")
    assert kept.execute("ECHO", "next") == "next"


def test_what_comes_in_between_takes_another(kept: KeptConnection, monkeypatch: Any) -> None:
    answers: list[Any] = []
    parse: Any = client_of(kept).parse_response

    def come_in_between(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        answers.append(kept.execute("ECHO", "within"))
        return parse(*arguments, **options)

    kept.execute("ECHO", "first")
    monkeypatch.setattr(client_of(kept), "parse_response", come_in_between)
    assert kept.execute("ECHO", "around") == "around"
    assert answers == ["within"]


def test_a_cut_connection_is_made_anew(kept: KeptConnection, redis_client: redis.Redis) -> None:
    number = kept.execute("CLIENT", "ID")
    redis_client.execute_command("CLIENT", "KILL", "ID", number)  # type: ignore[no-untyped-call]
    assert kept.execute("ECHO", "again") == "again"
    with pytest.raises(redis.exceptions.ResponseError):
        kept.execute("NO-SUCH-COMMAND")
    assert kept.execute("ECHO", "still in step") == "still in step"


def test_a_child_after_a_fork_has_its_own(kept: KeptConnection) -> None:
    number = kept.execute("CLIENT", "ID")
    child = os.fork()
    if child == 0:
        os._exit(0 if kept.execute("CLIENT", "ID") != number else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kept.execute("CLIENT", "ID") == number


def test_many_commands_are_answered_one_by_one(kept: KeptConnection) -> None:
    first, wrong, last = kept.execute_all([("ECHO", "first"), ("NO-SUCH-COMMAND",), ("ECHO", "last")])
    assert (first, last) == ("first", "last")
    assert isinstance(wrong, redis.exceptions.ResponseError)
    assert kept.execute("ECHO", "still in step") == "still in step"


def test_many_commands_over_a_cut_connection(kept: KeptConnection, redis_client: redis.Redis) -> None:
    number = kept.execute("CLIENT", "ID")
    redis_client.execute_command("CLIENT", "KILL", "ID", number)  # type: ignore[no-untyped-call]
    assert kept.execute_all([("ECHO", str(n)) for n in range(1000)]) == [str(n) for n in range(1000)]


def test_threads_that_share_have_a_few_between_them(kept: KeptConnection) -> None:
    ids: list[Any] = []

    def work() -> None:
        with kept.sharing():
            ids.extend(kept.execute_all([("CLIENT", "ID"), ("PING",)])[0] for _ in range(5))
            ids.append(kept.execute("CLIENT", "ID"))

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 300
    assert len(set(ids)) <= SHARED
    own = kept.execute("CLIENT", "ID")
    assert own not in ids


def test_a_refused_password_is_not_tried_again(redis_client: redis.Redis) -> None:
    given, user = redis_client.connection_pool.connection_kwargs, f"rotated-{os.getpid()}"
    redis_client.acl_setuser(user, enabled=True, passwords=["+one"], commands=["+ping"])
    try:
        kept = KeptConnection(connect(f"redis://{user}:one@{given['host']}:{given['port']}/0", patient=True))
        kept.execute("PING")
        redis_client.acl_setuser(user, enabled=True, passwords=["-one", "+two"])
        redis_client.client_kill_filter(user=user)
        with pytest.raises(AuthenticationError):
            kept.execute("PING")
        refused = [one["count"] for one in redis_client.acl_log() if (one["username"], one["reason"]) == (user, "auth")]
        assert refused == [1]
    finally:
        redis_client.acl_deluser(user)
