"""What a shop asks for: its promotions, and the requests of its checkout. One mug at 100.00."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2
import msgspec

from tests.faults.load import Request
from tests.http.serving import PROMOTIONS

ORDERS = "/api/orders"
PRICE = 10_000
"""of the mug, in fen"""


def promotion(name: str, off: str = "10.00", **terms: Any) -> dict[str, Any]:
    """So much off the order."""
    return {"id": name, "actions": [{"kind": "amount_off", "amount": off, "target": "order"}], **terms}


def add(address: str, admin: dict[str, str], promotions: Iterable[dict[str, Any]]) -> None:
    """Stores promotions."""
    with httpx2.Client(base_url=address, headers=admin, timeout=30) as client:
        for one in promotions:
            answer = client.post(PROMOTIONS, json=one)
            assert answer.status_code == 201, answer.text


def place(
    order_no: str, payable: int, customer: str | None = None, *, key: str = "", quantity: int = 1, **more: Any
) -> Request:
    """An order of mugs; `payable` is what is expected, in fen."""
    lines = [{"id": "1", "sku": "MUG", "unit_price": "100.00", "quantity": quantity}]
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
