"""Coupons for everybody, from a service that is killed again and again meanwhile: each customer gets exactly one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import httpx2
from sqlalchemy import create_engine, text

from tests.faults.nodes import Node
from tests.faults.shop import Shop
from tests.faults.trying import SIZE, on, sized
from youhui.platform.failpoints import VARIABLE

Note = Callable[[str, object], None]

TEMPLATES = "/api/marketing/coupon-templates"
COUPON = {
    "name": "全员满100减20", "type": "discount", "value": "20.00", "min_amount": "100.00",
    "expire_at": "2099-11-11T00:00:00Z", "ways": ["push"], "per_customer": 1,
}  # fmt: skip
WITHIN = [
    "issuing.locked", "issuing.coupons", "issuing.claims", "issuing.written", "tasks.step", "tasks.commit",
    "tasks.committed",
]  # fmt: skip
"""the failpoints of a step, in their order"""
STEP = 1_000
"""customers of a step"""
PATIENCE = 120.0
"""seconds for the next step"""


class Pusher:
    """Who asks a node for a push, and again whenever it has come back."""

    def __init__(self, shop: Shop, node: Node, template: int) -> None:
        self._headers = {**shop.admin, "idempotency-key": "everybody"}
        self._node = node
        self._path = f"{TEMPLATES}/{template}/issue"

    def ask(self) -> dict[str, Any]:
        """The task, which the first time begins it. Raises httpx2.TransportError from a node that is gone."""
        with httpx2.Client(base_url=self._node.address(), headers=self._headers, timeout=30) as client:
            answer = client.post(self._path, json={"all": True})
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def until_done(self, more: int | None = None) -> float:
        """Until so many more customers are done, or all; the seconds until the first of them were."""
        began = time.monotonic()
        first = None
        before = self.ask()
        now = before
        while now["state"] != "done" and (more is None or now["done"] < before["done"] + more):
            if first is None and now["done"] > before["done"]:
                first = time.monotonic() - began
            assert time.monotonic() - began < PATIENCE, f"it stands at {now}"
            time.sleep(0.02)
            now = self.ask()
        return time.monotonic() - began if first is None else first

    def until_gone(self) -> None:
        """Until the node has ended by itself; what is asked of it meanwhile may be lost."""
        with suppress(httpx2.TransportError):
            self.ask()
        began = time.monotonic()
        while not self._node.gone():
            assert time.monotonic() - began < PATIENCE, "its failpoint was not reached"
            time.sleep(0.02)


@on("sqlite", "postgresql")
def test_a_push_killed_again_and_again_gives_each_customer_one(
    shop: Shop, chance: Random, record_property: Note
) -> None:
    """Each process is killed within a step; in the large sizes every other one from outside, wherever it is."""
    customers, kills = sized(3_000, 30_000, 100_000), sized(2, 5)
    most = customers // STEP // (kills + 1)
    points = []
    with shop.served() as served:
        node = served.node
        pusher = Pusher(shop, node, _prepared(shop, node, customers))
        began = time.monotonic()
        for number in range(kills):
            node.kill()
            steps, point = chance.randint(1, most), chance.choice(WITHIN)
            if SIZE and number % 2 == 0:
                node.start()
                pusher.until_done(STEP * steps)
                point = "outside"
            else:
                node.start(**{VARIABLE: f"{point}:{steps}=kill"})
                pusher.until_gone()
            points.append(point)
        node.kill()
        node.start()
        waited = pusher.until_done()
        seconds = time.monotonic() - began
        task = pusher.ask()
    assert (task["state"], task["done"], task["result"]["issued"]) == ("done", customers, customers)
    assert _had(shop.url) == (customers, customers, customers)
    record_property("customers", customers)
    record_property("killed", " ".join(points))
    record_property("seconds", f"{seconds:.1f}, with {waited:.1f} after the last kill until it went on")


def _prepared(shop: Shop, node: Node, customers: int) -> int:
    """A published template, and so many customers of the directory."""
    lines = "\n".join(f'{{"id":"c{n}"}}' for n in range(customers))
    with httpx2.Client(base_url=node.address(), headers=shop.admin, timeout=300) as client:
        kind = {"content-type": "application/jsonl"}
        brought = client.put("/api/directory/customers", content=lines, headers=kind)
        assert brought.json()["created"] == customers, brought.text
        template: int = client.post(TEMPLATES, json=COUPON).json()["id"]
        assert client.post(f"{TEMPLATES}/{template}/publish").status_code == 200
    return template


def _had(url: str) -> tuple[int, int, int]:
    """Coupons, customers that have one, and how many the template says were issued."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT COUNT(*), COUNT(DISTINCT customer), (SELECT issued FROM coupon_templates) FROM coupons"
            )
        )
        found = rows.one()
    engine.dispose()
    return found[0], found[1], found[2]
