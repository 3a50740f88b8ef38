"""A small shop in the directory, discounts of any kind in it, and the seed's way to find the best one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import product as pairs

from hypothesis import strategies as st
from sqlalchemy import text

from youhui.bootstrap import Service
from youhui.directory.model import Kind
from youhui.discounts.model import Discount, Draft, Scope, Terms
from youhui.engine.money import format_amount
from youhui.platform.principals import SYSTEM
from youhui.platform.rows import written

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)

GROUPS: Mapping[str, tuple[str, ...]] = {"ann": ("vip",), "bob": ("vip", "staff"), "col": ()}
STRANGER = "unheard-of"
CUSTOMERS = (*GROUPS, STRANGER)
PARENTS: Mapping[str, str | None] = {"home": None, "kitchen": "home", "mugs": "kitchen", "books": None}
PRODUCTS: Mapping[str, tuple[int, str, tuple[str, ...]]] = {
    # price in minor units, currency, categories
    "P1": (1999, "CNY", ("mugs",)),
    "P2": (100, "CNY", ("kitchen", "books")),
    "P3": (1, "CNY", ("books",)),
    "P4": (0, "CNY", ()),
    "P5": (5000, "JPY", ("home",)),
}


class Clock:
    """It shows what it was set to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def open_shop(service: Service) -> None:
    """Fills the directory."""
    rows: Mapping[Kind, list[dict[str, object]]] = {
        "categories": [{"id": name, "name": name, "parent": parent} for name, parent in PARENTS.items()],
        "customers": [{"id": name, "groups": groups} for name, groups in GROUPS.items()],
        "products": [
            {
                "id": name,
                "sku": f"{name}-sku",
                "name": name,
                "price": format_amount(price, currency),
                "currency": currency,
                "categories": categories,
            }
            for name, (price, currency, categories) in PRODUCTS.items()
        ],
    }
    for kind, listed in rows.items():
        bring(service, kind, *listed)


def bring(service: Service, kind: Kind, *rows: Mapping[str, object]) -> None:
    """Puts rows into the directory."""
    upload = service.directory.upload(kind, written("application/x-ndjson"), SYSTEM)
    upload.feed("\n".join(map(json.dumps, rows)).encode())
    report = upload.finish()
    assert not report.rejected, report
    upload.leave()


def terms(**more: object) -> Terms:
    """5.00 off each unit, for an hour before noon and an hour after."""
    usual = {
        "name": "five off",
        "type": "amount",
        "value": 500,
        "currency": "CNY",
        "priority": 0,
        "effective_time": NOON - HOUR,
        "expiration_time": NOON + HOUR,
    }
    return Terms(**{**usual, **more})  # type: ignore[arg-type]


INSTANTS = tuple(NOON + step * MOMENT for step in (-2, -1, 0, 1, 2))
EVERYONE = Scope(all_customers=True, all_products=True)


def _some(values: Iterable[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(values)), max_size=2)


SCOPES = st.builds(
    Scope,
    all_customers=st.sampled_from([False, False, True]),
    customers=_some(CUSTOMERS),
    groups=_some(["vip", "staff"]),
    all_products=st.sampled_from([False, False, True]),
    products=_some(PRODUCTS),
    categories=_some(PARENTS),
)
TERMS = st.builds(
    terms,
    type=st.just("amount"),
    value=st.sampled_from([0, 1, 99, 100, 2500]),
    currency=st.sampled_from(["CNY", "CNY", "JPY"]),
    priority=st.integers(-1, 1),
    effective_time=st.sampled_from(INSTANTS[:4]),
    expiration_time=st.sampled_from([*INSTANTS[3:], NOON + HOUR]),
    enabled=st.sampled_from([True, True, True, False]),
) | st.builds(terms, type=st.just("percent"), value=st.integers(1, 999), priority=st.integers(-1, 1))
DRAFTS = st.builds(Draft, terms=TERMS, scope=SCOPES)


def replace_all(
    service: Service, drafts: Sequence[tuple[Draft, datetime]], clock: Clock
) -> list[tuple[Discount, Scope]]:
    """Deletes what there is and stores these, each at its instant."""
    with service.database.reading() as connection:
        rows = connection.execute(text("SELECT id FROM discounts WHERE deleted_at IS NULL")).all()
    for (id_,) in rows:
        service.discounts.remove(id_, SYSTEM)
    return [(stored(service, draft, clock, at), draft.scope) for draft, at in drafts]


def stored(service: Service, draft: Draft, clock: Clock, at: datetime = NOON) -> Discount:
    """One discount made at an instant; its ids need not be of the directory."""
    before, clock.at = clock.at, at
    made = service.discounts.write(SYSTEM, lambda writing: writing.add(draft))
    clock.at = before
    return made


def best(
    made: Sequence[tuple[Discount, Scope]], customer: str, product: str, at: datetime
) -> tuple[int, int | None]:
    """The seed's get_best_active_discount over every customer × product of every discount: (amount, id)."""
    price, currency, _ = PRODUCTS[product]
    targets = [
        (d, c, p) for d, scope in made for c, p in pairs(set(_customers(scope)), set(_products(scope)))
    ]
    active = [
        d
        for d, c, p in targets
        if (c, p) == (customer, product)
        if d.terms.effective_time <= at < d.terms.expiration_time
        if d.terms.enabled and d.terms.currency == currency
    ]
    if not active:
        return 0, None
    first = max(active, key=lambda d: (d.terms.priority, d.updated_at, d.id))
    return max(0, min(_amount(first.terms, price), price)), first.id


def _amount(terms: Terms, price: int) -> int:
    if terms.type == "amount":
        return terms.value
    return int((price * (10 - Decimal(terms.value) / 100) / 10).quantize(Decimal(1), ROUND_HALF_UP))


def _customers(scope: Scope) -> Iterator[str]:
    yield from CUSTOMERS if scope.all_customers else scope.customers
    yield from (name for name, groups in GROUPS.items() if scope.groups.intersection(groups))


def _products(scope: Scope) -> Iterator[str]:
    yield from PRODUCTS if scope.all_products else scope.products
    yield from (name for name, (_, _, own) in PRODUCTS.items() if scope.categories.intersection(_above(own)))


def _above(categories: Iterable[str]) -> Iterator[str]:
    for category in categories:
        name: str | None = category
        while name is not None:
            yield name
            name = PARENTS[name]
