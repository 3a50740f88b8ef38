"""What is limited is used up exactly: never once too often, and never refused while there is some left (P1 P2 P4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import pytest

from tests.faults import books
from tests.faults.load import Answer, Line, Request, tally
from tests.faults.nodes import Node
from tests.faults.shop import PRICE, Shop, cancel, pay, place, promotion, refund
from tests.faults.trying import on, sized

Note = Callable[[str, object], None]
CLIENTS = 64
DISCOUNTED = PRICE - 1_000
TAKEN, GONE = "201", "409 QUOTE_CHANGED"


def _asked(
    shop: Shop, nodes: Sequence[Node], requests: Sequence[Request], clients: int = CLIENTS
) -> list[Answer]:
    """Each request once, as fast as so many clients can; the answers in the order of the requests."""
    answers = [Answer(0)] * len(requests)

    async def ask(line: Line, number: int) -> None:
        answers[number] = await line.ask(requests[number])

    async def run() -> None:
        async with shop.clients(clients, nodes) as group:
            await group.each(range(len(requests)), ask)

    asyncio.run(run())
    return answers


@pytest.mark.parametrize(
    ("shop", "count"),
    [
        ("sqlite", 1),
        pytest.param("postgresql", 1, marks=pytest.mark.servers),
        pytest.param("postgresql", 3, marks=pytest.mark.servers),
        pytest.param("mariadb", 1, marks=pytest.mark.servers),
        pytest.param("mariadb", 2, marks=pytest.mark.servers),
    ],
    indirect=["shop"],
)
def test_a_limit_is_used_up_exactly(shop: Shop, count: int, record_property: Note) -> None:
    limit, attempts = sized((50, 400), (1_000, 10_000), (1_000, 64 * 10_000))
    with shop.nodes(count) as nodes:
        shop.add(nodes[0], promotion("hot", usage_limit=limit))
        orders = [place(f"o{i}", DISCOUNTED, f"c{i}") for i in range(attempts)]
        answers = _asked(shop, nodes, orders)
    assert tally(answers) == {TAKEN: limit, GONE: attempts - limit}
    assert books.taken(shop.url, "hot") == (limit, limit * 1_000)
    placed = {f"o{i}" for i, answer in enumerate(answers) if answer.status == 201}
    assert set(books.states(shop.url, "o")) == placed
    record_property("outcomes", dict(tally(answers)))


@on("sqlite", "postgresql", "mariadb")
def test_one_use_released_to_all_at_the_same_instant(shop: Shop, record_property: Note) -> None:
    rounds = sized(5, 200)
    with shop.nodes(2 if shop.kind != "sqlite" else 1) as nodes:
        shop.add(nodes[0], *[promotion(f"one{r}", code=f"ONE{r}", usage_limit=1) for r in range(rounds)])
        won = asyncio.run(_rounds(shop, nodes, rounds))
    assert won == [{TAKEN: 1, GONE: CLIENTS - 1}] * rounds
    record_property("rounds", rounds)


async def _rounds(shop: Shop, nodes: Sequence[Node], rounds: int) -> list[dict[str, int]]:
    won = []
    async with shop.clients(CLIENTS, nodes) as group:
        for number in range(rounds):
            orders = [
                place(f"r{number}-{i}", DISCOUNTED, f"c{i}", codes=[f"ONE{number}"]) for i in range(CLIENTS)
            ]
            won.append(dict(tally(await group.together(orders))))
    return won


@on("postgresql")
def test_one_shared_code_is_limited_for_all_who_enter_it(shop: Shop, record_property: Note) -> None:
    """Nobody shares a customer, a cart or an order; a code is written in many ways."""
    customers, limit = sized((80, 20), (500, 100), (5_000, 1_000))
    ways = ("SAVE10", "save10", " Save10 ", "ＳＡＶＥ10")
    with shop.nodes(2) as nodes:
        shop.add(nodes[0], promotion("shared", code="SAVE10", usage_limit=limit))
        orders = [
            place(f"o{i}", PRICE * (1 + i % 3) - 1_000, f"c{i}", quantity=1 + i % 3, codes=[ways[i % 4]])
            for i in range(customers)
        ]
        answers = _asked(shop, nodes, orders)
    assert tally(answers) == {TAKEN: limit, GONE: customers - limit}
    record_property("outcomes", dict(tally(answers)))


@on("sqlite", "postgresql", "mariadb")
def test_a_customer_takes_no_more_than_one_however_many_devices_ask(
    shop: Shop, record_property: Note
) -> None:
    rounds = sized(3, 50)
    with shop.nodes(2 if shop.kind != "sqlite" else 1) as nodes:
        shop.add(nodes[0], promotion("each", usage_limit_per_customer=1))
        won = asyncio.run(_customers(shop, nodes, rounds))
    assert won == [{TAKEN: 1, GONE: CLIENTS - 1}] * rounds
    record_property("customers", rounds)


async def _customers(shop: Shop, nodes: Sequence[Node], rounds: int) -> list[dict[str, int]]:
    won = []
    async with shop.clients(CLIENTS, nodes) as group:
        for number in range(rounds):
            orders = [place(f"p{number}-{i}", DISCOUNTED, f"same{number}") for i in range(CLIENTS)]
            won.append(dict(tally(await group.together(orders))))
    return won


@on("sqlite", "postgresql")
def test_a_budget_is_never_exceeded_nor_held_back(shop: Shop, chance: Random, record_property: Note) -> None:
    """Half off at random prices, so that every discount is another one."""
    budget, attempts = sized((200_000, 200), (1_000_000, 2_000), (1_000_000, 20_000))
    half = {"kind": "percent_off", "percent": "50", "target": "order"}
    asks = [chance.randint(1, 9_999) for _ in range(attempts)]
    with shop.nodes() as nodes:
        given = f"{budget // 100}.{budget % 100:02}"
        shop.add(nodes[0], promotion("half", budget=given) | {"actions": [half]})
        orders = [place(f"o{i}", ask, f"c{i}", price=2 * ask) for i, ask in enumerate(asks)]
        answers = _asked(shop, nodes, orders)
    assert set(tally(answers)) <= {TAKEN, GONE}
    _, spent = books.taken(shop.url, "half")
    assert spent == sum(ask for ask, answer in zip(asks, answers, strict=True) if answer.status == 201)
    refused = [ask for ask, answer in zip(asks, answers, strict=True) if answer.status == 409]
    rest = budget - spent
    assert 0 <= rest < min(refused)
    record_property("spent", f"{spent} of {budget}, smallest refused ask {min(refused)}")


@on("sqlite", "postgresql", "mariadb")
def test_what_ends_gives_back_what_it_took(shop: Shop, chance: Random, record_property: Note) -> None:
    """Placed, then paid, cancelled, refunded or left to expire, by many at once, all on one limit."""
    orders = sized(60, 2_000, 20_000)
    ends = [chance.choice(("pay", "cancel", "refund", "leave")) for _ in range(orders)]
    limit = orders // 3
    with shop.nodes() as nodes:
        shop.add(nodes[0], promotion("hot", usage_limit=limit, give_back="full_refund"))
        outcomes = asyncio.run(_lives(shop, nodes, ends))
    kept = sum(1 for one in outcomes if one == "pay")
    uses, amount = books.taken(shop.url, "hot")
    left = sum(1 for state in books.states(shop.url, "l").values() if state == "pending")
    assert kept <= uses <= kept + left, "what was left holds until somebody ends it"
    assert amount == uses * 1_000
    record_property("outcomes", {end: outcomes.count(end) for end in sorted(set(outcomes))})


async def _lives(shop: Shop, nodes: Sequence[Node], ends: Sequence[str]) -> list[str]:
    outcomes = ["" for _ in ends]

    async def live(line: Line, number: int) -> None:
        order_no, end = f"l{number}", ends[number]
        hold = 1 if end == "leave" else 60
        placed = await line.ask(place(order_no, DISCOUNTED, f"c{number}", hold_seconds=hold))
        if placed.status != 201:
            assert placed.code == "QUOTE_CHANGED", placed
            outcomes[number] = "no room"
            return
        for request in _after(order_no, end):
            answer = await line.ask(request)
            assert answer.status in (200, 201), answer
        outcomes[number] = end

    async with shop.clients(32, nodes) as group:
        await group.each(range(len(ends)), live)
    return outcomes


def _after(order_no: str, end: str) -> Sequence[Request]:
    steps = {
        "pay": [pay(order_no)],
        "cancel": [cancel(order_no)],
        "refund": [pay(order_no), refund(order_no, "r1")],
        "leave": [],
    }
    return steps[end]
