"""A shop that places orders, and a clock that it may turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, cart

ORDERS = "/api/orders"


class Turned:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 11, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


class Shop:
    """The shop's server: it asks with an API key that may quote and order."""

    def __init__(self, client: Client, clock: Turned) -> None:
        self.client = client
        self.clock = clock
        self.key = serving.key(client, "quote", "orders")

    def has(self, *promotions: dict[str, Any]) -> None:
        """Stores promotions, as an admin does."""
        for document in promotions:
            stored = self.client.post(PROMOTIONS, json=document)
            assert stored.status_code == 201, stored.text

    def payable(self, body: dict[str, Any]) -> str:
        """What a cart costs now."""
        answer = self.client.post(QUOTES, json=body, headers=self.key)
        assert answer.status_code == 200, answer.text
        total: str = answer.json()["total"]
        return total

    def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Response:
        """Something that is asked of orders."""
        headers = self.key if key is None else {**self.key, "idempotency-key": key}
        answer: Response = self.client.post(f"{ORDERS}{path}", json=body, headers=headers)
        return answer

    def place(self, order_no: str, *, key: str | None = None, **more: Any) -> Response:
        """An order of two mugs at 60.00, or of what `more` says, by default at the price of now."""
        return self.post("", self.order(order_no, **more), key)

    def order(self, order_no: str, **more: Any) -> dict[str, Any]:
        """The body of one."""
        held = {"hold_seconds": more.pop("hold_seconds")} if "hold_seconds" in more else {}
        expected = more.pop("expected_payable", None)
        body = cart(**more)
        payable = expected or self.payable(body)
        return {**body, **held, "order_no": order_no, "expected_payable": payable}

    def pay(self, order_no: str, key: str | None = None) -> Response:
        return self.post(f"/{order_no}/pay", key=key)

    def cancel(self, order_no: str, key: str | None = None) -> Response:
        return self.post(f"/{order_no}/cancel", key=key)

    def refund(self, order_no: str, refund_no: str, *, key: str | None = None, **what: Any) -> Response:
        return self.post(f"/{order_no}/refunds", {"refund_no": refund_no, **(what or {"all": True})}, key)

    def get(self, order_no: str, language: str = "zh-CN") -> dict[str, Any]:
        """An order as it is."""
        headers = {**self.key, "accept-language": language}
        answer = self.client.get(f"{ORDERS}/{order_no}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Shop]:
    """A shop on a new SQLite database, whose clock stands still."""
    clock = Turned()
    with serving.client(folder, clock, **settings) as client:
        yield Shop(client, clock)


def outcome(answer: Response) -> str:
    """In short: "201", "409 ORDER_STATE"."""
    error = answer.json().get("error")
    return f"{answer.status_code} {error}" if error else str(answer.status_code)
