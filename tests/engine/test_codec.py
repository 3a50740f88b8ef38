"""Documents and objects say the same: what is written is read back equal, for every kind and for kinds of others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.documents import Documents
from tests.engine.strategies import cases
from tests.engine.tables import FOLDERS, tables
from youhui.engine import (
    BUILT_IN,
    Ruleset,
    decode_cart,
    decode_instant,
    decode_promotion,
    decode_promotions,
    encode_cart,
    encode_promotion,
)
from youhui.engine.codec import COUNTERS
from youhui.engine.conditions.base import Condition
from youhui.engine.forms import Positive, Texts
from youhui.engine.prices import Facts, Prices

Document = dict[str, Any]
CASE_KEYS = ("id", "now", "promotions")


@dataclass(frozen=True, slots=True)
class LinesAtLeast(Condition):
    """A kind of a third party: the cart has so many lines, of which none has one of these skus."""

    kind: ClassVar[str] = "lines_at_least"

    lines: Positive
    without: Texts = ()

    def holds(self, facts: Facts, prices: Prices) -> bool:
        skus = [line.sku for line in facts.lines]
        return len(skus) >= self.lines and not set(skus) & set(self.without)


EXTENDED = BUILT_IN.extended(conditions=[LinesAtLeast])


@given(cases())
def test_promotions_round_trip(case: Document) -> None:
    currency = case["currency"]
    promotions, usage = decode_promotions(case["promotions"], currency)
    written = [encode_promotion(p, currency, usage.of(p.id)) for p in promotions]
    again, used = decode_promotions(json.loads(json.dumps(written)), currency)
    assert again == promotions
    assert [used.of(p.id) for p in again] == [usage.of(p.id) for p in promotions]


@given(cases())
def test_carts_round_trip(case: Document) -> None:
    cart = decode_cart(case, CASE_KEYS)
    assert decode_cart(json.loads(json.dumps(encode_cart(cart)))) == cart


def test_the_tables_round_trip() -> None:
    """Each promotion of the tables is written with the keys that it was read with, those of the default left out."""
    for case in (case for folder in FOLDERS for table in tables(folder) for case in table.cases):
        currency = case.case["currency"]
        for document in case.case["promotions"]:
            terms = {key: value for key, value in document.items() if key not in COUNTERS}
            promotion = decode_promotion(terms, currency)
            written = encode_promotion(promotion, currency)
            assert decode_promotion(written, currency) == promotion
            assert set(written) <= set(terms)


@st.composite
def extended_cases(draw: st.DrawFn) -> Document:
    """A case whose first promotion has a condition of the new kind, drawn from its fields."""
    case: Document = draw(cases(registry=EXTENDED).filter(lambda case: bool(case["promotions"])))
    document = Documents(EXTENDED, case["currency"]).of(draw, LinesAtLeast, 1)
    case["promotions"][0]["conditions"].append(document)
    return case


@given(extended_cases())
def test_a_kind_of_a_third_party_needs_nothing_more(case: Document) -> None:
    """Random cases, validation, writing and pricing follow from its fields."""
    cart, currency = decode_cart(case, CASE_KEYS), case["currency"]
    promotions, usage = decode_promotions(case["promotions"], currency, EXTENDED)
    written = [encode_promotion(p, currency) for p in promotions]
    assert decode_promotions(written, currency, EXTENDED)[0] == promotions
    quote = Ruleset(promotions).price(cart, usage, at=decode_instant(case["now"]))
    condition = promotions[0].conditions[-1]
    assert isinstance(condition, LinesAtLeast)
    if len(cart.lines) < condition.lines:
        assert promotions[0].id not in [applied.promotion for applied in quote.applied]
