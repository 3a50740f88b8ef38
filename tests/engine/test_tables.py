"""Every kind and every extension does what its table says, and so does the oracle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.agreement import disagreements, quote_of, stock_taken, units_taken
from tests.engine.tables import FOLDERS, Case, Table, documented, each_unit, tables
from youhui.engine import BUILT_IN, Quote
from youhui.engine.money import format_amount

TABLES = [table for folder in FOLDERS for table in tables(folder)]
CASES = [case for table in TABLES for case in table.cases]
DOCUMENTED = list(documented())


@pytest.mark.parametrize("case", [*CASES, *DOCUMENTED], ids=lambda case: case.id)
def test_case(case: Case) -> None:
    quote = quote_of(case.case, case.guests)
    assert given(case, quote) == expected(case), case.why


@pytest.mark.parametrize("case", [*CASES, *DOCUMENTED], ids=lambda case: case.id)
def test_the_oracle_agrees(case: Case) -> None:
    assert disagreements(case.case, case.guests) == []


def expected(case: Case) -> dict[str, Any]:
    """What the table says, by aspect."""
    found: dict[str, Any] = {"refused": case.refused}
    found["units"] = {name: each_unit(words) for name, words in case.units.items()}
    for aspect in ("takes", "stock", "gifts", "applied", "rejected_codes"):
        if getattr(case, aspect) is not None:
            found[aspect] = getattr(case, aspect)
    return found


def given(case: Case, quote: Quote) -> dict[str, Any]:
    """What the quote says, of the aspects and names that the table speaks of."""

    def money(amount: int) -> str:
        return format_amount(amount, quote.currency)

    discounts = {line.id: line.discount for line in quote.lines} | {"shipping": quote.shipping_discount}
    aspects: dict[str, Any] = {
        "takes": {name: money(amount) for name, amount in discounts.items() if amount},
        "stock": {line: count for units in stock_taken(quote).values() for line, count in units.items()},
        "gifts": [f"{gift.quantity} x {gift.sku}" for gift in quote.gifts],
        "applied": [applied.promotion for applied in quote.applied],
        "rejected_codes": dict(quote.rejected_codes),
        "refused": {name: _reason(quote, name) for name in case.refused},
        "units": {name: [money(each) for each in _of_line(quote, name)] for name in case.units},
    }
    return {aspect: aspects[aspect] for aspect in expected(case)}


def _of_line(quote: Quote, line: str) -> list[int]:
    """What all promotions together took of each unit of a line."""
    lines = [units[line] for units in units_taken(quote).values() if line in units]
    return [sum(unit) for unit in zip(*lines, strict=True)]


def _reason(quote: Quote, promotion: str) -> str | None:
    verdict = quote.verdict(promotion)
    return None if verdict is None else verdict.reason


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.path.parent.name}/{table.path.stem}")
def test_a_table_is_worth_reading(table: Table) -> None:
    """Named after its kind, each row with a reason of its own, both answers of a condition shown."""
    assert table.kind == table.path.stem
    assert table.says
    ids = [case.id for case in table.cases]
    assert len(set(ids)) == len(ids)
    assert len({case.why for case in table.cases}) == len(ids)
    if table.path.parent.name == "conditions":
        assert {"it" in (case.applied or []) for case in table.cases} == {True, False}


def test_every_kind_has_its_table() -> None:
    assert {table.kind for table in tables("conditions")} == set(BUILT_IN.conditions)
    assert {table.kind for table in tables("actions")} == set(BUILT_IN.actions)


def test_the_documentation_has_worked_tables() -> None:
    assert len(DOCUMENTED) >= 20
