"""What refunds give back: in whatever order and parts, all of it and no more (P14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.orders.model import (
    NOTHING,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    GiveBack,
    Order,
    Vector,
)
from youhui.checkout.orders.problems import RefundTooMuch, UnknownLines
from youhui.checkout.orders.returns import Return, part, return_of

AT = datetime(2026, 11, 11, tzinfo=UTC)


def order(*lines: FrozenLine, promotions: Sequence[FrozenPromotion] = (), shipping: int = 0) -> Order:
    """A paid one. `shipping`: what was paid of it."""
    payable = sum(line.paid for line in lines) + shipping
    return Order(
        order_no="o1", state="paid", currency="CNY", customer=None, total=payable, discount=0, payable=payable,
        placed_at=AT, hold_until=AT + timedelta(minutes=15), taken_at=AT, paid_at=AT, request="",
        frozen=Frozen(lines, tuple(promotions), shipping, shipping),
    )  # fmt: skip


def line(name: str, quantity: int, paid: int, *cuts: FrozenCut) -> FrozenLine:
    return FrozenLine(name, name, name, quantity, 1_000, paid, cuts)


def given_back(one: Order, *parts: tuple[Mapping[str, int], bool]) -> Iterator[Return]:
    """What each part gives back after those before it."""
    for units, shipping in parts:
        back = return_of(one, units, shipping)
        one = replace(one, returned=back.after)
        yield back


# -- as a merchant would reckon


@pytest.mark.parametrize(
    ("quantity", "paid", "parts", "amounts"),
    [
        (3, 100, [1, 1, 1], [33, 33, 34]),
        (3, 100, [2, 1], [66, 34]),
        (3, 100, [3], [100]),
        (3, 2, [1, 1, 1], [0, 1, 1]),
        (7, 1, [6, 1], [0, 1]),
        (2, 0, [1, 1], [0, 0]),
    ],
)
def test_units_of_a_line_are_refunded_to_the_cent(
    quantity: int, paid: int, parts: list[int], amounts: list[int]
) -> None:
    one = order(line("a", quantity, paid))
    assert [back.amount for back in given_back(one, *[({"a": units}, False) for units in parts])] == amounts


def test_shipping_is_refunded_once_and_whole() -> None:
    one = order(line("a", 1, 500), shipping=90)
    first, second = given_back(one, ({}, True), ({}, False))
    assert (first.amount, first.shipping, first.complete) == (90, 90, False)
    assert (second.amount, second.shipping, second.complete) == (500, None, True)
    with pytest.raises(RefundTooMuch):
        return_of(replace(one, returned=first.after), {}, True)


def test_shipping_that_cost_nothing_comes_back_with_the_last_line() -> None:
    one = order(line("a", 2, 500))
    first, last = given_back(one, ({"a": 1}, False), ({"a": 1}, False))
    assert (first.shipping, first.complete) == (None, False)
    assert (last.shipping, last.complete) == (0, True)


@pytest.mark.parametrize(
    ("units", "shipping", "refused"),
    [
        ({"a": 3}, False, RefundTooMuch),
        ({"b": 1}, False, UnknownLines),
        ({"a": 1, "b": 1}, True, UnknownLines),
    ],
)
def test_what_is_not_there_is_not_refunded(
    units: Mapping[str, int], shipping: bool, refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        return_of(order(line("a", 2, 500), shipping=90), units, shipping)


@pytest.mark.parametrize(
    ("policy", "moved"),
    [
        ("never", [NOTHING, NOTHING]),
        ("full_refund", [NOTHING, Vector(1, 100, 3)]),
        ("pro_rata", [Vector(0, 33, 1), Vector(1, 67, 2)]),
    ],
)
def test_limits_get_back_what_the_policy_says(policy: GiveBack, moved: list[Vector]) -> None:
    cut = FrozenCut("p", 100, ((3, 33),), 3)
    one = order(line("a", 3, 200, cut), promotions=[FrozenPromotion("p", None, 100, 0, 3, policy)])
    found = [back.shares[0] for back in given_back(one, ({"a": 1}, False), ({"a": 2}, False))]
    assert [share.moved for share in found] == moved
    assert [share.discount for share in found] == [33, 67], "the money of it is told whatever the policy"


@pytest.mark.parametrize(
    ("policy", "moved"),
    [
        ("never", [NOTHING, NOTHING]),
        ("full_refund", [NOTHING, Vector(1, 0, 2)]),
        ("pro_rata", [NOTHING, Vector(1, 0, 2)]),
    ],
)
def test_gifts_come_back_with_the_refund_that_completes(policy: GiveBack, moved: list[Vector]) -> None:
    """They belong to no line, so no part of the order can bring a part of them."""
    gifts = FrozenPromotion("p", None, 0, 0, 2, policy)
    one = order(line("a", 3, 300), promotions=[gifts], shipping=90)
    found = [back.shares[0].moved for back in given_back(one, ({"a": 3}, False), ({}, True))]
    assert found == moved


# -- laws

amounts = st.integers(0, 10_000)


@given(amounts, st.integers(1, 50), st.data())
def test_parts_sum_to_the_whole(amount: int, quantity: int, data: st.DataObject) -> None:
    left, parts = quantity, []
    while left:
        units = data.draw(st.integers(1, left))
        parts.append(part(amount, quantity, quantity - left, units))
        left -= units
    assert sum(parts) == amount
    assert all(one >= 0 for one in parts)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Of a few lines, from which two promotions took something, the second of shipping too."""
    lines, taken = [], {"p": NOTHING, "q": NOTHING}
    for i in range(draw(st.integers(1, 4))):
        quantity = draw(st.integers(1, 6))
        cuts = [
            FrozenCut(name, draw(amounts), (), draw(st.integers(0, quantity)))
            for name in taken
            if draw(st.booleans())
        ]
        for cut in cuts:
            taken[cut.promotion] = taken[cut.promotion].plus(Vector(0, cut.amount, cut.units))
        lines.append(line(f"l{i}", quantity, draw(amounts), *cuts))
    policies: st.SearchStrategy[GiveBack] = st.sampled_from(["never", "full_refund", "pro_rata"])
    shipping = draw(amounts)
    promotions = [
        FrozenPromotion(name, None, sums.amount + off, off, sums.units, draw(policies))
        for (name, sums), off in zip(taken.items(), (0, shipping), strict=True)
    ]
    paid = draw(st.integers(1, 10_000))  # shipping that cost nothing is no part of its own
    return order(*lines, promotions=promotions, shipping=paid)


@st.composite
def parts_of(draw: st.DrawFn, one: Order) -> list[tuple[dict[str, int], bool]]:
    """Refunds that leave nothing: its units and its shipping in random company."""
    pieces = [(found.id, 1) for found in one.frozen.lines for _ in range(found.quantity)]
    pieces = draw(st.permutations([*pieces, ("", 1)]))
    refunds: list[tuple[dict[str, int], bool]] = []
    while pieces:
        count = draw(st.integers(1, len(pieces)))
        now, pieces = pieces[:count], pieces[count:]
        names = [name for name, _ in now if name]
        refunds.append(({name: names.count(name) for name in sorted(set(names))}, ("", 1) in now))
    return refunds


@given(st.data())
def test_in_any_order_and_parts_everything_comes_back_once(data: st.DataObject) -> None:
    one = data.draw(orders())
    found = list(given_back(one, *data.draw(parts_of(one))))
    assert sum(back.amount for back in found) == one.payable
    assert [back.complete for back in found] == [False] * (len(found) - 1) + [True]
    for number, promotion in enumerate(one.frozen.promotions):
        shares = [back.shares[number] for back in found]
        assert sum(share.discount for share in shares) == promotion.amount
        assert all(
            share.discount - sum(share.by_line.values()) in (0, promotion.shipping) for share in shares
        )
        moved = NOTHING
        for share in shares:
            assert min(share.moved) >= 0
            moved = moved.plus(share.moved)
        whole = Vector(1, promotion.amount, promotion.units)
        assert moved == (NOTHING if promotion.give_back == "never" else whole)
        if promotion.give_back == "full_refund":
            assert [share.moved for share in shares[:-1]] == [NOTHING] * (len(shares) - 1)


@given(st.data())
def test_all_that_is_left_completes_what_was_begun(data: st.DataObject) -> None:
    one = data.draw(orders())
    begun = data.draw(parts_of(one))[:-1]
    *_, last = given_back(one, *begun, ({}, False))
    assert last.complete
    assert sum(back.amount for back in given_back(one, *begun, ({}, False))) == one.payable


@given(st.data())
def test_what_was_returned_does_not_say_in_which_order(data: st.DataObject) -> None:
    one = data.draw(orders())
    parts = data.draw(parts_of(one))[:-1]
    shuffled = data.draw(st.permutations(parts))
    sums = [
        (
            sum(back.amount for back in found),
            [sum(back.shares[number].discount for back in found) for number in range(2)],
        )
        for found in (list(given_back(one, *parts)), list(given_back(one, *shuffled)))
    ]
    assert sums[0] == sums[1]
