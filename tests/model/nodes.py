"""Two nodes of one shop in this process, on one database and with one clock that is turned by hand.

They are what `youhui serve` runs, without HTTP and without the threads that do things by the clock: nothing happens
unless a test says so, and in the order in which it says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import TypeAlias, TypeVar
from unittest import mock

import msgspec
from pydantic import SecretStr

from tests.model.model import Refused
from tests.model.terms import money
from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.orders import counts, pricing, service
from youhui.checkout.orders.answers import done_answer
from youhui.checkout.orders.commands import Done
from youhui.checkout.orders.problems import QuoteChanged
from youhui.checkout.orders.requests import OrderRequests, Sent, read_refund
from youhui.platform.db import Database
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Refusal
from youhui.platform.settings import Settings
from youhui.promotions.rules import read_terms

T = TypeVar("T")
Document: TypeAlias = dict[str, object]

CALLER = "storefront:1"


class Clock:
    """The shop's time, and the monotonic seconds that go with it: no two instants are the same there."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._began = now
        self._tick = count(1)

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - self._began).total_seconds() + next(self._tick) * 1e-9


@dataclass(frozen=True)
class Request:
    """A write as it is sent: to what place, with which body and Idempotency-Key."""

    operation: str
    order_no: str
    body: bytes = b"{}"
    key: str | None = None

    @property
    def sent(self) -> Sent:
        request = blake2b(f"{self.operation} {self.order_no}\n".encode() + self.body, digest_size=16)
        return Sent(caller=CALLER, idempotency_key=self.key, request=request.hexdigest())


def placing(order_no: str, cart: Document, payable: int, hold: int, key: str | None = None) -> Request:
    """`payable` in fen, `hold` in seconds."""
    body = {**cart, "order_no": order_no, "expected_payable": money(payable), "hold_seconds": hold}
    return Request("place", order_no, msgspec.json.encode(body), key)


def refunding(
    order_no: str, number: str, lines: dict[str, int], shipping: bool, key: str | None = None
) -> Request:
    """Neither lines nor shipping: all that is left."""
    body: Document = {"refund_no": number}
    if lines:
        body["lines"] = [{"id": line, "quantity": units} for line, units in lines.items()]
    if shipping:
        body["shipping"] = True
    if not lines and not shipping:
        body["all"] = True
    return Request("refund", order_no, msgspec.json.encode(body), key)


@dataclass(frozen=True)
class Answer:
    """What was answered: the order's JSON, or the code of a refusal and, of QUOTE_CHANGED, the new payable."""

    done: Done | None = None
    refused: str | None = None
    payable: int | None = None

    @property
    def body(self) -> bytes:
        assert self.done is not None, self.refused
        return done_answer(self.done)


class Node:
    """One process of the shop."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._bodies = OrderRequests(service.requests, timedelta(minutes=15), timedelta(days=7))

    async def quote(self, cart: Document) -> int:
        """What is to be paid, in fen."""
        asked = self.service.requests.read(msgspec.json.encode(cart))
        return (await self.service.pricing.quoted(asked)).quote.total

    async def send(self, request: Request) -> Answer:
        """What is answered to it."""
        try:
            return Answer(done=await self._sent(request))
        except QuoteChanged as changed:
            return Answer(refused=changed.code, payable=changed.quote.total)
        except Refusal as refusal:
            return Answer(refused=refusal.code)

    async def _sent(self, request: Request) -> Done:
        orders, order_no, sent = self.service.orders, request.order_no, request.sent
        if request.operation == "place":
            return await orders.place(self._bodies.read(request.body), sent)
        if request.operation == "refund":
            return await orders.refund(order_no, read_refund(request.body), sent)
        return await (orders.pay if request.operation == "pay" else orders.cancel)(order_no, sent)

    def look(self) -> None:
        """As the thread does each second that follows the versions."""
        self.service.following.look()

    def store(self, document: Document, *, new: bool) -> None:
        """A promotion. Raises Refused."""
        promotions = self.service.promotions
        terms = read_terms(document, "CNY", self.service.registry)
        if new:
            _refusing(lambda: promotions.add([terms], SYSTEM))
        else:
            _refusing(lambda: promotions.replace(terms, SYSTEM))

    def remove(self, promotion: str) -> None:
        """A promotion. Raises Refused."""
        _refusing(lambda: self.service.promotions.remove(promotion, SYSTEM))

    @property
    def database(self) -> Database:
        return self.service.database


def _refusing(write: Callable[[], object]) -> None:
    try:
        write()
    except Refusal as refusal:
        raise Refused(refusal.code) from refusal


class Nodes:
    """All of them, and the event loop of all that is asked of them."""

    def __init__(self, url: str, clock: Clock, runner: asyncio.Runner, many: int) -> None:
        settings = Settings(database_url=url, secret_key=SecretStr("of the model's nodes, 32 or more"))
        self._runner = runner
        self.all = [Node(bootstrap.service(settings, clock)) for _ in range(many)]
        for node in self.all:
            node.look()
            node.service.committer.start()

    def run(self, *asked: Awaitable[T]) -> Sequence[T]:
        """All of it at once."""

        async def together() -> Sequence[T]:
            return await asyncio.gather(*asked)

        return self._runner.run(together())

    def stop(self) -> None:
        for node in self.all:
            node.service.committer.stop()
            node.service.readers.stop()
            node.service.following.stop()
            node.database.close()


@contextmanager
def nodes_on(url: str, clock: Clock, many: int = 2) -> Iterator[Nodes]:
    """On a database that has its tables."""
    with (
        mock.patch.object(counts, "monotonic", clock.monotonic),
        mock.patch.object(pricing, "monotonic", clock.monotonic),
        mock.patch.object(service, "monotonic", clock.monotonic),
        asyncio.Runner() as runner,
    ):
        nodes = Nodes(url, clock, runner, many)
        try:
            yield nodes
        finally:
            nodes.stop()
