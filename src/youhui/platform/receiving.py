"""Takes in a body of any length, while a thread works on one part of it the next one and no more; and answers what was
rejected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid
from youhui.platform.rows import Rejected

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

PART = 256 * 1024
"""bytes that are gathered before a thread works on them"""


class Sink(Protocol[T_co]):
    """What a body is fed to, by one thread at a time; each call may wait for the database."""

    def feed(self, piece: bytes) -> None:
        """Takes a piece."""

    def finish(self) -> T_co:
        """The whole body has been fed."""

    def leave(self) -> None:
        """Called last, whatever became of the body: what has been done stays."""


class RejectedRow(BaseModel):
    """A fault of the row that begins on this line: where in the row, its code, its sentence."""

    line: int
    path: str
    code: str
    message: str
    params: dict[str, str | int]


def rejected_rows(rejected: Iterable[Rejected], language: Language) -> list[RejectedRow]:
    """As they are answered."""
    return [
        RejectedRow(
            line=one.line,
            path=one.fault.path,
            code=one.fault.code,
            message=one.fault.say(language),
            params=dict(one.fault.params),
        )
        for one in rejected
    ]


async def received(request: Request, sink: Sink[T]) -> T:
    """Feeds the whole body. Raises Invalid if the caller goes away, and whatever the sink raises."""
    part = bytearray()
    working = asyncio.ensure_future(asyncio.sleep(0))
    try:
        async for piece in request.stream():
            part += piece
            if len(part) >= PART:
                await working
                working = asyncio.ensure_future(asyncio.to_thread(sink.feed, bytes(part)))
                part.clear()
        await working
        return await asyncio.to_thread(_finished, sink, bytes(part))
    except ClientDisconnect:
        raise Invalid([_CUT_OFF]) from None
    finally:
        await asyncio.wait([working])
        await asyncio.to_thread(sink.leave)


def _finished(sink: Sink[T], rest: bytes) -> T:
    sink.feed(rest)
    return sink.finish()


_CUT_OFF = Fault(
    "",
    "not_received",
    both("连接中断，未收到全部内容", "The connection ended before everything was received").__getitem__,
)
