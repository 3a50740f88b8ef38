"""A cheap client for many requests at once: keep-alive connections that may be cut, and what was answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

HUNG = 8.0
"""seconds after which a request without an answer is a fault of the service: it promises five, on an idle machine"""
UNSETTLED = (503, 0)
"""answers that leave it open whether there was an effect; 0: none at all"""


class Request(NamedTuple):
    """What is sent. The same `key` again means the same effect."""

    method: str
    path: str
    body: bytes = b""
    key: str = ""


class Answer(NamedTuple):
    """What came back, after so many seconds. Status 0: nothing did."""

    status: int
    body: bytes = b""
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """Of an error."""
        return str(self.json.get("error", "")) if self.body else "no answer"


NONE = Answer(0)


class Hung(AssertionError):
    """A request was not answered in time."""


class Line:
    """One connection to wherever the service is now; made anew where it broke."""

    def __init__(self, address: Callable[[], str], headers: Mapping[str, str]) -> None:
        self._address = address
        sent = {"host": "shop", "content-type": "application/json", **headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Answer:
        """One attempt. An answer with status 0 if the connection breaks. Raises Hung."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(HUNG):
                await self.send(request)
                return await self._receive(began)
        except TimeoutError:
            self.cut()
            raise Hung(f"{request.method} {request.path}: no answer in {HUNG} s") from None
        except (OSError, EOFError):
            self.cut()
            return NONE._replace(seconds=time.monotonic() - began)

    async def send(self, request: Request, keep_back: int = 0) -> bytes:
        """Sends all but the last bytes, which are returned."""
        if self._streams is None:
            host, _, port = self._address().removeprefix("http://").partition(":")
            self._streams = await asyncio.open_connection(host, int(port))
        key = f"idempotency-key: {request.key}\r\n" if request.key else ""
        head = f"{request.method} {request.path} HTTP/1.1\r\n{self._headers}{key}"
        length = f"content-length: {len(request.body)}\r\n\r\n"
        data = (head + length).encode() + request.body
        self._streams[1].write(data[: len(data) - keep_back])
        return data[len(data) - keep_back :]

    async def finish(self, rest: bytes) -> Answer:
        """Sends what was kept back."""
        assert self._streams is not None
        began = time.monotonic()
        self._streams[1].write(rest)
        try:
            async with asyncio.timeout(HUNG):
                return await self._receive(began)
        except (OSError, EOFError):
            self.cut()
            return NONE

    async def _receive(self, began: float) -> Answer:
        assert self._streams is not None
        reader = self._streams[0]
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        return Answer(int(head[9:12]), body, time.monotonic() - began)

    def cut(self) -> None:
        """Ends the connection as a crash of the client would."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


class Clients:
    """So many clients with a connection each, spread over the nodes. Use it as a block, in a loop."""

    def __init__(self, count: int, nodes: Sequence[Callable[[], str]], headers: Mapping[str, str]) -> None:
        self.lines = [Line(nodes[i % len(nodes)], headers) for i in range(count)]

    async def __aenter__(self) -> Clients:
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self.lines:
            line.cut()
        await asyncio.sleep(0)  # lets the transports close

    async def each(self, work: Iterable[T], do: Callable[[Line, T], Awaitable[None]]) -> None:
        """Shares the work out among the clients: who is done takes the next piece."""
        pieces = iter(work)

        async def one(line: Line) -> None:
            for piece in pieces:
                await do(line, piece)

        async with asyncio.TaskGroup() as clients:
            for line in self.lines:
                clients.create_task(one(line))

    async def together(self, requests: Sequence[Request]) -> list[Answer]:
        """One request a client, whose last bytes all go out at once."""
        lines = self.lines[: len(requests)]
        rests = await asyncio.gather(
            *(line.send(request, 1) for line, request in zip(lines, requests, strict=True))
        )
        return await asyncio.gather(*(line.finish(rest) for line, rest in zip(lines, rests, strict=True)))


async def settled(
    line: Line, request: Request, within: float = 120.0, pause: float = 0.05
) -> tuple[Answer, list[Answer]]:
    """Asks until the answer says what became of it, as a shop's checkout does; the last answer, and those before it."""
    before: list[Answer] = []
    end = time.monotonic() + within
    while True:
        answer = await line.ask(request)
        if answer.status not in UNSETTLED and not (answer.status == 409 and answer.code == "IN_FLIGHT"):
            return answer, before
        before.append(answer)
        if time.monotonic() > end:
            raise AssertionError(f"{request.method} {request.path} is not settled after {within} s: {answer}")
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, 1.0)


async def cut_off(line: Line, request: Request, after: float) -> None:
    """Sends it and hangs up before the answer can be read: whether it was done is not known to us."""
    with suppress(OSError):
        await line.send(request)
        await asyncio.sleep(after)
    line.cut()


def tally(answers: Iterable[Answer]) -> Counter[str]:
    """How many of each outcome: "201", "409 QUOTE_CHANGED"."""
    return Counter(str(one.status) if one.status < 400 else f"{one.status} {one.code}" for one in answers)
