"""What is limited is used up exactly: never once too often, never refused while there is some left (P1 P2 P4 P8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.faults import books
from tests.faults.load import Answer, Line, Request, tally
from tests.faults.shop import PRICE, Served, cancel, pay, place, promotion, refund
from tests.faults.trying import sized

Note = Callable[[str, object], None]
CLIENTS = 64
DISCOUNTED = PRICE - 1_000
TAKEN, GONE = "201", "409 QUOTE_CHANGED"
IN = {name: {"channel": name} for name in ("hot", "each", "half", "life")}


def only_in(name: str, **terms: Any) -> dict[str, Any]:
    """A promotion for carts of one channel, of the same name: the experiments share their nodes."""
    return promotion(name, conditions=[{"kind": "channel", "any_of": [name]}], **terms)


def asked(served: Served, requests: Sequence[Request], clients: int = CLIENTS) -> list[Answer]:
    """Each request once, as fast as so many clients can; the answers in the order of the requests."""
    answers = [Answer(0)] * len(requests)

    async def ask(line: Line, number: int) -> None:
        answers[number] = await line.ask(requests[number])

    async def run() -> None:
        async with served.clients(clients) as group:
            await group.each(range(len(requests)), ask)

    asyncio.run(run())
    return answers


def raced(served: Served, rounds: Sequence[Sequence[Request]]) -> list[dict[str, int]]:
    """The outcomes of each round, whose requests are released together."""

    async def run() -> list[dict[str, int]]:
        async with served.clients(CLIENTS) as group:
            return [dict(tally(await group.together(requests))) for requests in rounds]

    return asyncio.run(run())


def test_a_limit_is_used_up_exactly(served: Served, record_property: Note) -> None:
    limit, attempts = sized((50, 400), (1_000, 10_000), (1_000, 64 * 10_000))
    served.add(only_in("hot", usage_limit=limit))
    answers = asked(
        served, [place(f"hot{i}", DISCOUNTED, f"c{i}", context=IN["hot"]) for i in range(attempts)]
    )
    assert tally(answers) == {TAKEN: limit, GONE: attempts - limit}
    assert books.taken(served.url, "hot") == (limit, limit * 1_000)
    placed = {f"hot{i}" for i, answer in enumerate(answers) if answer.status == 201}
    assert set(books.states(served.url, "hot")) == placed
    record_property("outcomes", dict(tally(answers)))


def test_one_use_released_to_all_at_the_same_instant(served: Served, record_property: Note) -> None:
    rounds = sized(5, 200)
    served.add(*[promotion(f"one{r}", code=f"ONE{r}", usage_limit=1) for r in range(rounds)])
    orders = [
        [place(f"one{r}-{i}", DISCOUNTED, f"c{i}", codes=[f"ONE{r}"]) for i in range(CLIENTS)]
        for r in range(rounds)
    ]
    assert raced(served, orders) == [{TAKEN: 1, GONE: CLIENTS - 1}] * rounds
    record_property("rounds", rounds)


def test_many_codes_share_one_limit(served: Served, record_property: Note) -> None:
    """Each customer has a code of their own; the limit is the promotion's, whichever of its codes is entered."""
    customers, limit = sized((80, 20), (500, 100), (500, 100))
    codes = [f"OWN{i}" for i in range(customers)]
    served.add(promotion("own", code=codes[0], more_codes=codes[1:], usage_limit=limit))
    orders = [place(f"own{i}", DISCOUNTED, f"c{i}", codes=[code]) for i, code in enumerate(codes)]
    answers = asked(served, orders)
    assert tally(answers) == {TAKEN: limit, GONE: customers - limit}
    record_property("codes", customers)


def test_one_shared_code_is_limited_for_all_who_enter_it(served: Served, record_property: Note) -> None:
    """Nobody shares a customer, a cart or an order; the code is written in many ways."""
    customers, limit = sized((80, 20), (500, 100), (5_000, 1_000))
    ways = ("SAVE10", "save10", " Save10 ", "ＳＡＶＥ10")
    served.add(promotion("shared", code="SAVE10", usage_limit=limit))
    orders = [
        place(f"code{i}", PRICE * (1 + i % 3) - 1_000, f"c{i}", quantity=1 + i % 3, codes=[ways[i % 4]])
        for i in range(customers)
    ]
    answers = asked(served, orders)
    assert tally(answers) == {TAKEN: limit, GONE: customers - limit}
    record_property("outcomes", dict(tally(answers)))


def test_a_customer_takes_no_more_than_one_with_any_number_of_devices(
    served: Served, record_property: Note
) -> None:
    rounds = sized(3, 50)
    served.add(only_in("each", usage_limit_per_customer=1))
    orders = [
        [place(f"each{r}-{i}", DISCOUNTED, f"same{r}", context=IN["each"]) for i in range(CLIENTS)]
        for r in range(rounds)
    ]
    assert raced(served, orders) == [{TAKEN: 1, GONE: CLIENTS - 1}] * rounds
    record_property("customers", rounds)


def test_a_budget_is_never_exceeded_nor_held_back(
    served: Served, chance: Random, record_property: Note
) -> None:
    """Half off at random prices, so that every discount is another one."""
    budget, attempts = sized((200_000, 200), (1_000_000, 2_000), (1_000_000, 20_000))
    half = {"kind": "percent_off", "percent": "50", "target": "order"}
    served.add(only_in("half", budget=f"{budget // 100}.{budget % 100:02}") | {"actions": [half]})
    asks = [chance.randint(1, 9_999) for _ in range(attempts)]
    orders = [
        place(f"half{i}", ask, f"c{i}", price=2 * ask, context=IN["half"]) for i, ask in enumerate(asks)
    ]
    answers = asked(served, orders)
    assert set(tally(answers)) <= {TAKEN, GONE}
    _, spent = books.taken(served.url, "half")
    assert spent == sum(ask for ask, answer in zip(asks, answers, strict=True) if answer.status == 201)
    refused = min(ask for ask, answer in zip(asks, answers, strict=True) if answer.status == 409)
    assert 0 <= budget - spent < refused
    record_property("spent", f"{spent} of {budget}, the smallest refused ask {refused}")


ENDS: dict[str, Callable[[str], Sequence[Request]]] = {
    "pay": lambda order_no: [pay(order_no)],
    "cancel": lambda order_no: [cancel(order_no)],
    "refund": lambda order_no: [pay(order_no), refund(order_no, "r1")],
    "leave": lambda order_no: [],
}


def test_what_ends_gives_back_what_it_took(served: Served, chance: Random, record_property: Note) -> None:
    """Placed, then paid, cancelled, refunded or left to expire, by many at once, all on one limit."""
    orders = sized(90, 2_000, 20_000)
    limit = orders // 3
    served.add(only_in("life", usage_limit=limit))
    ends = [chance.choice(sorted(ENDS)) for _ in range(orders)]
    outcomes = asyncio.run(_lives(served, ends))
    states = list(books.states(served.url, "life").values())
    uses, amount = books.taken(served.url, "life")
    assert uses == states.count("paid") + states.count("pending") <= limit
    assert amount == uses * 1_000
    assert states.count("paid") == outcomes.count("pay")
    record_property("outcomes", {end: outcomes.count(end) for end in sorted(set(outcomes))})


async def _lives(served: Served, ends: Sequence[str]) -> list[str]:
    outcomes = [""] * len(ends)

    async def live(line: Line, number: int) -> None:
        order_no, end = f"life{number}", ends[number]
        hold = 1 if end == "leave" else 60
        placed = await line.ask(
            place(order_no, DISCOUNTED, f"c{number}", hold_seconds=hold, context=IN["life"])
        )
        if placed.status != 201:
            assert placed.code == "QUOTE_CHANGED", placed
            outcomes[number] = "no room"
            return
        for request in ENDS[end](order_no):
            answer = await line.ask(request)
            assert answer.status in (200, 201), answer
        outcomes[number] = end

    async with served.clients(32) as group:
        await group.each(range(len(ends)), live)
    return outcomes
