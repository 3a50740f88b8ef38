"""Many who want the same rows in different orders, on several nodes: all are served (P9), whoever edits rules (P16)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import httpx2

from tests.faults import books
from tests.faults.load import Answer, Line, Request, tally
from tests.faults.shop import Served, place, promotion
from tests.faults.trying import sized
from tests.http.serving import PROMOTIONS

Note = Callable[[str, object], None]
NAMES = tuple("ABCDEFGH")


def _storm(start: str, orders: int, chance: Random) -> list[Request]:
    """Orders that take of two to five promotions, named in any order; customers and their counters come again."""
    requests = []
    for number in range(orders):
        codes = chance.sample([f"{start}{name}" for name in NAMES], chance.randint(2, 5))
        customer = f"c{chance.randrange(max(2, orders // 10))}"
        requests.append(place(f"{start}-{number}", 10_000 - 100 * len(codes), customer, codes=codes))
    return requests


def _add(served: Served, start: str) -> None:
    served.add(
        *[
            promotion(
                f"{start}{name}",
                "1.00",
                code=f"{start}{name}",
                usage_limit=1_000_000,
                usage_limit_per_customer=100_000,
            )
            for name in NAMES
        ]
    )


async def _asked(served: Served, requests: list[Request], stop: asyncio.Event | None = None) -> list[Answer]:
    answers: list[Answer] = []

    async def ask(line: Line, request: Request) -> None:
        answers.append(await line.ask(request))

    async with served.clients(32) as group:
        await group.each(requests, ask)
    if stop is not None:
        stop.set()
    return answers


def test_a_storm_of_shuffled_promotions_is_served_whole(
    served: Served, chance: Random, record_property: Note
) -> None:
    orders = sized(150, 5_000, 20_000)
    _add(served, "storm")
    requests = _storm("storm", orders, chance)
    answers = asyncio.run(_asked(served, requests))
    assert tally(answers) == {"201": orders}
    for name in NAMES:
        uses = sum(f'"storm{name}"'.encode() in request.body for request in requests)
        assert books.taken(served.url, f"storm{name}") == (uses, uses * 100)
    record_property("orders", orders)


def test_editing_under_load_breaks_nothing(served: Served, chance: Random, record_property: Note) -> None:
    """Rules are edited all the while, without a change to the price: an order is priced again by the new ones."""
    orders = sized(100, 2_000)
    _add(served, "edit")

    async def run() -> tuple[list[Answer], int]:
        stop = asyncio.Event()
        editing = asyncio.create_task(_edit(served, stop))
        answers = await _asked(served, _storm("edit", orders, chance), stop)
        return answers, await editing

    answers, edits = asyncio.run(run())
    assert set(tally(answers)) <= {"201", "409 QUOTE_CHANGED"}
    assert tally(answers)["201"] == len(books.states(served.url, "edit-"))
    record_property("outcomes", f"{dict(tally(answers))} during {edits} edits")


async def _edit(served: Served, stop: asyncio.Event) -> int:
    edits = 0
    address = served.nodes[-1].address()
    async with httpx2.AsyncClient(base_url=address, headers=served.shop.admin, timeout=30) as client:
        while not stop.is_set():
            name = f"edit{NAMES[edits % len(NAMES)]}"
            stored = await client.get(f"{PROMOTIONS}/{name}")
            document = {**stored.json(), "name": f"edited {edits} times"}
            answer = await client.put(f"{PROMOTIONS}/{name}", json=document)
            assert answer.status_code == 200, answer.text
            edits += 1
            await asyncio.sleep(0.1)
    return edits
