"""A network that is slow, breaks or swallows what is sent: nobody waits long, and nothing is done twice (P6 P10)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from sqlalchemy import NullPool, create_engine, text

from tests.faults import books
from tests.faults.load import Answer, Clients, Line, Request, settled, tally
from tests.faults.proxy import Proxy, between
from tests.faults.shop import PRICE, Served, Shop, place, promotion
from tests.faults.trying import on, sized

Note = Callable[[str, object], None]
DISCOUNTED = PRICE - 1_000


@contextmanager
def _far(shop: Shop) -> Iterator[tuple[Served, Proxy]]:
    """A node whose database is at the other end of a network that we decide on."""
    with between(shop.url) as proxy, shop.served(1, proxy.url) as served:
        served.add(promotion("far", code="FAR", usage_limit=1_000_000))
        yield served, proxy


def _orders(start: str, count: int) -> list[Request]:
    return [
        place(f"{start}{i}", DISCOUNTED, f"{start}{i}", key=f"{start}{i}", codes=["FAR"])
        for i in range(count)
    ]


async def _settled(served: Served, requests: Sequence[Request], clients: int = 16) -> list[list[Answer]]:
    """All answers to each request, the last of which says what became of it."""
    found: list[list[Answer]] = [[] for _ in requests]

    async def settle(line: Line, number: int) -> None:
        last, before = await settled(line, requests[number])
        found[number] = [*before, last]

    async with served.clients(clients) as group:
        await group.each(range(len(requests)), settle)
    return found


def _assert_all_placed_once(shop: Shop, start: str, answers: Sequence[Sequence[Answer]]) -> None:
    assert [one[-1].status for one in answers] == [201] * len(answers)
    assert books.states(shop.url, start) == {f"{start}{i}": "pending" for i in range(len(answers))}
    assert set(books.entries(shop.url, start).values()) == {1}


@on("postgresql", "mariadb")
def test_a_reset_at_commit_is_settled_by_the_same_request(
    shop: Shop, chance: Random, record_property: Note
) -> None:
    """Before the server has got the COMMIT, or after: the service sees the same, and does not do it twice."""
    orders = sized(40, 1_000, 4_000)
    with _far(shop) as (served, proxy):
        for side in ("before", "after"):
            proxy.weather.side = side
            proxy.weather.commits = sized(5, 250, 500)
            requests = _orders(f"{side}-", orders)
            answers = asyncio.run(_settled(served, requests, clients=4))
            _assert_all_placed_once(shop, f"{side}-", answers)
    assert proxy.weather.resets >= sized(10, 100)
    record_property("resets", proxy.weather.resets)
    record_property("first answers", dict(tally([one[0] for one in answers])))


@on("postgresql", "mariadb")
def test_a_slow_network_changes_nothing_but_the_time(shop: Shop, record_property: Note) -> None:
    orders = sized(16, 200)
    with _far(shop) as (served, proxy):
        proxy.weather.slices = 1
        sliced = asyncio.run(_settled(served, _orders("slice-", sized(4, 40))))
        proxy.weather.slices = 0
        proxy.weather.delay = 0.05
        delayed = asyncio.run(_settled(served, _orders("delay-", orders)))
        proxy.weather.delay = 0.0
    _assert_all_placed_once(shop, "slice-", sliced)
    _assert_all_placed_once(shop, "delay-", delayed)
    slowest = max(answer.seconds for one in [*sliced, *delayed] for answer in one)
    record_property("slowest", f"{slowest:.1f} s")


@on("postgresql", "mariadb")
def test_a_network_that_swallows_everything_is_given_up(shop: Shop, record_property: Note) -> None:
    """In the middle of the load everything goes silent, and some seconds later it is as if nothing had been."""
    silent = sized(6, 30)
    with _far(shop) as (served, proxy):
        asyncio.run(_settled(served, _orders("warm-", 8)))
        proxy.weather.silent = True
        in_silence = asyncio.run(_asked_for(served, silent))
        healed = time.monotonic()
        proxy.weather.silent = False
        again = [request for request, _ in in_silence]
        answers = asyncio.run(_settled(served, again))
        recovered = time.monotonic() - healed
    assert {answer.status for _, answer in in_silence} == {503}
    slowest = max(answer.seconds for _, answer in in_silence)
    _assert_all_placed_once(shop, "silent-", answers)
    record_property("slowest", f"{slowest:.1f} s")
    record_property("as before", f"after {recovered:.1f} s")


async def _asked_for(served: Served, seconds: float) -> list[tuple[Request, Answer]]:
    """New orders by eight clients, one attempt each, for so long."""
    asked: list[tuple[Request, Answer]] = []
    end = time.monotonic() + seconds
    numbers = iter(range(100_000))

    async def work(line: Line, _: int) -> None:
        while time.monotonic() < end:
            number = next(numbers)
            request = place(
                f"silent-{number}", DISCOUNTED, f"silent-{number}", key=f"s{number}", codes=["FAR"]
            )
            mine = len(asked)
            asked.append((request, Answer(0)))
            asked[mine] = (request, await line.ask(request))

    async with served.clients(8) as group:
        await group.each(range(8), work)
    return asked


@on("postgresql", "mariadb")
def test_a_row_that_somebody_else_holds_is_not_waited_for_long(shop: Shop, record_property: Note) -> None:
    """A transaction of another program sits on the counter of the promotion."""
    requests = _orders("crowd-", sized(40, 200))
    with shop.served() as served:
        served.add(promotion("far", code="FAR", usage_limit=1_000_000))
        with _held(shop, "SELECT * FROM counters WHERE promotion = 'far' FOR UPDATE"):
            answers, health = asyncio.run(_crowd(served, requests))
        again = asyncio.run(_settled(served, requests, 32))
    assert {answer.status for answer in answers} == {503}
    _assert_all_placed_once(shop, "crowd-", again)
    record_property("slowest", f"{max(answer.seconds for answer in answers):.1f} s")
    record_property("health", f"{health:.3f} s at most")


@on("postgresql", "mariadb")
def test_orders_do_not_wait_for_the_connections_of_others(shop: Shop, record_property: Note) -> None:
    """Everybody reads the audit log, which another program has locked: all connections of the pool hang."""
    lock = {"postgresql": "LOCK TABLE audit IN ACCESS EXCLUSIVE MODE", "mysql": "LOCK TABLES audit WRITE"}
    orders = [place(f"free-{i}", PRICE) for i in range(sized(20, 200))]
    with shop.served() as served:
        asyncio.run(_settled(served, [place("free-first", PRICE)]))
        with _held(shop, lock[shop.kind]):
            readers = [Request("GET", "/api/admin/audit")] * 40
            answers, health = asyncio.run(_beside(served, readers, orders))
        asyncio.run(_settled(served, orders))
    assert {answer.status for answer in answers[: len(readers)]} == {503}
    assert {answer.status for answer in answers[len(readers) :]} == {201}
    record_property("slowest", f"{max(answer.seconds for answer in answers):.1f} s")
    record_property("health", f"{health:.3f} s at most")


async def _beside(
    served: Served, readers: Sequence[Request], orders: Sequence[Request]
) -> tuple[list[Answer], float]:
    """What an admin and the shop's own system are answered at the same time."""
    async with (
        Clients(len(readers), [served.node.address], served.shop.admin) as admins,
        served.clients(len(orders)) as group,
        served.clients(1) as prober,
    ):
        reading = [
            asyncio.create_task(line.ask(one)) for line, one in zip(admins.lines, readers, strict=True)
        ]
        await asyncio.sleep(0.5)  # all of them are in the database, or wait for a connection
        ordering = [asyncio.create_task(line.ask(one)) for line, one in zip(group.lines, orders, strict=True)]
        health = await _health(prober.lines[0], [*reading, *ordering])
        return [await task for task in (*reading, *ordering)], health


async def _crowd(served: Served, requests: Sequence[Request]) -> tuple[list[Answer], float]:
    """Everybody asks once; how long the process took to say that it lives meanwhile."""
    async with served.clients(len(requests)) as group, served.clients(1) as prober:
        asking = [asyncio.create_task(line.ask(one)) for line, one in zip(group.lines, requests, strict=True)]
        health = await _health(prober.lines[0], asking)
        return [await task for task in asking], health


async def _health(line: Line, others: Sequence[asyncio.Task[Answer]]) -> float:
    """The slowest answer of a probe while others wait."""
    slowest = 0.0
    while not all(task.done() for task in others):
        answer = await line.ask(Request("GET", "/healthz"))
        assert answer.status == 200
        slowest = max(slowest, answer.seconds)
        await asyncio.sleep(0.05)
    return slowest


@contextmanager
def _held(shop: Shop, statement: str) -> Iterator[None]:
    engine = create_engine(shop.url, poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(statement))
        yield
