"""What `youhui check` finds: nothing on a sound database, and of each promise that is broken by hand just that one."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import pytest
from sqlalchemy import text

from tests.checked import assert_sound
from youhui.checkout.orders.checking import SHOWN, Report, check
from youhui.checkout.orders.checking.running import prove
from youhui.checkout.orders.checking.sentences import sentence
from youhui.checkout.orders.commands import Cancel, GiveBackPart, Pay, Place, Redemption, Versions
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.limits import claims_of
from youhui.checkout.orders.model import Frozen, FrozenCut, FrozenLine, FrozenPromotion, Vector
from youhui.checkout.store import Source, read_versions
from youhui.engine import Promotion, decode_promotions
from youhui.platform import migrate, triggers
from youhui.platform.db import Connection, Database
from youhui.platform.languages import LANGUAGES

importlib.import_module("youhui.bootstrap")  # so that every table is known

BEGAN = datetime(2026, 11, 11, 8, tzinfo=UTC)
OFF = {"kind": "amount_off", "target": "order", "amount": "1.00"}
"""any action: these orders are not priced"""
PROMOTIONS, _ = decode_promotions(
    [
        {"id": "all", "actions": [OFF], "usage_limit": 9, "budget": "90.00", "stock": 90, "give_back": "pro_rata"},
        {"id": "daily", "actions": [OFF], "usage_limit": 9, "usage_window": "day", "timezone": "Asia/Shanghai"},
        {"id": "each", "actions": [OFF], "usage_limit_per_customer": 4},
        {
            "id": "monthly", "actions": [OFF], "usage_limit_per_customer": 4,
            "usage_window_per_customer": "month", "give_back": "never",
        },
        {"id": "free", "actions": [OFF]},
    ],
    "CNY",
)  # fmt: skip
TERMS: Mapping[str, Promotion] = {promotion.id: promotion for promotion in PROMOTIONS}
LIMITED = ("all", "daily", "each", "monthly", "free")


@dataclass(slots=True)
class World:
    """A shop with a committer, whose clock is turned by hand."""

    database: Database
    now: datetime = BEGAN
    committer: Committer = field(init=False)

    def __post_init__(self) -> None:
        self.committer = Committer(self.database, clock=lambda: self.now)
        self.committer.start()

    def close(self) -> None:
        self.committer.stop()
        self.database.close()

    def place(self, order_no: str, *promotions: str, customer: str | None = "ann") -> None:
        """Three units at 10.01, two at 5.00 and shipping of 6.00; each promotion takes 1.00, 0.33 and 0.50 of these."""
        runs = {"1": ((1, 34), (2, 33)), "2": ((1, 17), (1, 16))}
        cuts = {line: tuple(cut(one, of) for one in promotions) for line, of in runs.items()}
        count = len(promotions)
        lines = (
            FrozenLine("1", "MUG", "MUG", 3, 1001, 3003 - 100 * count, cuts["1"]),
            FrozenLine("2", "CUP", "CUP", 2, 500, 1000 - 33 * count, cuts["2"]),
        )
        given = tuple(
            FrozenPromotion(one, None, 183, 50, 2 if one == "all" else 0, TERMS[one].give_back)
            for one in promotions
        )
        with self.database.reading() as connection:
            versions = read_versions(connection)
        self.committer.wait(
            Place(
                order_no=order_no,
                request=order_no,
                caller="key:1",
                customer=customer,
                currency="CNY",
                total=4603,
                discount=183 * count,
                frozen=Frozen(lines, given, 600, 600 - 50 * count),
                redemptions=tuple(self.taken(one, customer) for one in promotions),
                hold_for=timedelta(minutes=15),
                versions=Versions(versions[Source.PROMOTIONS], versions[Source.DISCOUNTS]),
            )
        )

    def taken(self, promotion: str, customer: str | None) -> Redemption:
        moved = Vector(1, 183, 2 if promotion == "all" else 0)
        return Redemption(promotion, moved, claims_of(TERMS[promotion], customer, self.now))

    def pay(self, order_no: str, *again: str, customer: str | None = "ann") -> None:
        """With `again`: after the hold has ended."""
        with self.database.reading() as connection:
            read = read_versions(connection)
        more: dict[str, Any] = {}
        if again:
            more["again"] = tuple(self.taken(one, customer) for one in again)
            more["versions"] = Versions(read[Source.PROMOTIONS], read[Source.DISCOUNTS])
        self.committer.wait(Pay(order_no=order_no, request="pay", caller="key:1", **more))

    def cancel(self, order_no: str) -> None:
        self.committer.wait(Cancel(order_no=order_no, request="cancel", caller="key:1"))

    def refund(
        self, order_no: str, refund_no: str, lines: Mapping[str, int] = {}, *, shipping: bool = False
    ) -> None:
        self.committer.wait(
            GiveBackPart(
                order_no=order_no,
                request=refund_no,
                caller="key:1",
                refund_no=refund_no,
                lines=lines,
                shipping=shipping,
            )
        )


def cut(promotion: str, runs: tuple[tuple[int, int], ...]) -> FrozenCut:
    units = 1 if promotion == "all" else 0
    return FrozenCut(promotion, sum(count * each for count, each in runs), runs, units)


def terms(_connection: Connection) -> Iterable[tuple[str, Promotion]]:
    return TERMS.items()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Orders in every state, of promotions with every kind of limit."""
    database = Database(database_url)
    migrate.upgrade(database)
    made = World(database)
    made.place("expired", *LIMITED)
    made.place("late", *LIMITED)
    made.now += timedelta(hours=10)  # the next day in Shanghai
    made.pay("late", *LIMITED)
    made.place("paid", *LIMITED)
    made.pay("paid")
    made.place("part", *LIMITED, customer="ben")
    made.pay("part")
    made.refund("part", "r1", {"1": 2})
    made.refund("part", "r2", {"1": 1, "2": 1}, shipping=True)
    made.place("refunded", "all", "monthly")
    made.pay("refunded")
    made.refund("refunded", "r1", {"2": 1})
    made.refund("refunded", "r2")
    made.place("cancelled", *LIMITED)
    made.cancel("cancelled")
    made.place("pending", *LIMITED)
    made.place("guest", "free", customer=None)
    made.place("plain")
    yield made
    made.close()


def test_a_sound_database_is_sound(world: World, database_url: str) -> None:
    report = check(world.database, terms)
    assert [(proof.promise, proof.drifts) for proof in report.proofs if not proof.holds] == []
    counted = {proof.promise: dict(proof.counted) for proof in report.proofs}
    assert counted["P7"] == {"orders": 9, "holds": 4}
    assert counted["P14"] == {"orders": 9, "refunds": 4}
    assert counted["P1"] == {"counters": 3, "promotions": 4}  # of all; of two days
    assert_sound(database_url, stored_terms=False)


# -- broken by hand

Break: TypeAlias = str | Callable[[Connection], None]


class Case(NamedTuple):
    """What is done to the database, and which promise and rule of it are found broken."""

    done: Break
    broken: str
    rule: str


_COUNTER = (
    "INSERT INTO counters (promotion, customer, period, uses_limit, uses_used, amount_used, units_used, uses_held, "
    "amount_held, units_held) VALUES "
)


def entered(kind: str, order_no: str, of: str, promotion: str = "free") -> str:
    """One more entry, as another one is but for its kind."""
    return (
        "INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, coupon, customer, currency, uses, "
        f"amount, units, discount, by_line) SELECT at, taken_at, '{kind}', '{order_no}', number, promotion, coupon, "
        "customer, currency, uses, amount, units, discount, by_line FROM ledger "
        f"WHERE order_no = '{of}' AND promotion = '{promotion}' "
        "AND kind = 'hold' AND number = ''"
    )


def in_frozen(order_no: str, change: Callable[[Any], None]) -> Break:
    """Changes what an order keeps of its quote."""

    def changed(connection: Connection) -> None:
        found = connection.execute(text(f"SELECT frozen FROM orders WHERE order_no = '{order_no}'"))
        frozen = found.scalar_one()
        document = json.loads(frozen) if isinstance(frozen, str) else frozen
        change(document)
        query = text("UPDATE orders SET frozen = :frozen WHERE order_no = :order_no")
        connection.execute(query, {"frozen": json.dumps(document), "order_no": order_no})

    return changed


def _dearer(frozen: Any) -> None:
    frozen["lines"][0]["paid"] += 1
    frozen["lines"][1]["paid"] -= 1


def _other_units(frozen: Any) -> None:
    frozen["lines"][0]["cuts"][0]["runs"] = [[3, 33]]


def _more_given(frozen: Any) -> None:
    frozen["promotions"][0]["shipping"] -= 1
    frozen["promotions"][1]["shipping"] += 1


BROKEN: Mapping[str, Case] = {
    "more used than the limit": Case(
        "UPDATE counters SET units_limit = 1 WHERE promotion = 'all'", "P1", "over_limit"
    ),
    "a limit that the terms do not set": Case(
        "UPDATE counters SET uses_limit = 10 WHERE promotion = 'all'", "P1", "not_terms"
    ),
    "a counter without a limit": Case(
        f"{_COUNTER} ('gone', '', '', NULL, 0, 0, 0, 0, 0, 0)", "P1", "no_such_limit"
    ),
    "a customer over the limit": Case(
        "UPDATE counters SET uses_limit = 1 WHERE promotion = 'monthly' AND customer = 'ann'", "P2", "over_limit"
    ),
    "a customer without a counter": Case(
        "DELETE FROM counters WHERE promotion = 'each' AND customer = 'ben'", "P2", "customer_without_counter"
    ),
    "customers counted without a limit": Case(
        f"{_COUNTER} ('all', 'cid', '', 3, 0, 0, 0, 0, 0, 0)", "P2", "no_such_limit"
    ),
    "one used too many": Case(
        "UPDATE counters SET uses_used = uses_used + 1 WHERE promotion = 'all'", "P3", "not_ledger"
    ),
    "units not put back": Case(
        "UPDATE counters SET units_used = units_used + 1 WHERE promotion = 'all'", "P3", "not_ledger"
    ),
    "a day miscounted": Case(
        "UPDATE counters SET amount_used = amount_used + 1 WHERE promotion = 'daily' AND uses_used > 0",
        "P3",
        "not_ledger",
    ),
    "a customer's month miscounted": Case(
        "UPDATE counters SET uses_used = uses_used - 1 WHERE promotion = 'monthly' AND customer = 'ann'",
        "P3",
        "not_ledger",
    ),
    "held by nobody": Case(
        "UPDATE counters SET uses_held = uses_held + 1 WHERE promotion = 'each' AND customer = 'ben'",
        "P3",
        "not_holds",
    ),
    "more given than the budget": Case(
        "UPDATE counters SET amount_limit = 1 WHERE promotion = 'all'", "P4", "over_limit"
    ),
    "another budget than the terms set": Case(
        "UPDATE counters SET amount_limit = 9999 WHERE promotion = 'all'", "P4", "not_terms"
    ),
    "ended twice": Case(entered("release", "paid", "paid"), "P7", "way"),
    "never held": Case(
        "DELETE FROM ledger WHERE order_no = 'pending' AND promotion = 'free'", "P7", "way"
    ),
    "some of it ended, some not": Case(entered("commit", "pending", "pending"), "P7", "way"),
    "paid and not committed": Case(
        "UPDATE orders SET state = 'paid', paid_at = placed_at, pending_until = NULL WHERE order_no = 'guest'",
        "P7",
        "way",
    ),
    "paid without an instant": Case(
        "UPDATE orders SET paid_at = NULL WHERE order_no = 'paid'", "P7", "times"
    ),
    "unpaid without a deadline": Case(
        "UPDATE orders SET pending_until = NULL WHERE order_no = 'guest'", "P7", "times"
    ),
    "put back in another period": Case(
        "UPDATE ledger SET taken_at = at WHERE order_no = 'expired' AND promotion = 'free' AND kind = 'expire'",
        "P7",
        "moved",
    ),
    "held until another instant": Case(
        "UPDATE holds SET until = (SELECT placed_at FROM orders WHERE order_no = 'pending')", "P7", "not_held"
    ),
    "still held though paid": Case(
        "INSERT INTO holds (order_no, promotion, customer, period, uses, amount, units, until) "
        "SELECT 'paid', promotion, customer, period, 0, 0, 0, until FROM holds WHERE promotion = 'all'",
        "P7",
        "held_for_nothing",
    ),
    "a state that there is not": Case("UPDATE orders SET state = 'lost' WHERE order_no = 'guest'", "P7", "way"),
    "a discount that nobody gave": Case(
        "UPDATE orders SET discount = discount + 1, payable = payable - 1 WHERE order_no = 'guest'", "P12", "sum"
    ),
    "a total that lines do not sum to": Case(
        "UPDATE orders SET total = total + 1, payable = payable + 1 WHERE order_no = 'plain'", "P12", "sum"
    ),
    "a line that is dearer": Case(in_frozen("guest", _dearer), "P12", "line"),
    "units that do not sum to their cut": Case(in_frozen("guest", _other_units), "P12", "line"),
    "more than a promotion gave": Case(in_frozen("pending", _more_given), "P12", "sum"),
    "an entry of another amount": Case(
        "UPDATE ledger SET discount = discount + 1 WHERE order_no = 'guest'", "P12", "entry"
    ),
    "an entry of another customer": Case(
        "UPDATE ledger SET customer = 'cid' WHERE order_no = 'paid' AND promotion = 'free'", "P12", "entry"
    ),
    "an entry of no order": Case(entered("hold", "nobody", "guest"), "P12", "no_order"),
    "an order that cannot be read": Case(
        "UPDATE orders SET frozen = '[]' WHERE order_no = 'guest'", "P12", "unreadable"
    ),
    "a refund of more": Case(
        "UPDATE refunds SET amount = amount + 1 WHERE order_no = 'part' AND refund_no = 'r1'", "P14", "refund"
    ),
    "a refund that is gone": Case("DELETE FROM refunds WHERE order_no = 'part' AND refund_no = 'r2'", "P14", "refunded"
    ),
    "refunds in another sequence": Case(
        "UPDATE refunds SET sequence = 9 WHERE order_no = 'part' AND refund_no = 'r1'", "P14", "refund"
    ),
    "more refunded than its refunds": Case(
        "UPDATE orders SET refunded = refunded + 1 WHERE order_no = 'part'", "P14", "refunded"
    ),
    "refunded in full with a line left": Case(
        "UPDATE orders SET state = 'refunded', ended_at = paid_at WHERE order_no = 'part'", "P14", "refunded"
    ),
    "a reversal that is gone": Case(
        "DELETE FROM ledger WHERE order_no = 'part' AND promotion = 'free' AND kind = 'reverse'", "P14", "reversal"
    ),
    "given back twice": Case(
        entered("reverse", "paid", "paid"), "P14", "reversal"
    ),
    "given back against the policy": Case(
        "UPDATE ledger SET amount = discount WHERE order_no = 'part' AND promotion = 'free' AND kind = 'reverse'",
        "P14",
        "reversal",
    ),
}  # fmt: skip


def broken_by(database: Database, done: Break) -> Report:
    """What is found once this is done, which is then undone."""
    with database.engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        if callable(done):
            done(connection)
        else:
            assert connection.exec_driver_sql(done).rowcount > 0, done
        report = prove(connection, terms)
        transaction.rollback()
    return report


def test_each_promise_is_found_broken_and_no_other(world: World) -> None:
    """The checks and triggers that would refuse all this are taken away first."""
    _unguarded(world.database)
    found = {name: broken_by(world.database, case.done) for name, case in BROKEN.items()}
    promises = {
        name: [one for one in report.broken if one != "append-only"] for name, report in found.items()
    }
    assert promises == {name: [case.broken] for name, case in BROKEN.items()}
    drifts = {
        name: [drift for proof in report.proofs for drift in proof.drifts] for name, report in found.items()
    }
    for name, case in BROKEN.items():
        assert case.rule in {drift.rule for drift in drifts[name]}, (name, drifts[name])
    for drift in (one for some in drifts.values() for one in some):
        assert all(sentence(drift, language) for language in LANGUAGES)


def _unguarded(database: Database) -> None:
    with database.writing() as connection:
        name = connection.dialect.name
        of_table = " ON ledger" if name == "postgresql" else ""
        for trigger in triggers.wanted(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{of_table}")
        if name == "sqlite":
            return
        for measure in ("uses", "amount", "units"):
            connection.exec_driver_sql(f"ALTER TABLE counters DROP CONSTRAINT ck_counters_{measure}_limit")


def test_counters_that_should_be_there_are_missed(world: World) -> None:
    def more(_connection: Connection) -> Iterable[tuple[str, Promotion | None]]:
        new, _ = decode_promotions([{"id": "new", "actions": [OFF], "stock": 5}], "CNY")
        return [*TERMS.items(), ("new", new[0]), ("unreadable", None)]

    report = check(world.database, more)
    assert report.broken == ["P1"]
    assert [drift.rule for drift in report.proofs[0].drifts] == ["no_counter"]


def test_a_dropped_trigger_is_drift(world: World) -> None:
    _unguarded(world.database)
    assert check(world.database, terms).broken == ["append-only"]


def test_it_shows_the_first_rows_and_counts_all(world: World) -> None:
    for number in range(SHOWN + 5):
        world.place(f"more-{number:02}", "free")
    report = broken_by(world.database, "UPDATE holds SET until = until, uses = uses")
    assert report.sound
    wrong = "UPDATE orders SET total = total + 1, payable = payable + 1 WHERE order_no LIKE 'more-%%'"
    if world.database.engine.dialect.name == "sqlite":
        wrong = wrong.replace("%%", "%")
    proof = next(one for one in broken_by(world.database, wrong).proofs if one.promise == "P12")
    assert (len(proof.drifts), proof.drifted) == (SHOWN, 2 * (SHOWN + 5))  # total and payable of each


def test_it_sees_one_instant_whatever_is_written_meanwhile(world: World) -> None:
    """Orders are placed and paid between the reading of counters and of orders."""
    placed = iter(range(100))

    def told(_done: int, _all: int) -> None:
        name = f"meanwhile-{next(placed)}"
        world.place(name, *LIMITED, customer=name)
        world.pay(name)
        world.cancel("guest")

    report = check(world.database, terms, told)
    assert report.sound
    assert next(placed) > 1
    assert report.proofs[4].counted["orders"] == 9
    assert check(world.database, terms).sound
