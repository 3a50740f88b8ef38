"""The biggest day of a coupon: all its ways at once, while it is paused, changed and voided, and coupons expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import takewhile
from random import Random
from typing import Any

import httpx2
import msgspec
from sqlalchemy import NullPool, create_engine, text

from tests.faults.load import Answer, Clients, Line, Request, tally
from tests.faults.shop import Served, Shop, cancel, pay, place, refund
from tests.faults.trying import on, sized
from tests.http import serving
from youhui.coupons.issuing.jobs import expire_coupons
from youhui.platform.db import Database

Note = Callable[[str, object], None]

TEMPLATES = "/api/marketing/coupon-templates"
COUPONS = "/api/marketing/coupons"
MOST_EACH = 6
"""coupons of a customer"""
COUPON: dict[str, Any] = {
    "name": "大促立减10", "value": "10.00", "valid": {"days": 7}, "ways": ["claim"], "per_customer": MOST_EACH,
}  # fmt: skip
GIFT = {**COUPON, "name": "支付有礼", "ways": ["payment"], "payment_from": "1.00", "per_customer": None}
EXPECTED = {
    "201", "200", "409 COUPON_SOLD_OUT", "409 COUPON_LIMIT_REACHED", "409 COUPON_NOT_CLAIMABLE", "409 QUOTE_CHANGED",
    "409 COUPON_NOT_APPLICABLE", "409 COUPON_VOID", "409 COUPON_USED", "409 COUPON_LOCKED",
}  # fmt: skip
"""all else would be a fault of the service: what clients do here is in order"""
LINE = {"id": "1", "sku": "MUG", "unit_price": "100.00", "quantity": 1}


@on("sqlite", "postgresql")
def test_the_biggest_day(shop: Shop, chance: Random, record_property: Note) -> None:
    lives = sized(120, 4_000)
    with shop.served(1 if shop.kind == "sqlite" else 2) as served:
        day = Day(served, lives, chance)
        answers = asyncio.run(day.run())
        assert [node.complaints() for node in served.nodes] == [""] * len(served.nodes)
    outcomes = tally(answers)
    assert set(outcomes) <= EXPECTED, outcomes
    issued, most_each, spent = _written(shop.url, day.template)
    assert 0 < issued <= day.total
    assert most_each <= MOST_EACH
    assert 0 < spent <= day.budget
    record_property("outcomes", dict(outcomes))


class Day:
    """A template with a total and a budget that do not suffice, and so many visits of customers who want it."""

    def __init__(self, served: Served, lives: int, chance: Random) -> None:
        self._served = served
        self._lives = lives
        self._chance = chance
        self._headers = serving.storefront(served.url, "quote", "orders", "coupons")
        self._answers: list[Answer] = []
        self._over = asyncio.Event()
        self.total = lives * 2 // 3
        self.budget = lives * 1000 // 6
        """in fen"""
        money = f"{self.budget // 100}.{self.budget % 100:02}"
        with httpx2.Client(base_url=served.node.address(), headers=served.shop.admin, timeout=30) as client:
            for more in (GIFT, {**COUPON, "total": self.total, "budget": money}):
                self.template: int = client.post(TEMPLATES, json=more).json()["id"]
                published = client.post(f"{TEMPLATES}/{self.template}/publish")
                assert published.status_code == 200, published.text

    async def run(self) -> list[Answer]:
        """All that the customers were answered."""
        nodes = [node.address for node in self._served.nodes]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._edited())
            group.create_task(self._swept())
            async with Clients(32, nodes, self._headers) as clients:
                await clients.each(range(self._lives), self._visit)
            self._over.set()
        return self._answers

    async def _visit(self, line: Line, number: int) -> None:
        """A customer claims a coupon and uses it, in one of the ways."""
        customer = f"c{self._chance.randrange(self._lives // 8)}"
        path = f"{TEMPLATES}/{self.template}/claim"
        claimed = await self._ask(line, path, {"user_id": customer}, key=f"claim-{number}")
        if claimed.status != 201:
            return
        coupon: int = claimed.json["id"]
        cart = {"currency": "CNY", "customer": {"id": customer}, "lines": [LINE]}
        await self._ask(line, f"{COUPONS}/available", cart)
        if self._chance.random() < 0.3:
            await self._use(line, coupon, customer, number)
        else:
            await self._order(line, coupon, customer, f"D{number}")

    async def _use(self, line: Line, coupon: int, customer: str, number: int) -> None:
        body = {"user_id": customer, "order_no": f"S{number}", "order_amount": "100.00"}
        used = await self._ask(line, f"{COUPONS}/{coupon}/use", body)
        if used.status == 200 and self._chance.random() < 0.5:
            await self._ask(line, f"{COUPONS}/{coupon}/cancel-use", {"order_no": f"S{number}"})

    async def _order(self, line: Line, coupon: int, customer: str, number: str) -> None:
        quote = {"currency": "CNY", "customer": {"id": customer}, "lines": [LINE], "coupons": [coupon]}
        quoted = await self._ask(line, "/api/quotes", quote)
        total = round(float(quoted.json["total"]) * 100)
        placed = await self._sent(line, place(number, total, customer, coupons=[coupon]))
        if placed.status != 201:
            return
        if self._chance.random() < 0.3:
            await self._sent(line, cancel(number))
            return
        await self._sent(line, pay(number))
        if self._chance.random() < 0.4:
            await self._sent(line, refund(number, "R1"))

    async def _ask(self, line: Line, path: str, body: object, key: str = "") -> Answer:
        return await self._sent(line, Request("POST", path, msgspec.json.encode(body), key))

    async def _sent(self, line: Line, request: Request) -> Answer:
        answer = await line.ask(request)
        self._answers.append(answer)
        return answer

    async def _edited(self) -> None:
        """Paused, published and changed again and again, and void in the end."""
        path = f"{TEMPLATES}/{self.template}"
        address = self._served.nodes[-1].address()
        async with httpx2.AsyncClient(
            base_url=address, headers=self._served.shop.admin, timeout=30
        ) as client:
            for step in _until(self._over):
                asked = (
                    client.patch(path, json={"value": "8.00" if step % 4 else "10.00"})
                    if step % 2
                    else client.post(f"{path}/{'publish' if step % 4 else 'pause'}")
                )
                answer = await asked
                assert answer.status_code == 200, answer.text
                await asyncio.sleep(0.25)
            assert (await client.post(f"{path}/void")).status_code == 200

    async def _swept(self) -> None:
        database = Database(self._served.url)
        for _ in _until(self._over):
            await asyncio.to_thread(expire_coupons, database)
            await asyncio.sleep(0.2)
        await asyncio.to_thread(expire_coupons, database)
        database.close()


def _until(over: asyncio.Event) -> Iterator[int]:
    """Counts until it is over, at most for some minutes."""
    return takewhile(lambda _: not over.is_set(), range(1, 3_000))


def _written(url: str, template: int) -> tuple[int, int, int]:
    """How many were issued, the most to one customer, and the money given, in fen."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        asked = {"id": template, "name": f"coupon-template:{template}"}
        issued = text("SELECT issued FROM coupon_templates WHERE id = :id")
        each = text("SELECT COUNT(*) FROM coupons WHERE template_id = :id GROUP BY customer ORDER BY 1 DESC")
        spent = text(
            "SELECT amount_used + amount_held FROM counters WHERE promotion = :name AND customer = '' AND period = ''"
        )
        issued_, each_, spent_ = (
            int(connection.execute(one, asked).scalars().first() or 0) for one in (issued, each, spent)
        )
        return issued_, each_, spent_
