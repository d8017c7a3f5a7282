"""The pool against real servers that answer well, badly, slowly or not at all."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from steps import HttpAnswer, HttpPool, HttpRequest
from tests.support.instances import Handler, Instances, drip, hang, hang_up, raw, says
from tests.support.redis_server import free_port


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool() as pool:
        yield pool


def fetch(pool: HttpPool, url: str, timeout_seconds: float = 20.0) -> HttpAnswer:
    (answer,) = pool.fetch_all([HttpRequest("gw-1", url)], timeout_seconds)
    return answer


def test_an_answer(pool: HttpPool) -> None:
    with Instances({"/health": says({"version": "42"})}) as server:
        assert fetch(pool, server.url("/health")) == HttpAnswer("gw-1", 200, b'{"version": "42"}', None)


def test_method_and_headers(pool: HttpPool) -> None:
    got: dict[str, str] = {}

    def keep(handler: Handler) -> None:
        got.update(handler.headers.items())
        handler.reply(200, b"")

    with Instances({"/": keep}) as server:
        pool.fetch_all([HttpRequest("a", server.url("/"), headers={"X-Tenant": "acme"})], 20)
    assert got["X-Tenant"] == "acme"
    assert got["Accept-Encoding"] == "identity"


def test_nothing_asked_nothing_answered(pool: HttpPool) -> None:
    assert pool.fetch_all([], 1) == []


def test_answers_keep_the_order_whatever_they_are(pool: HttpPool) -> None:
    answers = {"/ok": says({}), "/500": raw(b"boom", 500), "/bye": hang_up}
    with Instances(answers) as server:
        paths = ["/ok", "/bye", "/500", "/ok"]
        found = pool.fetch_all([HttpRequest(path, server.url(path)) for path in paths], 20)
    assert [answer.key for answer in found] == paths
    assert [answer.status for answer in found] == [200, None, 500, 200]
    assert found[1].error == "not proper HTTP: Server disconnected without sending a response."


def test_fifty_are_asked_at_the_same_time(pool: HttpPool) -> None:
    everyone = threading.Barrier(50)

    def wait_for_all(handler: Handler) -> None:
        try:
            everyone.wait(timeout=20)
        except threading.BrokenBarrierError:
            handler.reply(500, b"alone")
        else:
            handler.reply(200, b"together")

    with Instances({f"/{n}": wait_for_all for n in range(50)}) as server:
        found = pool.fetch_all([HttpRequest(str(n), server.url(f"/{n}")) for n in range(50)], 30)
    assert [answer.body for answer in found] == [b"together"] * 50


def test_more_than_the_bound_wait_their_turn() -> None:
    guard = threading.Lock()
    under_way = 0
    most = 0
    both = threading.Barrier(2)

    def count(handler: Handler) -> None:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
        both.wait(timeout=20)
        with guard:
            under_way -= 1
        handler.reply(200, b"")

    with HttpPool(max_concurrency=2) as pool, Instances({"/": count}) as server:
        found = pool.fetch_all([HttpRequest(str(n), server.url("/")) for n in range(10)], 20)
    assert [answer.status for answer in found] == [200] * 10
    assert most == 2


def test_waiting_for_ones_turn_costs_no_time_of_ones_own() -> None:
    with HttpPool(max_concurrency=1) as pool, Instances({"/slow": hang, "/ok": says({})}) as server:
        slow, good = pool.fetch_all([HttpRequest(path, server.url(path)) for path in ("/slow", "/ok")], 0.5)
    assert slow.error == "timed out after 0.5 s"
    assert good.status == 200


def test_connections_are_shared_by_batches_and_threads(pool: HttpPool) -> None:
    with Instances({"/": says({})}) as server:
        fetch(pool, server.url("/"))
        thread = threading.Thread(target=fetch, args=(pool, server.url("/")))
        thread.start()
        thread.join()
        assert len(server.seen) == 2
        assert len(server.peers) == 1


def test_refused(pool: HttpPool) -> None:
    assert fetch(pool, f"http://127.0.0.1:{free_port()}/").error == "connection refused"
    assert fetch(pool, f"http://localhost:{free_port()}/").error == "connection refused"


def test_a_name_that_does_not_resolve(pool: HttpPool) -> None:
    assert fetch(pool, "http://no-such-host.invalid/").error == "host name not resolved"


@pytest.mark.parametrize("url", ["http://a..b/", "http://h:99999/", "nonsense", "http://\x00/", "ftp://h/"])
def test_unusable_addresses_are_answers_too(pool: HttpPool, url: str) -> None:
    answer = fetch(pool, url)
    assert answer.status is None
    assert answer.error
    assert len(answer.error) < 250


def test_tls_failures(pool: HttpPool) -> None:
    with Instances({"/": says({})}) as server:
        error = fetch(pool, server.url("/").replace("http:", "https:")).error
    assert error is not None
    assert error.startswith("TLS failed: ")


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_the_deadline_is_for_the_whole_request(pool: HttpPool, behaviour: object) -> None:
    with Instances({"/slow": behaviour, "/ok": says({})}) as server:  # type: ignore[dict-item]
        slow, good = pool.fetch_all(
            [HttpRequest("slow", server.url("/slow")), HttpRequest("ok", server.url("/ok"))], 0.5
        )
    assert slow == HttpAnswer("slow", None, b"", "timed out after 0.5 s")
    assert good.status == 200


def test_a_host_that_takes_connections_and_nothing_else(pool: HttpPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert fetch(pool, f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.3).error == "timed out after 0.3 s"


def test_the_body_is_bounded(pool: HttpPool) -> None:
    with Instances(
        {"/64k": raw(b"x" * 65_536), "/more": raw(b"x" * 65_537), "/huge": raw(b"x" * 20_000_000)}
    ) as server:
        assert len(fetch(pool, server.url("/64k")).body) == 65_536
        assert fetch(pool, server.url("/more")) == HttpAnswer("gw-1", 200, b"", "longer than 65536 bytes")
        assert fetch(pool, server.url("/huge")).error == "longer than 65536 bytes"


def test_a_compressed_answer_is_not_unpacked(pool: HttpPool) -> None:
    with Instances({"/": raw(b"\x1f\x8b", Content_Encoding="gzip")}) as server:
        assert fetch(pool, server.url("/")).error == "compressed, which was not asked for"


def test_redirects_are_not_followed(pool: HttpPool) -> None:
    with Instances({"/": raw(b"", 302, Location="/other"), "/other": says({})}) as server:
        assert fetch(pool, server.url("/")).status == 302
        assert server.seen == ["/"]


def test_the_environments_proxy_is_not_used(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with Instances({"/": says({})}) as server:
        assert fetch(pool, server.url("/")).status == 200


def test_close_and_start_in_any_order() -> None:
    # Other tests of this process may have pools of their own.
    others = set(threading.enumerate())
    pool = HttpPool()
    pool.close()
    pool.close()
    with Instances({"/": says({})}) as server:
        assert fetch(pool, server.url("/")).status == 200
        pool.close()
        pool.close()
        assert fetch(pool, server.url("/")).status == 200
    pool.close()
    assert not [one for one in threading.enumerate() if one not in others and one.name == "changeover-http"]


def test_close_ends_what_is_under_way() -> None:
    asked = threading.Event()
    answers: list[HttpAnswer] = []

    def ask_and_hang(handler: Handler) -> None:
        asked.set()
        hang(handler)

    with HttpPool() as pool, Instances({"/": ask_and_hang}) as server:
        thread = threading.Thread(target=lambda: answers.append(fetch(pool, server.url("/"), 60)))
        thread.start()
        assert asked.wait(timeout=20)
        pool.close()
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert answers == [HttpAnswer("gw-1", None, b"", "the HTTP client was closed")]


FORK = """
import os, sys
from steps import HttpPool, HttpRequest

def status(pool):
    return pool.fetch_all([HttpRequest("a", sys.argv[1])], 20)[0].status

with HttpPool() as pool:
    assert status(pool) == 200
    child = os.fork()
    if child == 0:
        good = status(pool) == 200
        pool.close()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert status(pool) == 200
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_client_of_its_own() -> None:
    with Instances({"/": says({})}) as server:
        # In a process of its own, because pytest's threads do not survive a fork either.
        done = subprocess.run([sys.executable, "-c", FORK, server.url("/")], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 3
