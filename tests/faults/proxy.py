"""A bad network: stands between the service and its database server, and does to the stream what it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import make_url

COMMIT = b"COMMIT"
Side = Literal["before", "after"]


@dataclass
class Weather:
    """What the network does now. It may be changed at any time, from any thread.

    `delay`: seconds that each piece takes, in both directions. `slices`: bytes of which the pieces are, at most.
    `silent`: nothing arrives any more in either direction, and nobody is told. `commits`: so many of the coming COMMITs
    are answered by a reset of the connection, "before" or "after" the server has got them (`side`); `resets` were.
    """

    delay: float = 0.0
    slices: int = 0
    silent: bool = False
    commits: int = 0
    side: Side = "after"
    resets: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)


class Proxy:
    """One listening port. `url`: of the same database, by way of the proxy."""

    def __init__(self, url: str) -> None:
        self.target = url
        self._target = make_url(url)
        self.weather = Weather()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = self._do(asyncio.start_server(self._joined, "127.0.0.1", 0))
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._target.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()

    def _do(self, work: Coroutine[Any, Any, asyncio.Server]) -> asyncio.Server:
        return self._loop.run_until_complete(work)

    def cut(self) -> None:
        """Resets every connection that there is."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self.weather.connections):
            writer.transport.abort()

    def stop(self) -> None:
        """Ends all connections and the port."""
        asyncio.run_coroutine_threadsafe(self._ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _ended(self) -> None:
        self._server.close()
        self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target.host, self._target.port
        assert host is not None
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self.weather.connections |= ends
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, self._commit(writer)),
                self._pass(far_reader, writer, lambda data: False),
            )
        except (OSError, _Reset):
            pass
        finally:
            self.weather.connections -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stops: Callable[[bytes], bool]
    ) -> None:
        """Until the stream ends, or `stops` says so of a piece: then the server has had it, or not."""
        weather = self.weather
        while data := await reader.read(1 << 16):
            stopped = stops(data)
            if stopped and weather.side == "before":
                raise _Reset
            step = weather.slices or len(data)
            for start in range(0, len(data), step):
                if weather.delay:
                    await asyncio.sleep(weather.delay)
                while weather.silent:
                    await asyncio.sleep(0.02)
                writer.write(data[start : start + step])
                await writer.drain()
            if stopped:
                raise _Reset
        writer.write_eof()

    def _commit(self, near: asyncio.StreamWriter) -> Callable[[bytes], bool]:
        def is_one(data: bytes) -> bool:
            weather = self.weather
            if weather.commits <= 0 or COMMIT not in data:
                return False
            weather.commits -= 1
            weather.resets += 1
            if weather.side == "after":
                near.transport.abort()  # at once: the server's answer must not get through
            return True

        return is_one


class _Reset(Exception):
    """The connection is to be reset."""


@contextmanager
def between(url: str) -> Iterator[Proxy]:
    """A proxy to the database server of this URL."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        with suppress(RuntimeError):
            proxy.stop()
