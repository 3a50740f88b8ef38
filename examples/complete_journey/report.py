"""A summary as tables and a picture in the terminal, or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import plotext
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.complete_journey.summary import Summary

TARGET = 3_000
AGREEMENT = ("", "rules", "uses", "on record", "computed", "recorded", "equal", "times")
MEANING = {
    "applied": "the coupon's discount was given",
    "no_effect": "household and day are right, but no product of the coupon is in the basket",
    "conditions": "the household was not a target of the campaign",
    "not_started": "before the campaign's first day",
    "expired": "after the campaign's last day",
}


def show(summary: Summary, console: Console) -> None:
    """Everything, the most important first."""
    console.print(_speed(summary))
    console.print(_checks(summary))
    console.print(_discount(summary))
    console.print(_agreements(summary))
    console.print(_reasons(summary))
    console.print(_unrepresentable(summary))
    if summary.weeks:
        console.print(Text.from_ansi(_picture(summary, min(console.width, 110))))


def as_json(summary: Summary) -> dict[str, Any]:
    """The figures of `show`, amounts in cents."""
    tally = summary.tally
    return {
        "carts": tally.carts,
        "empty_carts": tally.empty_carts,
        "lines": tally.lines,
        "seconds": {"pricing": round(tally.pricing, 3), "building": round(tally.building, 3)},
        "carts_per_second_per_core": {
            "pricing": _rate(summary, False),
            "with_building": _rate(summary, True),
        },
        "redemptions": len(tally.outcomes),
        "checks": [asdict(check) for check in summary.checks],
        "reasons": dict(tally.reasons()),
        "cents": {
            "computed": tally.cents,
            "recorded_on_qualifying_lines": summary.recorded_lines,
            "recorded_in_redemption_baskets": summary.recorded_baskets,
            "recorded_in_the_year": summary.recorded_year,
        },
        "agreement": [asdict(agreement) for agreement in summary.agreements],
        "shared_lines": summary.shared,
        "weeks": summary.weeks,
        "unrepresentable": {reason: lines for reason, lines, _ in summary.unrepresentable},
    }


def _rate(summary: Summary, building: bool) -> int:
    tally = summary.tally
    seconds = tally.pricing + (tally.building if building else 0)
    return round(tally.carts / seconds) if seconds else 0


def _speed(summary: Summary) -> Table:
    tally = summary.tally
    table = _table("Priced, on one core", "", "")
    table.add_row("carts", f"{tally.carts:,}")
    table.add_row("  of these without a line that can be represented", f"{tally.empty_carts:,}")
    table.add_row("lines", f"{tally.lines:,}")
    table.add_row(f"carts per second, pricing only (wanted: {TARGET:,})", f"{_rate(summary, False):,}")
    table.add_row("carts per second, reading and building the carts included", f"{_rate(summary, True):,}")
    return table


def _checks(summary: Summary) -> Table:
    table = _table(
        f"Redemptions: {len(summary.tally.outcomes):,}", "", "engine", "plain SQL", "differing", ""
    )
    for check in summary.checks:
        verdict = Text("differs", "bold red") if check.differ else Text("equal", "green")
        table.add_row(check.words, f"{check.engine:,}", f"{check.sql:,}", str(check.differ), verdict)
    return table


def _discount(summary: Summary) -> Table:
    table = _table("Discount", "", "USD")
    table.add_row("computed", _usd(summary.tally.cents))
    table.add_row("recorded on lines that qualify for a redemption", _usd(summary.recorded_lines))
    table.add_row("recorded in baskets with a redemption", _usd(summary.recorded_baskets))
    table.add_row(
        "recorded in the whole year, most of it coupons of no campaign", _usd(summary.recorded_year)
    )
    return table


def _agreements(summary: Summary) -> Table:
    table = _table("Computed and recorded, by where the face value comes from", *AGREEMENT)
    for row in summary.agreements:
        share = f" ({row.equal / row.with_record:.0%})" if row.with_record else ""
        cells = (row.promotions, row.redemptions, row.with_record)
        amounts = (_usd(row.computed), _usd(row.recorded))
        table.add_row(row.source, *map(str, cells), *amounts, f"{row.equal}{share}", str(row.copies))
    table.caption = (
        "uses whose lines qualify for no other (without "
        f"{summary.shared}); those on record, in USD;\nequal to the cent; two, three … times the face value"
    )
    return table


def _reasons(summary: Summary) -> Table:
    table = _table("What the engine said to the codes", "", "redemptions", "")
    for reason, times in summary.tally.reasons():
        table.add_row(reason, f"{times:,}", MEANING.get(reason, ""))
    table.columns[-1].justify = "left"
    return table


def _unrepresentable(summary: Summary) -> Table:
    table = _table("Lines of the year that no cart can hold", "", "lines", "coupons recorded on them")
    for reason, lines, cents in summary.unrepresentable:
        table.add_row(reason, f"{lines:,}", _usd(cents))
    return table


def _picture(summary: Summary, width: int) -> str:
    weeks = [week for week, _, _ in summary.weeks]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, 18)
    plotext.title("Discount of each week of 2017, USD")
    computed = [cents / 100 for _, cents, _ in summary.weeks]
    recorded = [cents / 100 for _, _, cents in summary.weeks]
    plotext.plot(weeks, computed, label="computed", marker="braille", color="green")
    plotext.plot(weeks, recorded, label="recorded on qualifying lines", marker="x", color="red")
    return str(plotext.build())


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE_HEAD if any(columns) else box.SIMPLE,
        show_header=any(columns),
    )
    for position, column in enumerate(columns):
        table.add_column(column, justify="right" if position else "left", no_wrap=not position)
    return table


def _usd(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"
