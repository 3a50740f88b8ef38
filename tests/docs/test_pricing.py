"""The worked tables of docs/algorithm/pricing.md are what the engine does."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from youhui.engine.money import Percent, Rounding, RoundOn, format_amount, parse_amount
from youhui.engine.spreading import Spread, spread
from youhui.engine.units import differences, take

PAGE = Path(__file__).parents[2] / "docs" / "algorithm" / "pricing.md"


def table(name: str) -> list[list[str]]:
    """The rows below the marker, without the head."""
    rows = (
        PAGE.read_text(encoding="utf-8").split(f"<!-- table: {name} -->\n")[1].split("\n\n")[0].splitlines()
    )
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def amounts(text: str) -> list[int]:
    return [parse_amount(part, "CNY") for part in text.split(", ")]


@pytest.mark.parametrize("row", table("percent"), ids=" ".join)
def test_percentages_are_rounded_once(row: list[str]) -> None:
    total, percent, rounding, round_on, taken = row
    assert rounding in get_args(Rounding)
    assert round_on in get_args(RoundOn)
    given = Percent.parse(percent).of(parse_amount(total, "CNY"), rounding, round_on)  # type: ignore[arg-type]
    assert format_amount(given, "CNY") == taken


@pytest.mark.parametrize("row", table("spread"), ids=" ".join)
def test_shares_of_lines(row: list[str]) -> None:
    amount, lines, way, shares = row
    assert way in get_args(Spread)
    given = spread(parse_amount(amount, "CNY"), amounts(lines), amounts(lines), way)  # type: ignore[arg-type]
    assert given == amounts(shares)


@pytest.mark.parametrize("row", table("units"), ids=" ".join)
def test_an_amount_on_the_units_of_a_line(row: list[str]) -> None:
    count, price = row[0].split(" × ")
    before = ((int(count), parse_amount(price, "CNY"), 0),)
    given = differences(before, take(before, parse_amount(row[1], "CNY"), 0))
    assert ", ".join(f"{many} × {format_amount(each, 'CNY')}" for many, each in given) == row[2]
