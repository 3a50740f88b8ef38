"""What a discount takes is what the table of docs/algorithm/discounts.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stores.discount_worlds import terms
from youhui.discounts.model import Terms
from youhui.discounts.rules import off
from youhui.engine.money import format_amount, parse_amount

PAGE = Path(__file__).parents[2] / "docs" / "algorithm" / "discounts.md"
TABLE = PAGE.read_text(encoding="utf-8").split("| unit price")[1]
HEAD, _, *ROWS = re.findall(r"^\| (.+) \|$", TABLE, re.MULTILINE)
CASES = [
    (price, named, taken)
    for price, *amounts in [row.split(" | ") for row in ROWS]
    for named, taken in zip(["5.00 off", "9.5 折", "8.85 折"], amounts, strict=True)
]


def named_terms(name: str) -> Terms:
    value, unit = name.split()
    type_ = "amount" if unit == "off" else "percent"
    return terms(type=type_, value=round(float(value) * 100))


@pytest.mark.parametrize(("price", "named", "taken"), CASES)
def test_what_it_takes(price: str, named: str, taken: str) -> None:
    assert format_amount(off(named_terms(named), parse_amount(price, "CNY")), "CNY") == taken
