"""A shop that issues coupons and lets them be used: by templates, claims, quotes, orders, and directly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.http import ordering, serving
from tests.http.ordering import Turned
from tests.http.serving import QUOTES, Client, cart

TEMPLATES = "/api/marketing/coupon-templates"
COUPONS = "/api/marketing/coupons"
LATER = "2027-11-11T00:00:00Z"


def template(**more: Any) -> dict[str, Any]:
    """满100减20, which everyone may claim."""
    return {
        "name": "满100减20", "type": "discount", "value": "20.00", "min_amount": "100.00", "expire_at": LATER,
        "ways": ["claim"], **more,
    }  # fmt: skip


class Shop(ordering.Shop):
    """Its key may do everything with coupons and orders."""

    def __init__(self, client: Client, clock: Turned) -> None:
        super().__init__(client, clock)
        self.key = serving.key(client, "quote", "orders", "coupons", "directory")

    def template(self, **more: Any) -> int:
        """A new one that is published."""
        made = self.client.post(TEMPLATES, json=template(**more))
        assert made.status_code == 201, made.text
        id_: int = made.json()["id"]
        self.admin(id_, "publish")
        return id_

    def admin(self, template_id: int, action: str, **body: Any) -> Response:
        answer: Response = self.client.post(f"{TEMPLATES}/{template_id}/{action}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer

    def claimed(self, template_id: int, user: str = "ann") -> int:
        """The id of a coupon that a customer has claimed."""
        answer = self.client.post(
            f"{TEMPLATES}/{template_id}/claim", json={"user_id": user}, headers=self.key
        )
        assert answer.status_code == 201, answer.text
        id_: int = answer.json()["id"]
        return id_

    def coupon(self, **more: Any) -> int:
        """Ann's, of a template of its own."""
        return self.claimed(self.template(**more))

    def quote(self, **more: Any) -> dict[str, Any]:
        answer = self.client.post(QUOTES, json=cart(**more), headers=self.key)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def use(self, coupon: object, order_no: str = "A1", *, key: str | None = None, **body: Any) -> Response:
        """Of 120.00, by ann."""
        given = {"user_id": "ann", "order_no": order_no, **body}
        if "lines" not in given:
            given.setdefault("order_amount", "120.00")
        headers = self.key if key is None else {**self.key, "idempotency-key": key}
        answer: Response = self.client.post(f"{COUPONS}/{coupon}/use", json=given, headers=headers)
        return answer

    def cancel_use(self, coupon: object, order_no: str = "A1") -> Response:
        body = {"order_no": order_no}
        answer: Response = self.client.post(f"{COUPONS}/{coupon}/cancel-use", json=body, headers=self.key)
        return answer

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """What lies in the database."""
        with self.client.service.database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text)]

    def status(self, coupon: int) -> tuple[Any, ...]:
        """What was written of a coupon: its status and its order."""
        return self.rows(f"SELECT status, order_no FROM coupons WHERE id = {coupon}")[0]

    def steps(self, coupon: int) -> list[str]:
        found = self.rows(f"SELECT kind FROM coupon_steps WHERE coupon_id = {coupon} ORDER BY id")
        return [kind for (kind,) in found]


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Shop]:
    """A shop, whose clock stands still."""
    clock = Turned()
    with serving.client(folder, clock, **settings) as client:
        yield Shop(client, clock)
