"""A TCP proxy in front of Redis that can delay what passes, swallow it, or drop all connections."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class TcpProxy:
    """Listens on its own port from the start; faults can be set from any thread."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._delay_seconds = 0.0
        self._answers_to_lose = 0
        self._lost_word = b""
        self._passes = threading.Event()
        self._passes.set()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = int(self._server.sockets[0].getsockname()[1])

    def point_at(self, target_port: int) -> None:
        """New connections go there; those to the old place are cut."""
        self._target_port = target_port
        self.drop()

    def delay(self, seconds: float) -> None:
        """Everything arrives this much later; 0 ends it."""
        self._delay_seconds = seconds

    def black_hole(self, on: bool) -> None:
        """Connections stay, and nothing passes: what is sent meanwhile is lost with its connection."""
        if on:
            self._passes.clear()
        else:
            self._passes.set()
            self.drop()

    def lose_answers(self, count: int, holding: bytes = b"") -> None:
        """What is asked arrives, and the next answers to it (those that hold these bytes) are lost with their
        connection."""
        self._lost_word, self._answers_to_lose = holding, count

    @property
    def answers_to_lose(self) -> int:
        """How many of them are still to come."""
        return self._answers_to_lose

    def drop(self) -> None:
        """All connections are cut; new ones are let in."""
        self._loop.call_soon_threadsafe(self._abort_all)

    def close(self) -> None:
        """Ends the proxy."""

        async def end() -> None:
            self._server.close()
            self._abort_all()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _abort_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
                self._writers.add(far_writer)
                try:
                    await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, answers=True))
                finally:
                    self._writers.discard(far_writer)
                    far_writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool = False) -> None:
        while chunk := await reader.read(65536):
            if self._delay_seconds:
                await asyncio.sleep(self._delay_seconds)
            if not self._passes.is_set():
                continue
            if answers and self._answers_to_lose and self._lost_word in chunk:
                self._answers_to_lose -= 1
                break
            writer.write(chunk)
            await writer.drain()
        writer.transport.abort()
