"""What strangers, and operators on the biggest day, found out about orders."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.checked import assert_sound
from tests.faults import books
from tests.faults.load import Answer, Line, Request, tally
from tests.faults.shop import Served, Shop, place, promotion
from tests.http import ordering, serving
from tests.http.ordering import ORDERS, outcome
from tests.http.serving import PROMOTIONS, cart, line
from tests.http.serving import promotion as terms
from youhui.platform.backup import backup

CLIENTS = 16


KINDS = [
    pytest.param("sqlite", marks=pytest.mark.slow),
    pytest.param("postgresql", marks=pytest.mark.servers),
]


@pytest.fixture(scope="module", params=KINDS)
def _served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'youhui.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgresql_server").database())
        yield stack.enter_context(Shop(url, folder).served(2))


@pytest.fixture
def served(_served: Served) -> Iterator[Served]:
    """A shop that two processes serve; its books are sound after each test."""
    yield _served
    assert_sound(_served.url)
    assert [node.complaints() for node in _served.nodes] == ["", ""]


@dataclass
class Asked:
    """An order that was asked for at an instant, and the answer."""

    request: Request
    at: float
    answer: Answer


async def _crowd(
    served: Served, requests: Sequence[Request], meanwhile: Coroutine[Any, Any, None]
) -> list[Asked]:
    """16 clients on both nodes ask, while something else is done."""
    asked: list[Asked] = []

    async def ask(line: Line, request: Request) -> None:
        at = time.monotonic()
        asked.append(Asked(request, at, await line.ask(request)))

    async with served.clients(CLIENTS) as group, asyncio.TaskGroup() as both:
        both.create_task(meanwhile)
        both.create_task(group.each(requests, ask))
    return asked


def _admin(served: Served) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=served.node.address(), headers=served.shop.admin, timeout=20)


# -- the biggest day


def test_limits_that_move_while_orders_come_are_never_passed(served: Served) -> None:
    chance = random.Random(seed := random.SystemRandom().randrange(10**6))
    print(f"seed {seed}")
    sale = promotion("moved", "10.00", code="MOVED", usage_limit=5, budget="10000.00")
    served.add(sale)
    outcomes: list[str] = []

    async def move() -> None:
        async with _admin(served) as admin:
            for _ in range(40):
                limit = chance.randrange(120)
                answer = await admin.put(f"{PROMOTIONS}/moved", json={**sale, "usage_limit": limit})
                outcomes.append(outcome(answer))
                uses, _ = books.taken(served.url, "moved")
                assert uses <= limit or answer.status_code == 409

    requests = [place(f"moved-{i}", 9_000, codes=["MOVED"]) for i in range(300)]
    asked = asyncio.run(_crowd(served, requests, move()))
    placed = tally(one.answer for one in asked)
    assert set(placed) <= {"201", "409 QUOTE_CHANGED"}
    assert set(outcomes) <= {"200", "409 LIMIT_BELOW_USE"}
    assert books.taken(served.url, "moved") == (placed["201"], placed["201"] * 1_000)


def test_no_order_has_what_was_paused(served: Served) -> None:
    sale = promotion("paused", "10.00", code="PAUSED", usage_limit=1_000_000)
    served.add(sale)
    paused_at = [float("inf")]

    async def pause() -> None:
        async with _admin(served) as admin:
            await _until(lambda: books.taken(served.url, "paused")[0] >= 30)
            answer = await admin.put(f"{PROMOTIONS}/paused", json={**sale, "active": False})
            assert answer.status_code == 200, answer.text
            paused_at[0] = time.monotonic()

    requests = [place(f"paused-{i}", 9_000, codes=["PAUSED"]) for i in range(400)]
    asked = asyncio.run(_crowd(served, requests, pause()))
    after = [one for one in asked if one.at > paused_at[0]]
    assert len(after) > 10, "it was paused in the middle"
    assert tally(one.answer for one in after) == {"409 QUOTE_CHANGED": len(after)}
    assert books.taken(served.url, "paused")[0] == tally(one.answer for one in asked)["201"]


async def _until(reached: Callable[[], bool]) -> None:
    for _ in range(500):
        if reached():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came so far")


def test_a_copy_that_was_made_under_load_is_sound(served: Served, tmp_path: Path) -> None:
    """And so is the database itself, whenever it is looked at. Other databases are copied by their own programs."""
    served.add(promotion("copy", "10.00", code="COPY", usage_limit=100, budget="5000.00"))
    copy = tmp_path / "copy"

    async def look() -> None:
        for _ in range(3):
            await asyncio.to_thread(assert_sound, served.url)
        if served.shop.kind == "sqlite":
            await asyncio.to_thread(backup, served.url, copy)

    requests = [place(f"copy-{i}", 9_000, f"c{i % 7}", codes=["COPY"]) for i in range(300)]
    asyncio.run(_crowd(served, requests, look()))
    assert books.taken(served.url, "copy")[0] == 100
    if served.shop.kind == "sqlite":
        assert_sound(f"sqlite:///{copy}")
        assert len(books.states(f"sqlite:///{copy}", "copy-")) <= 100


def test_what_was_accepted_is_answered_before_a_node_ends(served: Served) -> None:
    """SIGTERM in the middle: what has an answer is written, and nothing is written without one."""
    served.add(promotion("ended", "10.00", code="ENDED", usage_limit=1_000_000))
    leaving = served.nodes[1]

    async def end() -> None:
        await _until(lambda: books.taken(served.url, "ended")[0] >= 40)
        os.kill(leaving.pid, signal.SIGTERM)

    requests = [place(f"ended-{i}", 9_000, codes=["ENDED"]) for i in range(600)]
    asked = asyncio.run(_crowd(served, requests, end()))
    answered = {one.request.body for one in asked if one.answer.status == 201}
    assert {one.answer.status for one in asked} == {201, 0}
    assert len(books.states(served.url, "ended-")) == len(answered)
    leaving.start()


# -- what an integrating engineer stumbles over


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ordering.Shop]:
    with ordering.opened(tmp_path) as shop:
        yield shop
    assert_sound(f"sqlite:///{tmp_path / 'youhui.db'}")


@pytest.mark.parametrize(
    ("lines", "parts", "refunded"),
    [
        ([], [], "0.00"),
        ([line(unit_price="0.00", quantity=3)], [1, 2], "0.00"),
        ([line(unit_price="0.07", quantity=1_000_000)], [1, 333_333, 666_665, 1], "69990.00"),
        ([line(unit_price="90071992547409.91", quantity=1)], [1], "90071992547399.91"),
        ([line(id="e\u0301\"'\\{}$%</script>\u202e🎉" + "字" * 45)], [1, 1], "110.00"),
    ],
    ids=["no lines", "nothing to pay", "a million units", "the largest amount", "an odd id"],
)
def test_an_odd_order_is_an_order(
    shop: ordering.Shop, lines: list[dict[str, Any]], parts: list[int], refunded: str
) -> None:
    shop.has(terms(give_back="pro_rata", usage_limit=1, budget="10.00"))
    assert shop.place("A1", lines=lines).status_code == 201
    assert shop.pay("A1").status_code == 200
    for number, units in enumerate(parts):
        part = [{"id": lines[0]["id"], "quantity": units}]
        assert shop.refund("A1", f"R{number}", lines=part).status_code == 201
    if not parts:
        assert shop.refund("A1", "R").status_code == 201
    order = shop.get("A1")
    assert (order["state"], order["refunded_amount"], order["actual_amount"]) == (
        "refunded", refunded, refunded
    )  # fmt: skip


def test_all_keys_of_a_shop_see_its_orders(shop: ordering.Shop) -> None:
    """A retry after a key was replaced is still the same request."""
    placed = shop.place("A1", key="k")
    shop.key = serving.key(shop.client, "quote", "orders")
    assert shop.place("A1", key="k").content == placed.content
    assert shop.pay("A1").status_code == 200


@pytest.mark.parametrize(
    ("number", "told"), [("%00", "\\x00"), ("%2e%2e", ".."), ("a%0d%0aX-Evil:1", "a\\r\\nX-Evil:1")]
)
def test_what_is_no_order_number_is_told_back_harmlessly(shop: ordering.Shop, number: str, told: str) -> None:
    answer = shop.client.get(f"{ORDERS}/{number}", headers={**shop.key, "accept-language": "en"})
    assert answer.json()["message"] == f"There is no order {told}"


def test_a_promotion_may_go_and_come_back_under_open_orders(shop: ordering.Shop) -> None:
    """Deleted, it gives nothing more; its open orders keep their price; back again, it has its past (P1)."""
    sale = terms(usage_limit=2)
    address = f"{PROMOTIONS}/p1"
    shop.has(sale)
    assert [outcome(shop.place(name)) for name in ("A1", "A2")] == ["201", "201"]
    assert shop.client.delete(address).status_code == 204
    assert shop.payable(cart()) == "120.00"
    assert shop.pay("A1").json()["actual_amount"] == "110.00"
    refused = shop.client.post(PROMOTIONS, json={**sale, "usage_limit": 1})
    assert outcome(refused) == "409 LIMIT_BELOW_USE"
    shop.has(sale)
    told = shop.client.get(address).json()
    assert (told["used"], told["held"]) == (1, 1)
    assert outcome(shop.place("A3", expected_payable="110.00")) == "409 QUOTE_CHANGED"
    assert outcome(shop.cancel("A2")) == "200"
    assert outcome(shop.place("A3", expected_payable="110.00")) == "201"


# -- what is said of an incident


def test_why_orders_were_turned_away_is_in_the_log(
    shop: ordering.Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong with the database then: an operator must see that."""
    for name, value, why in [
        ("_most_waiting", 0, "0 commands wait already"),
        ("_stopping", True, "this process is ending"),
    ]:
        with monkeypatch.context() as patched, capture_logs() as lines:
            patched.setattr(shop.client.service.committer, name, value)
            assert shop.place("A1").status_code == 503
        assert [one["error"] for one in lines if one["event"] == "unavailable"] == [why]
