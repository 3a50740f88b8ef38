"""A network that is slow, breaks or swallows what is sent: nobody waits long, and nothing is done twice (P6 P10)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from sqlalchemy import NullPool, create_engine, text

from tests.faults import books
from tests.faults.load import Answer, Line, Request, settled, tally
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
def test_others_may_hold_every_row_and_every_connection(shop: Shop, record_property: Note) -> None:
    """A transaction of somebody else's sits on the counter, others on the versions; and reading still works."""
    clients = sized(40, 200)
    with shop.served() as served:
        served.add(promotion("far", code="FAR", usage_limit=1_000_000))
        with _locked(shop, "SELECT * FROM counters WHERE promotion = 'far' FOR UPDATE"):
            answers, health = asyncio.run(_crowd(served, clients))
        settled_answers = asyncio.run(_settled(served, [request for request, _ in answers], 32))
    assert {answer.status for _, answer in answers} <= {503}
    slowest = max(answer.seconds for _, answer in answers)
    _assert_all_placed_once(shop, "crowd-", settled_answers)
    record_property("slowest", f"{slowest:.1f} s")
    record_property("health", f"{health:.3f} s at most")


async def _crowd(served: Served, clients: int) -> tuple[list[tuple[Request, Answer]], float]:
    """Everybody asks once; how long the process took to say that it lives meanwhile."""
    requests = _orders("crowd-", clients)
    found: list[tuple[Request, Answer]] = []
    health: list[float] = []

    async def ask(line: Line, number: int) -> None:
        found.append((requests[number], await line.ask(requests[number])))

    async def look(line: Line) -> None:
        while len(found) < clients:
            answer = await line.ask(Request("GET", "/healthz"))
            assert answer.status == 200
            health.append(answer.seconds)
            await asyncio.sleep(0.05)

    async with served.clients(clients) as group, served.clients(1) as prober:
        looking = asyncio.create_task(look(prober.lines[0]))
        await group.each(range(clients), ask)
        await looking
    found.sort(key=lambda one: int(one[0].key.removeprefix("crowd-")))
    return found, max(health)


@contextmanager
def _locked(shop: Shop, statement: str) -> Iterator[None]:
    engine = create_engine(shop.url, poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(statement))
        yield
