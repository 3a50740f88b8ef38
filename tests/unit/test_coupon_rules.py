"""Terms of coupons as promotions, and their validity as instants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.coupons.model import Terms, Validity
from youhui.coupons.rules import claim_day, limits_of, promotion_of, rule_of, valid_for
from youhui.coupons.templates.forms import Usual, read_draft
from youhui.coupons.templates.service import draft_template
from youhui.engine import BUILT_IN, Cart, InvalidDocument, Line, Promotion, Quote, Ruleset, Shipping
from youhui.engine.actions.amount_off import AmountOff

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
MUGS = {"products": ["MUG"]}
FLASH = Promotion(id="flash", lane="item", tags=("flash",), actions=(AmountOff(amount=1000, target="order"),))
"""10.00 off, spread"""


def terms(type: str = "discount", **more: Any) -> Terms:  # noqa: A002
    """20.00 off, unless they say otherwise."""
    gives = {"amount": 2000} if type == "discount" and "percent_paid" not in more else {}
    return msgspec.convert({"type": type, **gives, "validity": {"ends_at": YEAR[1]}, **more}, Terms)


def coupon(id_: int, of: Terms, template: int = 1) -> Promotion:
    promotion = promotion_of(of, template, "CNY", BUILT_IN, "券")
    return rule_of(id_, promotion, promotion, *YEAR).promotion


def cart(mugs: int = 2, cups: int = 1) -> Cart:
    """Mugs at 60.00, cups at 50.00, and shipping for 10.00."""
    lines = [("MUG", 6000, mugs), ("CUP", 5000, cups)]
    return Cart(
        "CNY",
        tuple(Line(sku, sku, price, units, sku) for sku, price, units in lines if units),
        shipping=Shipping(price=1000),
    )


def priced(*promotions: Promotion, of: Cart | None = None) -> Quote:
    return Ruleset(promotions).price(of or cart(), at=NOON)


def reasons(quote: Quote) -> dict[str, str]:
    return {verdict.promotion: verdict.reason or "applied" for verdict in quote.verdicts}


@pytest.mark.parametrize(
    ("says", "given_terms", "saves"),
    [
        ("20.00 off", terms(), 2000),
        ("more than there is takes it all", terms(amount=99_900), 17_000),
        ("8.5 折 of 170.00", terms(percent_paid=8500), 2550),
        ("8.5 折, at most 20.00", terms(percent_paid=8500, max_discount=2000), 2000),
        ("9.95 折", terms(percent_paid=9950), 85),
        ("5 折 of mugs only", terms(percent_paid=5000, scope=MUGS), 6000),
        ("5 折 of mugs only, at most 7.00", terms(percent_paid=5000, scope=MUGS, max_discount=700), 700),
        ("130.00 off mugs is all mugs", terms(amount=13_000, scope=MUGS), 12_000),
        ("满 170 is reached", terms(min_amount=17_000), 2000),
        ("满 170.01 is not", terms(min_amount=17_001), 0),
        ("满 120 of mugs", terms(min_amount=12_000, scope=MUGS), 2000),
        ("满 120.01 of mugs: the cup does not count", terms(min_amount=12_001, scope=MUGS), 0),
        ("满 3 件", terms(min_quantity=3), 2000),
        ("满 3 件 mugs", terms(min_quantity=3, scope=MUGS), 0),
        ("shipping, all of it", terms("shipping"), 1000),
        ("shipping, 6.00 of it", terms("shipping", amount=600), 600),
        ("shipping for plates, of which there are none", terms("shipping", scope={"skus": ["PLATE"]}), 0),
        ("a further condition that fails", terms(conditions=[{"kind": "logged_in"}]), 0),
    ],
)  # fmt: skip
def test_what_a_coupon_saves(says: str, given_terms: Terms, saves: int) -> None:
    assert priced(coupon(1, given_terms)).total_discount == saves, says


@pytest.mark.parametrize(("threshold_of", "saves"), [("original", 3000), ("running", 1000)])
def test_a_threshold_is_of_list_prices_or_of_what_is_left(threshold_of: str, saves: int) -> None:
    of = terms(min_amount=17_000, threshold_of=threshold_of)
    assert priced(FLASH, coupon(1, of)).total_discount == saves


def test_a_gift_is_given_where_its_scope_is_met() -> None:
    gift = {"sku": "TOTE", "quantity": 2, "value": 1500}
    quote = priced(coupon(1, terms("gift", gift=gift, scope=MUGS)))
    assert [(one.sku, one.quantity, one.value) for one in quote.applied[0].gifts] == [("TOTE", 2, 1500)]
    assert priced(coupon(1, terms("gift", gift=gift, scope=MUGS)), of=cart(mugs=0)).applied == ()


ALONE = terms()
SEVERAL = terms(several_per_order=True)
COMBINES = terms(combines_with_coupons=True)
BOTH = terms(combines_with_coupons=True, several_per_order=True)


@pytest.mark.parametrize(
    ("says", "one", "other", "same", "together"),
    [
        ("two of one template that stands alone", ALONE, ALONE, True, False),
        ("two of one template, several of which an order takes", SEVERAL, SEVERAL, True, True),
        ("two of one template that goes with others, but not with its own", COMBINES, COMBINES, True, False),
        ("two of one template that goes with all", BOTH, BOTH, True, True),
        ("two templates that stand alone", ALONE, ALONE, False, False),
        ("two templates, each of which goes only with its own", SEVERAL, SEVERAL, False, False),
        ("one that goes with others, and one that does not", COMBINES, ALONE, False, False),
        ("one that goes with others, and one that goes with its own", COMBINES, SEVERAL, False, False),
        ("one that goes with all, and one that goes with its own", BOTH, SEVERAL, False, False),
        ("one that goes with its own, and one that stands alone", SEVERAL, ALONE, False, False),
        ("two templates that go with others", COMBINES, COMBINES, False, True),
        ("two templates that go with all", BOTH, COMBINES, False, True),
    ],
)
def test_which_coupons_go_together(says: str, one: Terms, other: Terms, same: bool, together: bool) -> None:
    first, second = coupon(1, one, 5), coupon(2, other, 5 if same else 4)
    for pair in ((first, second), (second, first)):
        quote = priced(*pair)
        assert quote.total_discount == (4000 if together else 2000), says
        told = reasons(quote)[pair[1].id]
        assert told == "applied" if together else told in ("excluded", "not_best"), says


@given(one=st.integers(1, 2**32 - 1), other=st.integers(1, 2**32 - 1))
def test_each_only_with_its_own_whatever_their_numbers(one: int, other: int) -> None:
    quote = priced(coupon(1, SEVERAL, one), coupon(2, SEVERAL, other))
    assert (quote.total_discount == 4000) == (one == other)


def test_the_better_of_two_that_stand_alone() -> None:
    quote = priced(coupon(1, terms(), 1), coupon(2, terms(amount=3000), 2))
    assert [one.promotion for one in quote.applied] == ["coupon:2"]
    assert reasons(quote)["coupon:1"] == "not_best"


def test_alone_or_with_promotions() -> None:
    assert priced(FLASH, coupon(1, terms())).total_discount == 3000
    quote = priced(FLASH, coupon(1, terms(combines_with_promotions=False)))
    assert [one.promotion for one in quote.applied] == ["coupon:1"]
    quote = priced(FLASH, coupon(1, terms(excludes_tags=["flash"])))
    assert reasons(quote)["coupon:1"] == "excluded"
    assert priced(FLASH, coupon(1, terms(skip_lines_of_tags=["flash"]))).total_discount == 1000


def test_a_promotion_may_refuse_all_coupons() -> None:
    quote = priced(replace(FLASH, excludes_tags=("coupon",)), coupon(1, BOTH))
    assert reasons(quote)["coupon:1"] == "excluded"


def test_a_coupon_in_its_window() -> None:
    found = rule_of(41, promotion_of(terms(), 7, "CNY", BUILT_IN), limits_of(template()), NOON, YEAR[1])
    assert (found.coupon, found.promotion.id, found.limits.id) == ("41", "coupon:41", "coupon-template:7")
    at = [NOON - timedelta(microseconds=1), NOON, YEAR[1] - timedelta(microseconds=1), YEAR[1]]
    saves = [Ruleset([found.promotion]).price(cart(), at=one).total_discount for one in at]
    assert saves == [0, 2000, 2000, 0]
    for one in (found.limits, found.promotion):
        assert (one.usage_limit, one.budget) == (30, 50_000)


def template() -> Any:
    sent = {"name": "券", "value": 20, "expire_at": "2027-01-01T00:00:00Z", "usage_limit": 30, "budget": 500}
    draft = read_draft(sent, Usual("CNY", "Asia/Shanghai"), BUILT_IN)
    return replace(draft_template(draft, NOON, 1), id=7)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (terms(scope={"skus": "MUG"}), "scope.skus"),
        (terms(scope={"colour": ["red"]}), "scope.colour"),
        (terms(conditions=[{"kind": "logged_in"}, {"kind": "moon_is_full"}]), "conditions[1].kind"),
        (terms(conditions=[{"kind": "subtotal_at_least", "amount": "1"}]), "conditions[0].amount"),
    ],
)
def test_a_scope_or_condition_that_is_wrong(wrong: Terms, path: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        promotion_of(wrong, 1, "CNY", BUILT_IN)
    assert [one.path for one in caught.value.problems] == [path]


# -- time


@pytest.mark.parametrize(
    ("zone", "validity", "issued", "starts", "ends"),
    [
        # issued on the 1st for 3 days: it ends with the 3rd, "next_day" with the 4th
        ("Asia/Shanghai", Validity(days=3), "01T15:00+08:00", "01T15:00+08:00", "04T00:00+08:00"),
        ("Asia/Shanghai", Validity(days=3, begins="next_day"), "01T15:00+08:00", "02T00:00+08:00", "05T00:00+08:00"),
        ("Asia/Shanghai", Validity(days=1), "01T00:00+08:00", "01T00:00+08:00", "02T00:00+08:00"),
        ("Asia/Shanghai", Validity(days=1), "01T23:59+08:00", "01T23:59+08:00", "02T00:00+08:00"),
        # 1 November 2026 has 25 hours in New York
        ("America/New_York", Validity(days=1), "01T00:00-04:00", "01T00:00-04:00", "02T00:00-05:00"),
        ("America/New_York", Validity(days=2, begins="next_day"), "01T12:00-05:00", "02T00:00-05:00", "04T00:00-05:00"),
    ],
)  # fmt: skip
def test_days_are_local(zone: str, validity: Validity, issued: str, starts: str, ends: str) -> None:
    of = msgspec.structs.replace(terms(), validity=validity, time_zone=zone)
    at, *expected = [datetime.fromisoformat(f"2026-11-{one}") for one in (issued, starts, ends)]
    assert list(valid_for(of, at)) == expected


def test_a_window_is_as_it_is() -> None:
    fixed = terms(validity={"starts_at": YEAR[0], "ends_at": YEAR[1]})
    assert valid_for(fixed, NOON) == YEAR
    assert valid_for(terms(), NOON) == (NOON, YEAR[1]), "without a beginning from its issue on"


def test_a_day_that_a_zone_left_out_ends_at_once() -> None:
    """Samoa had no 30 December 2011."""
    of = msgspec.structs.replace(
        terms(), validity=Validity(days=1, begins="next_day"), time_zone="Pacific/Apia"
    )
    starts, ends = valid_for(of, datetime(2011, 12, 29, 12, tzinfo=ZoneInfo("Pacific/Apia")))
    assert starts == ends == datetime(2011, 12, 31, tzinfo=ZoneInfo("Pacific/Apia"))


ZONES = st.sampled_from(
    ["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]
)


@given(
    zone=ZONES,
    days=st.integers(1, 400),
    begins=st.sampled_from(["issue", "next_day"]),
    at=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001
)
def test_a_coupon_for_days_ends_with_a_local_day(zone: str, days: int, begins: Any, at: datetime) -> None:
    issued = at.replace(tzinfo=UTC)
    of = msgspec.structs.replace(terms(), validity=Validity(days=days, begins=begins), time_zone=zone)
    starts, ends = valid_for(of, issued)
    local = ZoneInfo(zone)
    first = datetime.fromisoformat(claim_day(of, issued)).date() + timedelta(days=begins == "next_day")
    last = (ends - timedelta(microseconds=1)).astimezone(local).date()
    assert last == first + timedelta(days=days - 1)
    assert ends.astimezone(local).date() > last
    assert starts.astimezone(local).date() == first
    assert issued <= starts < ends


def test_the_day_of_a_claim_is_local() -> None:
    assert claim_day(terms(), datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == "2026-11-22"
    assert claim_day(terms(), datetime(2026, 11, 22, 16, tzinfo=UTC)) == "2026-11-23"
