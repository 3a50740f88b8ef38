"""The laws of deciding, on numbers in memory: what a command may change, and what it never does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from youhui.checkout.orders.book import Book, Counter, Locked, Writes
from youhui.checkout.orders.commands import (
    AnyCommand,
    Cancel,
    Changed,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.deciding import decide, end_expired
from youhui.checkout.orders.model import (
    NOTHING,
    Claim,
    Entry,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    Key,
    Limits,
    Vector,
)
from youhui.platform.problems import Refusal

BEGAN = datetime(2026, 11, 11, 8, tzinfo=UTC)
NOW = Versions(7, 3)
HOLD = timedelta(minutes=15)

LIMITS: Mapping[Key, Limits] = {
    Key("few"): Limits(uses=2),
    Key("once", "ann"): Limits(uses=1),
    Key("once", "bob"): Limits(uses=1),
    Key("rich"): Limits(amount=2_500, units=5),
}
"""every counter there is; the promotion "free" has none"""
POLICIES = {"few": "full_refund", "once": "never", "rich": "pro_rata", "free": "full_refund"}

Outcome = Done | Exception


# -- a database in memory


@dataclass
class Memory:
    """All that is written, as a transaction finds it."""

    now: datetime = BEGAN
    locked: Locked = field(default_factory=lambda: Locked(BEGAN, NOW))
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.locked.counters = {key: Counter(key, limits, None, None) for key, limits in LIMITS.items()}

    def decided(self, *commands: AnyCommand) -> list[Outcome]:
        """All of them in one transaction."""
        self.locked.now = self.now
        book = Book(copied(self.locked))
        end_expired(book)
        outcomes = [outcome_of(sent(command, book), book) for command in commands]
        self.write(book.writes)
        return outcomes

    def write(self, writes: Writes) -> None:
        locked = self.locked
        locked.orders |= {**writes.new_orders, **writes.changed_orders}
        for refund in writes.refunds:
            locked.refunds.setdefault(refund.order_no, []).append(refund)
        for order_no in writes.ended_holds:
            del locked.holds[order_no]
        locked.holds |= {number: list(held) for number, held in writes.new_holds.items()}
        locked.counters |= writes.counters
        locked.requests |= {(one.caller, one.idempotency_key): one for one in writes.requests}
        self.entries += writes.entries


def sent(command: AnyCommand, book: Book) -> AnyCommand:
    """A payment that would take again takes what its order had taken."""
    if not isinstance(command, Pay) or command.again is None:
        return command
    order = book.locked.orders.get(command.order_no)
    if order is None or order.customer is None:
        return command
    return replace(command, again=taking([one.id for one in order.frozen.promotions], order.customer))


T = TypeVar("T", Locked, Writes)


def copied(one: T) -> T:
    """What is in it is frozen, but for counters and for lists."""
    parts: dict[str, Any] = {part.name: _copied(getattr(one, part.name)) for part in fields(one)}
    return replace(one, **parts)


def _copied(part: object) -> object:
    match part:
        case dict():
            return {key: _copied(value) for key, value in part.items()}
        case list():
            return list(part)
        case Counter():
            return replace(part)
    return part


def outcome_of(command: AnyCommand, book: Book) -> Outcome:
    """What it led to. One that is refused leaves the book as it was."""
    before = copied(book.locked), copied(book.writes)
    try:
        return decide(command, book)
    except (Refusal, Changed, HoldEnded) as error:
        refused = error
    assert (book.locked, book.writes) == before, refused
    return refused


# -- commands

orders = st.sampled_from(["o1", "o2", "o3", "o4"])
people = st.sampled_from(["ann", "bob"])
keys = st.none() | st.sampled_from(["k1", "k2", "k3"])
priced = st.sampled_from([NOW, NOW, NOW, Versions(6, 3), Versions(7, 2)])
some = st.sets(st.sampled_from(sorted(POLICIES))).map(sorted)


def claims(promotion: str, customer: str) -> tuple[Claim, ...]:
    return tuple(
        Claim(key, LIMITS[key]) for key in LIMITS if key[:2] in ((promotion, ""), (promotion, customer))
    )


def taking(names: Iterable[str], customer: str) -> tuple[Redemption, ...]:
    return tuple(Redemption(name, moved(name), claims(name, customer)) for name in names)


def moved(promotion: str) -> Vector:
    return Vector(1, 701, 2 if promotion == "rich" else 0)


def placing(order_no: str, customer: str, names: Sequence[str], key: str | None, versions: Versions) -> Place:
    """Three units at 50.00, and shipping of 5.00; 7.01 of the line by each promotion."""
    vectors = {name: moved(name) for name in names}
    cuts = tuple(FrozenCut(name, one.amount, (), one.units) for name, one in vectors.items())
    promotions = tuple(
        FrozenPromotion(name, None, one.amount, 0, one.units, POLICIES[name])  # type: ignore[arg-type]
        for name, one in vectors.items()
    )
    off = 701 * len(names)
    return Place(
        order_no=order_no, request=f"{customer} {names}", caller="shop", idempotency_key=key, currency="CNY",
        customer=customer, total=15_500, discount=off, redemptions=taking(names, customer), hold_for=HOLD,
        frozen=Frozen((FrozenLine("1", "MUG", "MUG", 3, 5_000, 15_000 - off, cuts),), promotions, 500, 500),
        versions=versions,
    )  # fmt: skip


places = st.builds(placing, orders, people, some, keys, priced)
pays = st.builds(
    lambda order_no, key, again, versions: Pay(
        order_no=order_no, request="pay", caller="shop", idempotency_key=key, again=again, versions=versions
    ),
    orders, keys, st.sampled_from([None, ()]), priced,
)  # fmt: skip
cancels = st.builds(
    lambda order_no, key: Cancel(order_no=order_no, request="cancel", caller="shop", idempotency_key=key),
    orders,
    keys,
)
refunds = st.builds(
    lambda order_no, key, number, units, shipping: GiveBackPart(
        order_no=order_no, request=f"{number} {units} {shipping}", caller="shop", idempotency_key=key,
        refund_no=number, lines={"1": units} if units else {}, shipping=shipping,
    ),
    orders, keys, st.sampled_from(["r1", "r2", "r3"]), st.integers(0, 3), st.booleans(),
)  # fmt: skip
commands = places | places | pays | pays | cancels | refunds | refunds
days = st.lists(
    st.tuples(st.lists(commands, min_size=1, max_size=12), st.sampled_from([0, 1, 899, 900, 3_600])),
    max_size=4,
)
"""batches, and the seconds after each"""


def lived(
    days: Sequence[tuple[Sequence[AnyCommand], int]], *, together: bool
) -> tuple[Memory, list[Outcome]]:
    """What comes of all of it: a batch in one transaction, or each command in one of its own."""
    memory, outcomes = Memory(), []
    for batch, seconds in days:
        for part in [batch] if together else [[command] for command in batch]:
            outcomes += memory.decided(*part)
        memory.now += timedelta(seconds=seconds)
    return memory, outcomes


# -- laws


@settings(deadline=None)
@given(days)
def test_together_commands_do_what_they_do_one_after_the_other(
    days: list[tuple[list[AnyCommand], int]],
) -> None:
    one, alone = lived(days, together=True), lived(days, together=False)
    assert [_shown(outcome) for outcome in one[1]] == [_shown(outcome) for outcome in alone[1]]
    assert one[0].locked == alone[0].locked
    assert one[0].entries == alone[0].entries


@settings(deadline=None)
@given(days)
def test_counters_are_sums_of_entries_and_within_their_limits(
    days: list[tuple[list[AnyCommand], int]],
) -> None:
    memory, _ = lived(days, together=True)
    for key, counter in memory.locked.counters.items():
        mine = [one for one in memory.entries if one.promotion == key.promotion]
        mine = [one for one in mine if key.customer in ("", one.customer)]
        assert counter.used == summed(mine, {"commit": 1, "reverse": -1})
        assert counter.held == summed(mine, {"hold": 1, "commit": -1, "release": -1, "expire": -1})
        held = [hold.moved for holds in memory.locked.holds.values() for hold in holds if hold.key == key]
        assert counter.held == _total(held)
        assert min(counter.used) >= 0
        limits = zip(LIMITS[key], counter.used.plus(counter.held), strict=True)
        assert all(limit is None or taken <= limit for limit, taken in limits)


@settings(deadline=None)
@given(days)
def test_what_was_done_is_done_once(days: list[tuple[list[AnyCommand], int]]) -> None:
    """The same command again answers what it answered, and writes nothing but a key that it had not used."""
    memory, outcomes = lived(days, together=True)
    asked = [command for batch, _ in days for command in batch]
    done = [(command, one) for command, one in zip(asked, outcomes, strict=True) if isinstance(one, Done)]
    before, entries = copied(memory.locked), len(memory.entries)
    again = memory.decided(*[command for command, _ in done])
    for (command, first), second in zip(done, again, strict=True):
        assert isinstance(second, Done), (command, second)
        assert second.replayed
        assert (second.order, second.refund) == (first.order, first.refund)
    assert {entry.kind for entry in memory.entries[entries:]} <= {"expire"}
    assert memory.locked.requests == before.requests
    assert memory.locked.refunds == before.refunds
    for number, order in before.orders.items():
        if order.state_at(memory.now) == order.state:
            assert memory.locked.orders[number] == order


@settings(deadline=None)
@given(days)
def test_a_hold_ends_exactly_once(days: list[tuple[list[AnyCommand], int]]) -> None:
    """And what is taken again after that is for good."""
    memory, _ = lived(days, together=True)
    for number, order in memory.locked.orders.items():
        for promotion in order.frozen.promotions:
            mine = [one for one in memory.entries if (one.order_no, one.promotion) == (number, promotion.id)]
            kinds = [(one.kind, one.number) for one in mine if one.kind != "reverse"]
            first = [kind for kind, which in kinds if not which]
            assert first[0] == "hold"
            assert len(first) == (1 if order.state == "pending" else 2)
            assert [kind for kind, which in kinds if which] in ([], ["hold", "commit"])
        assert (number in memory.locked.holds) == (
            order.state == "pending" and any(one.id != "free" for one in order.frozen.promotions)
        )


def summed(entries: Iterable[Entry], signs: Mapping[str, int]) -> Vector:
    found = NOTHING
    for one in entries:
        sign = signs.get(one.kind, 0)
        found = found.plus(Vector(*[sign * number for number in one.moved]))
    return found


def _total(vectors: Iterable[Vector]) -> Vector:
    found = NOTHING
    for one in vectors:
        found = found.plus(one)
    return found


def _shown(outcome: Outcome) -> object:
    return outcome if isinstance(outcome, Done) else (type(outcome), str(outcome))
