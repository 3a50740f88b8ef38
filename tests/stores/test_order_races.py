"""What orders, saved terms, jobs and imports do to one another when they meet at a bad instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from tests.checked import assert_sound, checked
from tests.http.serving import promotion
from tests.stores.discount_worlds import Clock
from tests.stores.test_orders import BEGAN, Shop, shop, taking
from tests.stores.test_placing import ann, opened
from youhui.checkout.orders import jobs, store, tables
from youhui.checkout.orders.commands import Changed, Redemption
from youhui.checkout.orders.model import Claim, Key, Limits, Vector
from youhui.checkout.orders.problems import QuoteChanged
from youhui.checkout.store import Source, lock_versions, next_version

__all__ = ["shop"]

DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(milliseconds=10)
MIDNIGHT = datetime(2026, 11, 12, tzinfo=UTC)


def daily(day: datetime, uses: int = 9) -> Redemption:
    """One use of a promotion with a limit for the day that begins then."""
    claim = Claim(Key("p", "", f"{day:%Y-%m-%d}"), Limits(uses=uses), day, day + DAY)
    return Redemption("p", Vector(1, 100, 0), (claim,))


# -- the committer


def test_holds_that_belong_to_no_order_do_not_keep_orders_waiting(shop: Shop) -> None:
    """Nothing of ours leaves such behind; somebody may have repaired something by hand. `youhui check` reports them."""
    strays = [
        {"order_no": f"gone-{number}", **Key("p")._asdict(), **Vector(1, 100, 0)._asdict(), "until": BEGAN}
        for number in range(store.MOST_EXPIRED)
    ]
    with shop.database.writing() as connection:
        connection.execute(insert(tables.holds), strays)
    assert shop.place("o1", taking("p", Limits(uses=1))).order.state == "pending"


def test_a_period_that_is_over_is_no_lack_of_room(shop: Shop) -> None:
    """A node whose clock is a little behind asks for yesterday's counter: it is to look, and to ask for today's."""
    shop.now = MIDNIGHT
    with pytest.raises(Changed) as changed:
        shop.place("o1", taking("q", Limits(uses=0)), daily(MIDNIGHT - DAY))
    assert changed.value.promotions == ()
    with pytest.raises(Changed) as changed:
        shop.place("o1", taking("q", Limits(uses=0)), daily(MIDNIGHT))
    assert changed.value.promotions == ("q",)


def test_a_refund_locks_the_counters_of_its_day_and_no_others(shop: Shop) -> None:
    days = [BEGAN.replace(hour=0) + DAY * number for number in range(3)]
    for number, day in enumerate(days):
        shop.now = day + HOUR
        shop.place(f"o{number}", daily(day), taking("q", Limits(uses=9)))
        shop.pay(f"o{number}")
    shop.heard.clear()
    shop.refund("o1", "R1")
    assert shop.heard.keys() == {Key("p", "", f"{days[1]:%Y-%m-%d}"), Key("q")}
    assert all(numbers.used.uses == uses for numbers, uses in zip(shop.heard.values(), (0, 2), strict=True))


def test_who_places_does_not_wait_for_an_import_of_the_directory(shop: Shop) -> None:
    """Its version is a row beside those that orders lock."""
    if shop.database.engine.dialect.name == "sqlite":
        pytest.skip("has one lock for everything")
    with shop.database.writing() as importing:
        next_version(importing, Source.DIRECTORY)
        with shop.database.hurried(2.0) as connection:
            lock_versions(connection)


# -- jobs


def test_keys_are_forgotten_some_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of a busy shop is a million of them: too many for one transaction. Orders have their turn in between."""
    turns: list[str] = []

    def turn(seconds: float) -> None:
        turns.append(shop.place(f"between-{len(turns)}").order.order_no)

    monkeypatch.setattr(store, "MOST_FORGOTTEN", 2)
    monkeypatch.setattr(jobs, "sleep", turn)
    for number in range(7):
        shop.place(f"o{number}", idempotency_key=f"k{number}")
        shop.now += timedelta(seconds=number // 2)  # some at one instant
    shop.now += 72 * HOUR
    shop.place("o7", idempotency_key="k7")
    jobs.forget_request_keys(shop.database, 71 * HOUR, lambda: shop.now)
    assert shop.rows("SELECT idempotency_key FROM request_keys") == [("k7",)]
    assert turns


def test_who_places_has_a_turn_while_many_orders_expire(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets in whoever happens to ask: a job that never pauses would keep others out until they give up."""
    turns: list[str] = []

    def turn(seconds: float) -> None:
        assert seconds >= 0.1, "shorter than SQLite's looks at its lock are apart"
        turns.append(shop.place(f"between-{len(turns)}").order.order_no)

    monkeypatch.setattr(store, "MOST_EXPIRED", 2)
    monkeypatch.setattr(jobs, "sleep", turn)
    for number in range(5):
        shop.place(f"o{number}", taking("p", Limits(uses=9)))
    shop.now += HOUR
    assert jobs.end_all_expired(shop.database, lambda: shop.now) == 5
    assert turns == ["between-0", "between-1"]


# -- saved terms


@pytest.mark.parametrize(
    ("saved", "placed"), [(MOMENT, -MOMENT), (-MOMENT, MOMENT)], ids=["saved ahead", "saved behind"]
)
def test_a_limit_per_day_that_is_introduced_at_midnight_counts_in_the_days_of_both_clocks(
    database_url: str, saved: timedelta, placed: timedelta
) -> None:
    """The clock of the node that saves may be off by the time of an answer of the database, which orders go by."""
    clock = Clock()
    with opened(database_url, clock) as node:
        node.save(promotion())
        clock.at = MIDNIGHT + placed
        node.place("n1", "110.00", customer=ann())
        clock.at = MIDNIGHT + saved
        node.save(promotion(usage_limit=1, usage_window="day"))
        clock.at = MIDNIGHT + placed
        with pytest.raises(QuoteChanged):
            node.place("n2", "110.00", customer=ann())
    assert_sound(database_url)


def test_a_counter_that_somebody_has_written_is_counted_anew_as_the_operations_page_says(
    database_url: str,
) -> None:
    limits: dict[str, Any] = {"usage_limit": 3, "usage_limit_per_customer": 2}
    with opened(database_url, Clock()) as node:
        node.save(promotion(**limits))
        node.place("n1", "110.00", customer=ann())
        node.place("n2", "110.00", customer=ann("bob"))
        with node.service.database.writing() as connection:
            connection.execute(update(tables.counters).values(uses_used=1, uses_held=0))
            connection.execute(delete(tables.holds).where(tables.holds.c.order_no == "n2"))
        assert not checked(database_url).sound
        node.save(promotion(active=False))
        node.save(promotion(**limits))
        assert_sound(database_url)
        assert node.pay("n2").order.state == "paid"
    assert_sound(database_url)
