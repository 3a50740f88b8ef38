"""Laws that hold whatever the promotions are, checked on random carts and promotions over all kinds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from itertools import accumulate
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.engine.agreement import quote_of
from tests.engine.strategies import carts, cases, promotion
from youhui.conformance import read_case
from youhui.engine import Cart, Quote, Ruleset
from youhui.engine.promotion import LIMITS

Document = dict[str, Any]
Runs = tuple[tuple[int, int], ...]

ORDER_FREE = [
    {"kind": "percent_off", "target": "lines", "percent": "12.5"},
    {"kind": "percent_off", "target": "lines", "percent": "50", "round_per": "unit", "selector": {"skus": ["MUG"]}},
    {"kind": "percent_off", "target": "shipping", "percent": "33.333"},
    {"kind": "amount_off", "target": "each_unit", "amount": "3", "selector": {"skus": ["MUG", "TEA"]}},
    {"kind": "amount_off", "target": "each_line", "amount": "5"},
    {"kind": "fixed_price", "target": "each_unit", "price": "9", "selector": {"unit_price_at_least": "10"}},
    {"kind": "free_shipping"},
    {"kind": "gift", "sku": "CUP", "quantity": 1, "per": {"quantity": 2}},
]  # fmt: skip
"""actions that treat each line by itself, in JPY: no tie is broken by the order of lines"""


def check_sums(quote: Quote) -> None:
    """Cuts sum to the totals: by line, by promotion, shipping, and all together."""
    for line in quote.lines:
        cuts = [cut.amount for applied in quote.applied for cut in applied.cuts if cut.line == line.id]
        assert sum(cuts) == line.discount == line.subtotal - line.total
    assert sum(applied.shipping for applied in quote.applied) == quote.shipping_discount
    assert sum(applied.amount for applied in quote.applied) == quote.total_discount
    assert quote.total == quote.subtotal - quote.total_discount


def check_units(cart: Cart, quote: Quote) -> None:
    """The units of a cut sum to it and are as many as the line has; none goes below its floor."""
    for line in cart.lines:
        cuts = [cut for applied in quote.applied for cut in applied.cuts if cut.line == line.id]
        assert line.discountable or not cuts
        for cut in cuts:
            assert sum(count for count, _ in cut.units) == line.quantity
            assert sum(count * each for count, each in cut.units) == cut.amount > 0
            assert all(count > 0 and each >= 0 for count, each in cut.units)
        floor = min(line.min_unit_price, line.unit_price)
        assert all(line.unit_price - off >= floor for off in taken_in_all([cut.units for cut in cuts]))


def taken_in_all(cuts: list[Runs]) -> set[int]:
    """The amounts that single units gave to all of these cuts together, each once."""
    found: dict[int, int] = {}  # where a run begins: how much more its units gave than those before
    for runs in cuts:
        at = before = 0
        for count, each in runs:
            found[at] = found.get(at, 0) + each - before
            at, before = at + count, each
    return set(accumulate(found[at] for at in sorted(found)))


def check_bounds(quote: Quote) -> None:
    """0 <= cut <= price; a promotion is applied only if it gives money or a gift."""
    for line in quote.lines:
        assert 0 <= line.discount <= line.subtotal
    assert 0 <= quote.shipping_discount <= quote.shipping
    assert quote.total >= 0
    for applied in quote.applied:
        assert applied.shipping >= 0
        assert applied.amount > 0 or applied.gifts
        assert all(gift.quantity > 0 for gift in applied.gifts)


@given(cases())
def test_cuts_sum_and_stay_within_prices(case: Document) -> None:
    quote = quote_of(case)
    check_sums(quote)
    check_units(read_case(case).cart, quote)
    check_bounds(quote)


@given(cases(), st.data())
def test_a_million_units_break_no_law(case: Document, data: st.DataObject) -> None:
    assume(bool(case["lines"]))
    line: dict[str, Any] = data.draw(st.sampled_from(case["lines"]))
    line["quantity"] = 1_000_000
    quote = quote_of(case)
    check_sums(quote)
    check_units(read_case(case).cart, quote)
    check_bounds(quote)


@given(cases())
def test_the_same_input_gives_the_same_quote(case: Document) -> None:
    """Two rulesets read from the same document, each asked twice: not a byte differs."""
    one, two = read_case(case), read_case(case)
    ruleset = Ruleset(one.promotions)
    first = ruleset.price(one.cart, one.usage, at=one.at)
    assert repr(ruleset.price(one.cart, one.usage, at=one.at)) == repr(first)
    assert repr(Ruleset(two.promotions).price(two.cart, two.usage, at=two.at)) == repr(first)


@given(cases())
def test_what_a_limit_counts_in_changes_no_price(case: Document) -> None:
    """Windows, their zone and what refunds give back are for whoever counts."""
    bare = deepcopy(case)
    for one in bare["promotions"]:
        for key in (*LIMITS.values(), "timezone", "give_back"):
            one.pop(key, None)
    assert replace(quote_of(case), version="") == replace(quote_of(bare), version="")


@given(cases())
def test_no_more_units_are_counted_than_there_are(case: Document) -> None:
    """Of the stock, of what the customer may have in all, and of what an order may."""
    read, quote = read_case(case), quote_of(case)
    for applied in quote.applied:
        terms = next(p for p in read.promotions if p.id == applied.promotion)
        used = read.usage.of(terms.id)
        left = [terms.stock if used.units_left is None else used.units_left, terms.units_per_order]
        if terms.units_per_customer is not None and read.cart.customer is not None:
            left.append(terms.units_per_customer - used.units_by_customer)
        assert all(applied.counted_units <= most for most in left if most is not None)


@given(cases())
def test_units_enough_for_the_cart_change_nothing(case: Document) -> None:
    enough = deepcopy(case)
    for one in enough["promotions"]:
        for key in ("stock", "units_left", "units_per_customer", "units_per_order", "units_by_customer"):
            one.pop(key, None)
    plenty = deepcopy(enough)
    for one in plenty["promotions"]:
        one |= {"stock": 1000, "units_per_customer": 1000, "units_per_order": 1000}
    assert given_by(plenty) == given_by(enough)


TWO_EXCLUSIVES = {
    "now": "2026-01-15T12:00:00Z",
    "currency": "CNY",
    "lines": [{"id": "a", "sku": "MUG", "unit_price": "10.00", "quantity": 1}],
    "promotions": [
        {
            "id": name,
            "stacking": "exclusive",
            "actions": [{"kind": "amount_off", "target": "order", "amount": off}],
        }
        for name, off in (("vain", "0.00"), ("first", "1.00"), ("second", "2.00"))
    ],
}


@given(cases())
@example(TWO_EXCLUSIVES)
def test_each_promotion_has_one_verdict(case: Document) -> None:
    quote = quote_of(case)
    names = [verdict.promotion for verdict in quote.verdicts]
    assert len(set(names)) == len(names)
    assert [v.promotion for v in quote.verdicts if v.reason is None] == [a.promotion for a in quote.applied]


@given(cases(), st.data())
def test_a_promotion_that_does_not_match_changes_nothing(case: Document, data: st.DataObject) -> None:
    never = data.draw(promotion("never", [], case["currency"]))
    never = {key: value for key, value in never.items() if key not in ("code", "code_match")}
    never["conditions"] = [{"kind": "any", "conditions": []}]
    at = data.draw(st.integers(0, len(case["promotions"])))
    more = [*case["promotions"][:at], never, *case["promotions"][at:]]
    assume(readable_all(more, case))
    assert given_by({**case, "promotions": more}) == given_by(case)


@given(cases())
def test_without_what_was_refused_the_rest_is_the_same(case: Document) -> None:
    """Save for members of groups, which have their say even where they lose."""
    read = read_case(case)
    whole = quote_of(case)
    groups = {p.id for p in read.promotions if p.group is not None}
    refused = {v.promotion for v in whole.verdicts if v.reason is not None} - groups
    kept = [p for p in read.promotions if p.id not in refused]
    quote = Ruleset(kept).price(read.cart, read.usage, at=read.at)
    assert (quote.lines, quote.shipping_discount, quote.applied) == (
        whole.lines,
        whole.shipping_discount,
        whole.applied,
    )


@given(
    carts(), st.lists(st.sampled_from(ORDER_FREE), min_size=1, max_size=4), st.randoms(use_true_random=False)
)
def test_permuting_lines_permutes_the_result(cart: Document, actions: list[Document], random: Any) -> None:
    """Where no tie is broken by the order of lines: actions that treat each line by itself."""
    case = in_yen({**cart, "now": "2026-01-15T12:00:00Z"})
    case["promotions"] = [{"id": f"p{n}", "actions": [action]} for n, action in enumerate(actions)]
    shuffled = {**case, "lines": random.sample(case["lines"], len(case["lines"]))}
    one, two = given_by(case), given_by(shuffled)
    assert one == two


@given(carts(), st.sampled_from(["percent_off", "amount_off"]), st.randoms(use_true_random=False))
def test_permuting_lines_keeps_what_an_order_gives(cart: Document, kind: str, random: Any) -> None:
    """One amount of the whole order is the same, whichever lines bear its odd cents."""
    case = in_yen({**cart, "now": "2026-01-15T12:00:00Z"})
    value = {"percent": "12.5"} if kind == "percent_off" else {"amount": "100"}
    case["promotions"] = [{"id": "p", "actions": [{"kind": kind, "target": "order", **value}]}]
    shuffled = {**case, "lines": random.sample(case["lines"], len(case["lines"]))}
    assert quote_of(case).total == quote_of(shuffled).total


def in_yen(case: Document) -> Document:
    """The same digits as whole yen."""

    def yen(text: str) -> str:
        return str(int(text.replace(".", "")))

    lines = [
        {**line, **{key: yen(line[key]) for key in ("unit_price", "min_unit_price") if key in line}}
        for line in case["lines"]
    ]
    shipping = case.get("shipping")
    if shipping:
        case = {**case, "shipping": {**shipping, "price": yen(shipping["price"])}}
    return {**case, "currency": "JPY", "lines": lines}


def readable_all(promotions: list[Document], case: Document) -> bool:
    try:
        read_case({**case, "promotions": promotions})
    except ValueError:
        return False
    return True


def given_by(case: Document) -> Document:
    """What a quote takes and gives, by line id."""
    quote = quote_of(case)
    return {
        "lines": {line.id: line.discount for line in quote.lines},
        "shipping": quote.shipping_discount,
        "gifts": quote.gifts,
        "applied": {a.promotion: ({c.line: c.units for c in a.cuts}, a.shipping) for a in quote.applied},
        "rejected": dict(quote.rejected_codes),
    }
