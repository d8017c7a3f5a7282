"""HTTP/1.1 over connections that are kept for a while: h11 speaks, httpcore's streams carry, the dialer decides.

httpx and httpcore's own pool do the same at more than ten times the cost: a request of theirs looks at every connection
of the pool, asking the system of each whether it still stands. Here each server has its own idle connections. Nothing
else of them is missed: redirects, cookies, proxies and compression are not for steps.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import h11
import httpcore
import httpx

from steps.contract import HttpAnswer, HttpRequest
from steps.http.allowance import Allowance, TooCostly

IDLE_SECONDS: Final = 5.0
"""How long nobody may ask over a connection: longer than polls usually wait."""

LONGEST_SECONDS: Final = 10.0
"""How old a connection may become: behind a load balancer it goes on asking an old instance that is draining."""

_READ_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 100 * 1024
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods of which a server that has done it does no harm by doing it again (RFC 9110, 9.2.2)."""

Origin = tuple[str, str, int]


class Unfinished(Exception):
    """The answer is not what can be taken; the rest of it is not read."""

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(answer.error)
        self.answer = answer


class KeptConnections:
    """The connections of one event loop; all is called on it."""

    def __init__(
        self,
        network: httpcore.AsyncNetworkBackend,
        context: ssl.SSLContext,
        max_body_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        most_idle: int,
    ) -> None:
        self._network = network
        self._context = context
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._most_idle = most_idle
        self._idle: dict[Origin, list[_OpenConnection]] = {}
        self._by_age: deque[tuple[float, _OpenConnection]] = deque()
        """Since when each is idle, in this order; some have been in use since."""
        self._idle_count = 0

    async def exchange(self, request: HttpRequest, costs: Allowance) -> HttpAnswer:
        """The answer to the request, which this task's ``costs`` pay. Raises what the network and ``Allowance`` do, and
        for what is no proper HTTP or address."""
        sent = _prepare(request)
        origin = _origin_of(sent.url)
        kept = await self._take(origin)
        if kept is not None:
            try:
                return await self._exchange_over(kept, request, sent, costs)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                # The server may have closed it at this very moment.
                if kept.has_heard or request.method not in _REPEATABLE:
                    raise
        stream = await self._dial(origin)
        return await self._exchange_over(_OpenConnection(stream, origin, self._clock()), request, sent, costs)

    async def close(self) -> None:
        """Closes what is idle."""
        idle, self._idle = self._idle, {}
        self._by_age.clear()
        self._idle_count = 0
        for connections in idle.values():
            for connection in connections:
                await connection.close()

    async def _dial(self, origin: Origin) -> httpcore.AsyncNetworkStream:
        scheme, host, port = origin
        stream = await self._network.connect_tcp(host, port)
        if scheme != "https":
            return stream
        return await stream.start_tls(self._context, host)

    async def _exchange_over(
        self, connection: _OpenConnection, request: HttpRequest, sent: httpx.Request, costs: Allowance
    ) -> HttpAnswer:
        is_whole = False
        try:
            answer = await connection.exchange(request, sent, costs, self._max_body_bytes)
            is_whole = True
            return answer
        except Unfinished as unfinished:
            return unfinished.answer
        except h11.RemoteProtocolError as error:
            raise httpcore.RemoteProtocolError(str(error)) from error
        finally:
            if not (is_whole and self._keep(connection)):
                await connection.close()

    def _keep(self, connection: _OpenConnection) -> bool:
        now = self._clock()
        if not connection.is_ready_for_next() or now - connection.made_at >= LONGEST_SECONDS:
            return False
        connection.idle_since = now
        self._idle.setdefault(connection.origin, []).append(connection)
        self._by_age.append((now, connection))
        self._idle_count += 1
        return True

    async def _take(self, origin: Origin) -> _OpenConnection | None:
        await self._close_old()
        while connections := self._idle.get(origin):
            connection = connections[-1]
            self._leaves(connection)
            if self._clock() - connection.made_at < LONGEST_SECONDS and not connection.was_closed():
                return connection
            await connection.close()
        return None

    async def _close_old(self) -> None:
        now = self._clock()
        while self._by_age:
            since, connection = self._by_age[0]
            is_idle = connection.idle_since == since
            if is_idle and now - since < IDLE_SECONDS and self._idle_count <= self._most_idle:
                return
            self._by_age.popleft()
            if is_idle:
                self._leaves(connection)
                await connection.close()

    def _leaves(self, connection: _OpenConnection) -> None:
        connections = self._idle[connection.origin]
        connections.remove(connection)
        if not connections:
            del self._idle[connection.origin]
        connection.idle_since = None
        self._idle_count -= 1


class _OpenConnection:
    """One exchange after the other."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, origin: Origin, made_at: float) -> None:
        self.origin = origin
        self.made_at = made_at
        self.idle_since: float | None = None
        self.has_heard = False
        """Whether anything of an answer came in the exchange under way."""
        self._stream = stream
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)

    async def exchange(
        self, request: HttpRequest, sent: httpx.Request, costs: Allowance, max_body_bytes: int
    ) -> HttpAnswer:
        """Raises ``Unfinished`` with the answer when that is not read to its end."""
        key, body = request.key, request.body
        self.has_heard = False
        head = h11.Request(method=sent.method, target=sent.url.raw_path, headers=sent.headers.raw)
        parts: list[Any] = [head, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        await self._stream.write(b"".join(self._h11.send(part) or b"" for part in parts))
        status, headers = await self._head()
        costs.body_begins()
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Unfinished(HttpAnswer(key, status, b"", "compressed, which was not asked for", headers))
        got = bytearray()
        try:
            while not isinstance(event := await self._next(), h11.EndOfMessage):
                await costs.chunk(len(event.data))
                got += event.data
                if len(got) > max_body_bytes:
                    raise Unfinished(HttpAnswer(key, status, b"", f"longer than {max_body_bytes} bytes", headers))
        except TooCostly as error:
            raise Unfinished(HttpAnswer(key, status, b"", str(error), headers)) from error
        return HttpAnswer(key, status, bytes(got), None, headers)

    def is_ready_for_next(self) -> bool:
        """Whether both sides have said all, and nothing more, and go on."""
        has_ended = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if not has_ended or self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        return True

    def was_closed(self) -> bool:
        """Whether the server has closed it, or said something that nobody asked for."""
        return bool(self._stream.get_extra_info("is_readable"))

    async def close(self) -> None:
        """Whatever is under way."""
        await self._stream.aclose()

    async def _head(self) -> tuple[int, dict[str, str]]:
        while isinstance(event := await self._next(), h11.InformationalResponse):
            if event.status_code == httpx.codes.SWITCHING_PROTOCOLS:
                raise httpcore.RemoteProtocolError("another protocol, which was not asked for")
        headers: dict[str, str] = {}
        for name, value in event.headers.raw_items():
            key, text = name.decode("ascii").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return event.status_code, headers

    async def _next(self) -> Any:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            data = await self._stream.read(_READ_BYTES)
            if not data and self._h11.their_state is h11.SEND_RESPONSE:
                raise httpcore.RemoteProtocolError("Server disconnected without sending a response.")
            self.has_heard = True
            self._h11.receive_data(data)
        return event


def _prepare(request: HttpRequest) -> httpx.Request:
    """With the headers that belong to it, the request's own before ours."""
    # Uncompressed, so that the bound on the body is a bound on memory.
    headers = httpx.Headers({"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "changeover"})
    headers.update(dict(request.headers))
    sent = httpx.Request(request.method, request.url, headers=headers, content=request.body)
    if sent.url.userinfo and "Authorization" not in sent.headers:
        told = httpx.BasicAuth(sent.url.username, sent.url.password)
        sent = next(told.sync_auth_flow(sent))
    return sent


def _origin_of(url: httpx.URL) -> Origin:
    if url.scheme not in ("http", "https") or not url.host:
        raise httpx.UnsupportedProtocol(f"expected http:// or https://, got {url.scheme}://")
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
