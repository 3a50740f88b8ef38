"""Lists of orders on every database: who fits, in which order, and by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from youhui.checkout.orders import store
from youhui.checkout.orders.listing.model import Wanted
from youhui.checkout.orders.listing.service import Lists
from youhui.checkout.orders.model import Frozen, Order, State
from youhui.platform import migrate
from youhui.platform.db import Database

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def order(order_no: str, state: State, customer: str | None, minute: int, held: int) -> Order:
    """Placed so many minutes before noon, held until so many after."""
    return Order(
        order_no=order_no, state=state, currency="CNY", customer=customer, total=100, discount=10, payable=90,
        placed_at=NOON - minute * MINUTE, hold_until=NOON + held * MINUTE, taken_at=NOON - minute * MINUTE,
        paid_at=NOON if state == "paid" else None, frozen=Frozen((), (), 0, 0), request="r",
    )  # fmt: skip


ORDERS = [
    order("A1", "pending", "c1", 5, 1),
    order("a2", "pending", "c1", 4, 0),  # its time is over at noon
    order("A_3", "paid", "c2", 3, 0),
    order("Ａ4", "expired", None, 3, -1),
    order("B5", "cancelled", "c1", 1, 1),
]


@pytest.fixture
def lists(database_url: str) -> Iterator[Lists]:
    database = Database(database_url)
    migrate.upgrade(database)
    with database.writing() as connection:
        store.add_orders(connection, ORDERS)
    yield Lists(database, lambda: NOON)
    database.close()


WANTED = [
    (Wanted(), "B5 Ａ4 A_3 a2 A1"),
    (Wanted(state="pending"), "A1"),
    (Wanted(state="expired"), "Ａ4 a2"),
    (Wanted(state="paid"), "A_3"),
    (Wanted(customer="c1"), "B5 a2 A1"),
    (Wanted(customer="C1"), ""),
    (Wanted(number="A"), "A_3 A1"),
    (Wanted(number="A_"), "A_3"),
    (Wanted(number="A%"), ""),
    (Wanted(number="😀"), ""),
    (Wanted(since=NOON - 4 * MINUTE, until=NOON - MINUTE), "Ａ4 A_3 a2"),
    (Wanted(customer="c1", state="cancelled"), "B5"),
]


def test_who_fits_is_listed_newest_first(lists: Lists) -> None:
    for wanted, numbers in WANTED:
        found, total = lists.page(wanted, 0, 10)
        assert " ".join(one.order_no for one in found) == numbers, wanted
        assert total == len(found)


def test_a_page_is_a_part_of_the_list(lists: Lists) -> None:
    found, total = lists.page(Wanted(), 1, 2)
    assert ([one.order_no for one in found], total) == (["Ａ4", "A_3"], 5)


def test_an_order_past_its_time_is_expired(lists: Lists) -> None:
    """Whether or not that was written down, and since its deadline (P7)."""
    (late,), _ = lists.page(Wanted(number="a2"), 0, 1)
    assert (late.state, late.ended_at) == ("expired", NOON)
