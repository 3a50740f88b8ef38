"""One effect, however often it is asked for and whatever becomes of the connections (P6 P10 P12)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from tests.faults import books
from tests.faults.load import UNSETTLED, Answer, Line, Request, cut_off, settled, tally
from tests.faults.shop import PRICE, Served, cancel, pay, place, promotion, refund
from tests.faults.trying import sized

Note = Callable[[str, object], None]
COPIES = 5
CUT = 0.3
AGAIN = {"409 IN_FLIGHT", "0 no answer"}


def test_a_request_sent_many_times_has_one_effect(
    served: Served, chance: Random, record_property: Note
) -> None:
    """Each step of an order is sent 1 to 5 times at once, three in ten hang up, and then once more."""
    orders = sized(40, 1_000, 4_000)
    served.add(promotion("once", code="ONCE", usage_limit=orders * 2 // 3))
    plans = [_plan(number, chance) for number in range(orders)]
    sent, answered = asyncio.run(_followed(served, plans, chance))
    placed = [plan for plan, outcome in zip(plans, answered, strict=True) if outcome]
    assert len(placed) == orders * 2 // 3
    assert books.taken(served.url, "once") == (len(placed), len(placed) * 1_000)
    assert set(books.states(served.url, "once").values()) == {"paid"}
    assert set(books.entries(served.url, "once").values()) == {1}
    record_property("requests", f"{sent} for {3 * len(placed)} effects")


def _plan(number: int, chance: Random) -> Sequence[Request]:
    """The steps of an order; the key of each is sent or not."""
    name = f"once{number}"
    key = f"{name}-{{}}" if chance.random() < 0.7 else ""
    return [
        place(name, PRICE - 1_000, f"c{number}", key=key.format("place"), codes=["ONCE"]),
        pay(name, key.format("pay")),
    ]


async def _followed(
    served: Served, plans: Sequence[Sequence[Request]], chance: Random
) -> tuple[int, list[bool]]:
    """How many requests were sent, and which orders were placed."""
    sent = 0
    done = [False] * len(plans)

    async with served.clients(8 * COPIES) as group:
        teams = [group.lines[i : i + COPIES] for i in range(0, 8 * COPIES, COPIES)]
        pieces = iter(enumerate(plans))

        async def team(lines: Sequence[Line]) -> None:
            nonlocal sent
            for number, steps in pieces:
                for request in steps:
                    copies = chance.randint(1, COPIES)
                    sent += copies + 1
                    answer = await _repeated(lines[:copies], request, chance)
                    if answer.status == 409:
                        assert answer.code == "QUOTE_CHANGED", answer
                        break
                    assert answer.status in (200, 201), answer
                else:
                    done[number] = True

        async with asyncio.TaskGroup() as teams_at_work:
            for lines in teams:
                teams_at_work.create_task(team(lines))
    return sent, done


async def _repeated(lines: Sequence[Line], request: Request, chance: Random) -> Answer:
    """What it is answered at last, which all that were answered must agree with."""

    async def one(line: Line) -> Answer:
        if chance.random() < CUT:
            await cut_off(line, request, chance.uniform(0, 0.02))
            return Answer(0)
        return await line.ask(request)

    copies = await asyncio.gather(*(one(line) for line in lines))
    last, _ = await settled(lines[0], request)
    said = {(answer.status, answer.body) for answer in copies if answer.status not in UNSETTLED}
    said = {(status, body) for status, body in said if b"IN_FLIGHT" not in body}
    if last.status < 300:
        assert said <= {(last.status, last.body)}, (request, said, last)
    else:
        assert not {status for status, _ in said if status < 300}, (request, said, last)
    return last


def test_another_body_is_told_apart(served: Served) -> None:
    """A key that succeeded, a number that is taken: neither has a second effect, nor answers as if it had."""
    first = place("apart1", PRICE, "c1", key="apart")
    other = place("apart2", PRICE, "c2", key="apart")
    taken = place("apart1", PRICE, "c2")
    reused = pay("apart1", key="apart")
    answers = asyncio.run(_one_by_one(served, [first, other, taken, reused, first]))
    assert [f"{one.status} {one.code if one.status >= 400 else ''}".strip() for one in answers] == [
        "201", "422 IDEMPOTENCY_KEY_REUSED", "409 ORDER_EXISTS", "422 IDEMPOTENCY_KEY_REUSED", "201",
    ]  # fmt: skip
    assert answers[0].body == answers[-1].body


async def _one_by_one(served: Served, requests: Sequence[Request]) -> list[Answer]:
    async with served.clients(len(served.nodes)) as group:
        lines = group.lines
        return [await lines[i % len(lines)].ask(request) for i, request in enumerate(requests)]


def test_a_refusal_frees_its_key(served: Served) -> None:
    """The same key with the payable of the new quote."""
    refused = place("free1", PRICE - 1, "c1", key="free")
    answers = asyncio.run(_one_by_one(served, [refused, place("free1", PRICE, "c1", key="free")]))
    assert [one.status for one in answers] == [409, 201]


def test_refunds_in_any_number_at_once_give_back_what_was_paid(
    served: Served, chance: Random, record_property: Note
) -> None:
    """Every unit by a refund of its own, each sent twice, at the same time: the parts are the whole, to the fen."""
    orders, units = sized(6, 100), 7
    served.add(promotion("parts", off="9.99", code="PARTS"))
    paid = units * PRICE - 999
    answers = asyncio.run(_refunded(served, orders, units, paid))
    for number, parts in enumerate(answers):
        assert set(tally(parts)) <= {"201"} | AGAIN
        amounts = {
            body["refunds"][0]["refund_no"]: body["refunds"][0]["amount"]
            for body in (answer.json for answer in parts if answer.status == 201)
        }
        assert sum(round(float(one) * 100) for one in amounts.values()) == paid, (number, amounts)
    assert set(books.states(served.url, "parts").values()) == {"refunded"}
    record_property("refunds", orders * units)


async def _refunded(served: Served, orders: int, units: int, paid: int) -> list[list[Answer]]:
    found = []
    async with served.clients(2 * units) as group:
        for number in range(orders):
            name = f"parts{number}"
            for request in (place(name, paid, f"c{number}", quantity=units, codes=["PARTS"]), pay(name)):
                assert (await group.lines[0].ask(request)).status in (200, 201)
            parts = [
                refund(name, f"r{i}", f"{name}-{i}", lines=[{"id": "1", "quantity": 1}]) for i in range(units)
            ]
            answers = await group.together([*parts, *parts])
            found.append([*answers, *[(await settled(group.lines[0], part))[0] for part in parts]])
    return found


def test_of_paying_and_cancelling_one_wins(served: Served, record_property: Note) -> None:
    rounds = sized(10, 300)
    won = asyncio.run(_contested(served, rounds))
    assert all(
        sorted(tally(one)) in (["200", "409 ORDER_STATE"], ["200", "409 IN_FLIGHT", "409 ORDER_STATE"])
        for one in won
    ), won
    states = books.states(served.url, "race")
    assert set(states.values()) <= {"paid", "cancelled"}
    record_property("won", {state: list(states.values()).count(state) for state in set(states.values())})


async def _contested(served: Served, rounds: int) -> list[list[Answer]]:
    answers = []
    async with served.clients(16) as group:
        for number in range(rounds):
            name = f"race{number}"
            assert (await group.lines[0].ask(place(name, PRICE, f"c{number}"))).status == 201
            answers.append(await group.together([pay(name), cancel(name)] * 8))
    return answers
