"""The parts of the journey that need no data: face values, the split of a line, the promotion of a coupon."""

from __future__ import annotations

from datetime import date

import pytest

pytest.importorskip("duckdb", reason="the journey's packages are not installed (pip install --group journey)")

from examples.complete_journey.carts import Product, cart_lines, slug
from examples.complete_journey.data import Offer
from examples.complete_journey.facevalue import VALUE_CODES, FaceValue, agreed, face_values
from examples.complete_journey.promotions import document, midnight

SOUP = Product("42", ("grocery", "soup"), {"brand": "National"})


@pytest.mark.parametrize(
    ("quantity", "cents", "expected"),
    [
        (1, 199, [("42", 199, 1)]),
        (3, 300, [("42", 100, 3)]),
        (3, 500, [("42", 166, 1), ("42+1", 167, 2)]),
        (2, 0, [("42", 0, 2)]),
        # Fuel is counted in thousandths of a gallon: most of its units cost nothing, the others a cent.
        (8725, 2007, [("42", 0, 6718), ("42+1", 1, 2007)]),
    ],
)
def test_a_line_becomes_one_or_two_of_whole_cents(
    quantity: int, cents: int, expected: list[tuple[str, int, int]]
) -> None:
    lines = list(cart_lines({42: SOUP}, [(42, quantity, cents)]))
    assert [(line.id, line.unit_price, line.quantity) for line in lines] == expected
    assert sum(line.unit_price * line.quantity for line in lines) == cents
    assert {line.sku for line in lines} == {line.product for line in lines} == {"42"}


def test_value_codes_are_the_published_ones() -> None:
    assert VALUE_CODES[76] == (100, 1)
    assert VALUE_CODES[33] == (100, 2)
    assert VALUE_CODES[42] == (100, 3)
    assert VALUE_CODES[13] == (100, 4)
    assert VALUE_CODES[50] == (50, 1)
    # Each code has one meaning: no table overwrote an entry of another.
    assert len(VALUE_CODES) == 92


@pytest.mark.parametrize(
    ("coupon", "seen", "expected"),
    [
        (51380041013, [], FaceValue("value code", 100, 4)),
        (51380041076, [200, 200, 200], FaceValue("value code", 100)),
        (51600030101, [129], FaceValue("free unit", None)),
        (10000085361, [150, 150, 50], FaceValue("observed", 150)),
        (10000085361, [150, 150], FaceValue("fallback", 50)),
        (10000085361, [150, 50, 20], FaceValue("fallback", 50)),
        (51111111100, [], FaceValue("fallback", 50)),
    ],
)
def test_the_first_rule_that_answers_gives_the_face_value(
    coupon: int, seen: list[int], expected: FaceValue
) -> None:
    usual = [(1, 50)] * 10
    assert face_values([coupon], [*usual, *((coupon, cents) for cents in seen)])[coupon] == expected


def test_enough_lines_must_agree() -> None:
    assert agreed({}) is None
    assert agreed({100: 2}) is None
    assert agreed({100: 2, 50: 1}) == 100
    assert agreed({100: 3, 50: 2}) is None


def test_a_coupon_of_a_campaign_becomes_a_promotion_of_whole_local_days() -> None:
    offer = Offer(18, "Type A", 51380041013, date(2017, 10, 30), date(2017, 12, 24), ("7", "9"), ("42",))
    assert document(offer, FaceValue("value code", 100, 4)) == {
        "id": "18-51380041013",
        "name": "Campaign 18 (Type A), coupon 51380041013: 1.00 off 4",
        "code": "18-51380041013",
        "valid_from": "2017-10-30T00:00:00-04:00",
        "valid_until": "2017-12-25T00:00:00-05:00",
        "conditions": [{"kind": "customer_is", "any_of": ["7", "9"]}],
        "actions": [
            {
                "kind": "amount_off",
                "amount": "1.00",
                "target": "across_lines",
                "selector": {"products": ["42"]},
            }
        ],
    }
    assert midnight(date(2017, 10, 30)).utcoffset() != midnight(date(2017, 12, 25)).utcoffset()


def test_a_free_unit_is_the_dearest() -> None:
    offer = Offer(18, "Type A", 51600030101, date(2017, 10, 30), date(2017, 12, 24), ("7",), ("42",))
    assert document(offer, FaceValue("free unit", None))["actions"] == [
        {
            "kind": "percent_off",
            "percent": "100",
            "target": "lines",
            "units": 1,
            "pick": "dearest",
            "selector": {"products": ["42"]},
        }
    ]


def test_categories_are_ids() -> None:
    assert slug("FRZN VEGETABLE/VEG DSH") == "frzn-vegetable-veg-dsh"
    assert slug("CANDY BARS (SINGLES)(INCLUDING, ") == "candy-bars-singles-including"
