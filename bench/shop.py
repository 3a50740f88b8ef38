"""A shop of 100,000 products and 5,000 customers with 10,000 discounts, 50 of which concern one customer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from youhui.bootstrap import Service
from youhui.directory.model import Kind
from youhui.discounts.model import Draft, Scope, Terms
from youhui.platform.principals import SYSTEM
from youhui.platform.rows import written

PRODUCTS = 100_000
CUSTOMERS = 5_000
DISCOUNTS = 10_000
CUSTOMER = "customer-1"
ASKED = tuple(f"product-{i}" for i in range(100))
"""what the customer asks for: 100 products, which 50 discounts of the customer's name among others"""
MINE = 50
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def fill(service: Service, products: int = PRODUCTS, discounts: int = DISCOUNTS) -> None:
    """Stores all of it, through the use cases."""
    for kind, rows in directory(products).items():
        upload = service.directory.upload(kind, written("application/x-ndjson"), SYSTEM)
        for row in rows:
            upload.feed(json.dumps(row).encode() + b"\n")
        assert not upload.finish().rejected
        upload.leave()
    service.discounts.write(
        SYSTEM, lambda writing: [writing.add(draft) for draft in drafts(products, discounts)]
    )


def directory(products: int) -> Mapping[Kind, Iterable[Mapping[str, object]]]:
    """200 categories below 20, a group for every tenth customer."""
    tops = [{"id": f"top-{i}", "name": f"top {i}"} for i in range(20)]
    below = [{"id": f"category-{i}", "name": f"category {i}", "parent": f"top-{i % 20}"} for i in range(200)]
    return {
        "categories": tops + below,
        "customers": (
            {"id": f"customer-{i}", "groups": ["vip"] if i % 10 == 1 else []} for i in range(CUSTOMERS)
        ),
        "products": (
            {
                "id": f"product-{i}",
                "sku": f"sku-{i}",
                "name": f"Product {i}",
                "price": f"{10 + i % 500}.00",
                "currency": "EUR",
                "categories": [f"category-{i % 200}"],
            }
            for i in range(products)
        ),
    }


def drafts(products: int, discounts: int) -> Iterator[Draft]:
    """Most are for 20 customers and 30 products; of the customer's own, 5 by the group and 5 for everyone."""
    rnd = random.Random(3)
    for i in range(discounts):
        mine = i < MINE
        drawn = frozenset(f"product-{rnd.randrange(products)}" for _ in range(30))
        yield Draft(
            terms=_terms(i),
            scope=Scope(
                all_customers=mine and i % 10 == 0,
                customers=frozenset(f"customer-{2 + rnd.randrange(CUSTOMERS - 2)}" for _ in range(20))
                | ({CUSTOMER} if mine and i % 10 > 1 else set()),
                groups=frozenset({"vip"} if mine and i % 10 == 1 else ()),
                products=drawn | set(ASKED[i * 2 : i * 2 + 3] if mine else ()),
            ),
        )


def _terms(i: int) -> Terms:
    return Terms(
        name=f"Discount {i}",
        type="amount" if i % 3 else "percent",
        value=100 + i % 400,
        currency="EUR",
        priority=i % 7,
        effective_time=BEGAN,
        expiration_time=BEGAN + timedelta(days=3650),
    )
