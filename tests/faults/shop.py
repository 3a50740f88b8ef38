"""What a shop asks for: its promotions, and the requests of its checkout. One mug at 100.00."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from sqlalchemy import make_url

from tests import servers
from tests.faults.load import Clients, Request
from tests.faults.nodes import Node
from tests.http import serving
from tests.http.serving import PROMOTIONS
from youhui.platform import migrate
from youhui.platform.db import Database

ORDERS = "/api/orders"
PRICE = 10_000
"""of the mug, in fen"""


def promotion(name: str, off: str = "10.00", **terms: Any) -> dict[str, Any]:
    """So much off the order."""
    return {"id": name, "actions": [{"kind": "amount_off", "amount": off, "target": "order"}], **terms}


class Shop:
    """A shop's database, and who may use it. `server`: the database's, if it has one."""

    def __init__(self, url: str, folder: Path, server: servers.DatabaseServer | None = None) -> None:
        self.url = url
        self.folder = folder
        self._server = server
        database = Database(url)
        migrate.upgrade(database)
        database.close()

    @property
    def server(self) -> servers.DatabaseServer:
        assert self._server is not None
        return self._server

    @property
    def kind(self) -> str:
        """ "sqlite", "postgresql" or "mysql"."""
        return make_url(self.url).get_backend_name()

    @cached_property
    def admin(self) -> dict[str, str]:
        """The header of an admin."""
        return serving.admin(self.url)

    @cached_property
    def checkout(self) -> dict[str, str]:
        """The header of the shop's own system."""
        return serving.storefront(self.url, "quote", "orders")

    @contextmanager
    def served(self, count: int = 1, url: str | None = None, **environment: str) -> Iterator[Served]:
        """By so many processes; they know the database by another URL if one is given."""
        _ = self.admin, self.checkout
        with ExitStack() as stack:
            nodes = [Node(url or self.url, self.folder / f"node{i}.log", **environment) for i in range(count)]
            yield Served(self, [stack.enter_context(node) for node in nodes])


class Served:
    """A shop and the nodes that serve it."""

    def __init__(self, shop: Shop, nodes: Sequence[Node]) -> None:
        self.shop = shop
        self.url = shop.url
        self.nodes = nodes

    @property
    def node(self) -> Node:
        """The first."""
        return self.nodes[0]

    def clients(self, count: int) -> Clients:
        """Of the shop's own system, spread over the nodes."""
        return Clients(count, [node.address for node in self.nodes], self.shop.checkout)

    def add(self, *promotions: dict[str, Any]) -> None:
        """Stores promotions, by way of the first node."""
        with httpx2.Client(base_url=self.node.address(), headers=self.shop.admin, timeout=30) as client:
            for one in promotions:
                answer = client.post(PROMOTIONS, json=one)
                assert answer.status_code == 201, answer.text


def place(
    order_no: str,
    payable: int,
    customer: str | None = None,
    *,
    key: str = "",
    price: int = PRICE,
    quantity: int = 1,
    **more: Any,
) -> Request:
    """An order of mugs at a price; `payable` is what is expected. In fen."""
    lines = [{"id": "1", "sku": "MUG", "unit_price": _money(price), "quantity": quantity}]
    body: dict[str, Any] = {
        "currency": "CNY", "lines": lines, "order_no": order_no, "expected_payable": _money(payable), **more
    }  # fmt: skip
    if customer is not None:
        body["customer"] = {"id": customer}
    return Request("POST", ORDERS, msgspec.json.encode(body), key)


def pay(order_no: str, key: str = "") -> Request:
    return Request("POST", f"{ORDERS}/{order_no}/pay", b"{}", key)


def cancel(order_no: str, key: str = "") -> Request:
    return Request("POST", f"{ORDERS}/{order_no}/cancel", b"{}", key)


def refund(order_no: str, refund_no: str, key: str = "", **part: Any) -> Request:
    """All that is left, or the part that is named."""
    body = {"refund_no": refund_no, **(part or {"all": True})}
    return Request("POST", f"{ORDERS}/{order_no}/refunds", msgspec.json.encode(body), key)


def _money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
