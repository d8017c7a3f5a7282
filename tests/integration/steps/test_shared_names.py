"""One tenant's names and addresses, answered or not, take neither look-ups nor sockets from the others."""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpcore
import pytest

from steps import AllowedHosts, HttpAnswer, HttpPool, HttpRequest
from steps.http.attempts import MOST_ADDRESSES
from steps.http.claims import requests_at_once
from steps.http.dialer import Dialer
from steps.http.names import resolve
from tests.support.instances import Instances, says

HOSTS = AllowedHosts(["*.example.com", "127.0.0.0/8"])


class Resolver:
    """Answers names that begin with ``good``; others never."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host.partition(".")[0])
        if not host.startswith("good"):
            await asyncio.Event().wait()
        return ["127.0.0.1"]


def requests(names: list[str], port: int) -> list[HttpRequest]:
    return [HttpRequest(name, f"http://{name}.example.com:{port}/") for name in names]


def port_of(server: Instances) -> int:
    return int(server.url("/").rpartition(":")[2].rstrip("/"))


def errors(answers: list[HttpAnswer]) -> set[str | None]:
    return {answer.error for answer in answers}


def test_names_that_do_not_resolve_take_no_look_up_from_other_tenants() -> None:
    resolver = Resolver()
    slow = [f"slow-{number}" for number in range(60)]
    with HttpPool(max_concurrency=20, dialer=Dialer(HOSTS, resolver)) as pool, Instances({"/": says({})}) as server:
        port = port_of(server)
        # Polled again and again, each time with names that were not asked for yet.
        for start in range(0, 60, 10):
            answers = pool.of("greedy").fetch_all(requests(slow[start : start + 10], port), 0.2)
            assert errors(answers) == {"timed out after 0.2 s"}
        # Three quarters of all: what is looked up still counts, what had no place was never begun.
        assert len(resolver.asked) == 15
        for number in range(3):
            (answer,) = pool.of(f"other-{number}").fetch_all(requests([f"good-{number}"], port), 20)
            assert answer.status == 200
        (answer,) = pool.of("greedy").fetch_all([HttpRequest("x", server.url("/"))], 20)
        assert answer.status == 200
    assert resolver.asked[15:] == ["good-0", "good-1", "good-2"]


def test_a_name_is_looked_up_once_at_a_time_and_nobody_waits_in_anothers_line() -> None:
    resolver = Resolver()
    with HttpPool(max_concurrency=20, dialer=Dialer(HOSTS, resolver)) as pool, Instances({"/": says({})}) as server:
        port = port_of(server)
        for _ in range(3):
            assert errors(pool.of("a").fetch_all(requests(["slow"] * 20, port), 0.2)) == {"timed out after 0.2 s"}
        assert resolver.asked == ["slow"]
        crowd = requests([f"slow-{number}" for number in range(15)] + ["good"], port)
        thread = threading.Thread(target=pool.of("a").fetch_all, args=(crowd, 600))
        thread.start()
        (answer,) = pool.of("b").fetch_all(requests(["good"], port), 20)
        assert answer.status == 200
        pool.close()
        thread.join(timeout=20)


def test_an_address_is_not_looked_up() -> None:
    resolver = Resolver()
    with HttpPool(dialer=Dialer(HOSTS, resolver)) as pool, Instances({"/": says({})}) as server:
        assert pool.fetch_all([HttpRequest("x", server.url("/"))], 20)[0].status == 200
    assert resolver.asked == []


def test_the_resolver_of_this_machine() -> None:
    assert asyncio.run(resolve("127.0.0.1", 80)) == ["127.0.0.1"]
    with pytest.raises(OSError, match=r"not known|No address|failure"):
        asyncio.run(resolve("nobody.invalid", 80))


@contextmanager
def a_full_house(host: str = "0.0.0.0", port: int = 0) -> Iterator[int]:
    """A port that answers no further connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((host.replace("0.0.0.0", "127.0.0.1"), listener.getsockname()[1]))
        yield listener.getsockname()[1]


class Counted(httpcore.AnyIOBackend):
    """The real network, and how many connections are under way."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.tried: list[str] = []

    async def connect_tcp(self, host: str, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        self.now += 1
        self.most = max(self.most, self.now)
        self.tried.append(host)
        try:
            return await super().connect_tcp(host, *args, **options)
        finally:
            self.now -= 1


def test_addresses_that_do_not_answer_take_few_sockets() -> None:
    network = Counted()

    async def many(host: str, port: int) -> Sequence[str]:
        return [f"127.0.1.{number}" for number in range(1, 60)]

    with (
        a_full_house() as port,
        Instances({"/": says({})}) as server,
        HttpPool(max_concurrency=8, dialer=Dialer(HOSTS, many, network)) as pool,
    ):
        answers = pool.of("greedy").fetch_all(requests([f"many-{number}" for number in range(8)], port), 2)
        assert errors(answers) == {"timed out after 2 s"}
        # One for each request under way (six of eight slots), and four further ones at most.
        assert 6 <= network.most <= 10
        pool.of("greedy").fetch_all(requests(["many"], port), 6)
        assert len(set(network.tried)) <= MOST_ADDRESSES
        assert pool.fetch_all([HttpRequest("x", server.url("/"))], 20)[0].status == 200
        assert network.now == 0


def test_an_address_behind_many_dead_ones_is_reached_without_a_further_socket() -> None:
    network = Counted()
    dead = [f"127.0.1.{number}" for number in range(1, 6)]

    async def many(host: str, port: int) -> Sequence[str]:
        return [*dead, "127.0.0.1"]

    with (
        Instances({"/": says({})}) as server,
        ExitStack() as stack,
        # One request at once: no further socket at all.
        HttpPool(max_concurrency=1, dialer=Dialer(HOSTS, many, network)) as pool,
    ):
        for host in dead:
            stack.enter_context(a_full_house(host, port_of(server)))
        (answer,) = pool.fetch_all(requests(["many"], port_of(server)), 20)
    assert answer.status == 200
    assert network.most == 1
    assert network.tried == [*dead, "127.0.0.1"]


def test_no_more_requests_at_once_than_files_may_be_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(500, hard), hard))
    try:
        assert (requests_at_once(200), requests_at_once(50)) == (100, 50)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
