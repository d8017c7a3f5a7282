"""One HTTP client a process: any thread hands in a batch, one background event loop sends it.

Why a loop of its own: a step is plain, blocking code in whatever pool Celery runs (threads, prefork, gevent), yet a
batch must go out all at once, over connections shared by all threads, and each request must end by its deadline
even when the server sends one byte a second, which socket timeouts do not see. What the tenants share is guarded: an
exchange has an allowance (``allowance``), a batch leaves slots to others (``slots``), a tenant look-ups of names and
sockets (``claims``), and what a batch may bring together is bounded (``batch``).

Life: the loop's thread starts with the first batch and ends with ``close``; a batch after that starts a new one. A
child made by ``fork`` begins without any, because threads do not survive a fork.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError
from typing import Final, Self

import httpx

from steps.contract import Http, HttpAnswer, HttpRequest
from steps.http.allowance import AnsweredUnasked, TooCostly, allowance
from steps.http.allowed_hosts import AllowedHosts, HostRefused
from steps.http.batch import BATCH_BYTES, Batch
from steps.http.claims import AllClaims, Claims, claiming, idle_at_once, requests_at_once
from steps.http.dialer import Dialer
from steps.http.error import describe
from steps.http.kept_connections import KeptConnections
from steps.http.slots import Slots

_JOIN_SECONDS: Final = 5.0

CIPHERS: Final = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""For TLS 1.2: Python's own but without DHE, whose prime the server chooses. One of 10,000 bits costs the loop that all
share half a second."""


class HttpPool:
    """The ``Http`` of a worker process. Safe to share between threads.

    ``max_concurrency``: requests under way at once in this process, fewer where it may have few files open; more wait,
    and their time does not run yet. ``max_body_bytes``: a longer answer is an error; ``max_batch_bytes``: so is each
    further one of a batch that has brought as many. ``hosts``: those that requests go to; without it, any that is not
    special. ``dialer``: another one than that of ``hosts`` and this machine's resolver. Redirects are not followed,
    proxy settings of the environment are not used; certificates are checked against certifi's list (or
    ``SSL_CERT_FILE``) and the system's.
    """

    def __init__(
        self,
        *,
        max_concurrency: int = 200,
        max_body_bytes: int = 64 * 1024,
        max_batch_bytes: int = BATCH_BYTES,
        hosts: AllowedHosts | None = None,
        dialer: Dialer | None = None,
    ) -> None:
        self._max_concurrency = max_concurrency
        self._dialer = dialer or Dialer(hosts or AllowedHosts(None))
        self._sizes = (max_body_bytes, max_batch_bytes)
        self._lock = threading.Lock()
        self._loop: _LoopThread | None = None
        _pools.add(self)

    def of(self, owner: str) -> Http:
        """The same client for one owner, a tenant mostly, who shares look-ups and sockets with the others."""
        return _OfOwner(self, owner)

    def fetch_all(
        self, requests: Sequence[HttpRequest], timeout_seconds: float, owner: str | None = None
    ) -> list[HttpAnswer]:
        """Send all at the same time and wait for all; the answers come in the order of the requests.

        Each has ``timeout_seconds`` from opening the connection to the last byte. Never raises for what the network
        or a server does: such an answer has an ``error``. ``owner``: whose batch it is.
        """
        with self._lock:
            # Handed in under the lock, so that close finds the batch and ends it.
            if self._loop is None:
                self._loop = _LoopThread(self._max_concurrency, self._sizes, self._dialer)
            loop = self._loop
            batch = asyncio.run_coroutine_threadsafe(loop.fetch_all(requests, timeout_seconds, owner), loop.loop)
        try:
            return batch.result()
        except CancelledError:
            return [HttpAnswer(request.key, None, b"", "the HTTP client was closed") for request in requests]
        finally:
            # Celery's time limits raise into the waiting thread; nobody wants the answers then.
            batch.cancel()

    def close(self) -> None:
        """End what is under way (it is answered with an error), the connections and the thread. May be repeated."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self) -> _LoopThread | None:
        """Start from nothing, with a lock that nobody holds; returns what was forgotten."""
        loop, self._loop = self._loop, None
        self._lock = threading.Lock()
        return loop


class _OfOwner:
    def __init__(self, pool: HttpPool, owner: str) -> None:
        self._pool = pool
        self._owner = owner

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        return self._pool.fetch_all(requests, timeout_seconds, self._owner)


class _LoopThread:
    """One event loop in one thread with one client, from construction to ``close``. ``sizes``: of a body, a batch."""

    def __init__(self, max_concurrency: int, sizes: tuple[int, int], dialer: Dialer) -> None:
        context = httpx.create_ssl_context()
        context.load_default_certs()
        context.set_ciphers(CIPHERS)
        at_once = requests_at_once(max_concurrency)
        self.loop = asyncio.new_event_loop()
        self._max_body_bytes, self._max_batch_bytes = sizes
        self._slots = Slots(at_once)
        self._claims = AllClaims(at_once)
        self._stop = asyncio.Event()
        self._connections = KeptConnections(dialer, context, self._max_body_bytes, most_idle=idle_at_once())
        self._thread = threading.Thread(target=self._run, name="changeover-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._stop.wait()
        batches = asyncio.all_tasks() - {asyncio.current_task()}
        for batch in batches:
            batch.cancel()
        await asyncio.gather(*batches, return_exceptions=True)
        await self._connections.close()

    async def fetch_all(
        self, requests: Sequence[HttpRequest], timeout_seconds: float, owner: str | None
    ) -> list[HttpAnswer]:
        batch = Batch(self._slots.share(), self._max_batch_bytes)
        claims = self._claims.of(owner)
        return await asyncio.gather(*(self._fetch(request, timeout_seconds, batch, claims) for request in requests))

    async def _fetch(self, request: HttpRequest, batch_seconds: float, batch: Batch, claims: Claims) -> HttpAnswer:
        timeout_seconds = request.timeout_seconds or batch_seconds
        async with batch.share:
            try:
                async with asyncio.timeout(timeout_seconds):
                    with allowance(self._max_body_bytes) as costs, claiming(claims):
                        return batch.kept(await self._connections.exchange(request, costs))
            except TimeoutError:
                return HttpAnswer(request.key, None, b"", f"timed out after {timeout_seconds:g} s")
            except HostRefused as error:
                return HttpAnswer(request.key, None, b"", str(error), refused=True)
            except (TooCostly, AnsweredUnasked) as error:
                return HttpAnswer(request.key, None, b"", str(error))
            # Any error of one request is that request's answer; the rest of the batch must not suffer for it.
            except Exception as error:  # noqa: BLE001
                return HttpAnswer(request.key, None, b"", describe(error))


_pools: weakref.WeakSet[HttpPool] = weakref.WeakSet()
_inherited: list[_LoopThread | None] = []


def _after_fork_in_child() -> None:
    """Let go of the parent's loop, which has no thread here.

    It is kept and never touched: finalising it would reach into the selector that the parent still uses.
    """
    for pool in _pools:
        _inherited.append(pool._forget())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
