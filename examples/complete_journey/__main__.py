"""python -m examples.complete_journey [discounts | coupons [--database URL]] [--limit N] [--json]"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from examples.complete_journey import carts, coupons, promotions, report, through_api
from examples.complete_journey.data import Year
from examples.complete_journey.replay import Tally, replay
from examples.complete_journey.summary import summarise

LISTING = Path(__file__).resolve().parents[2] / "var" / "complete_journey" / "unrepresentable.csv"


def main() -> int:
    """Prices the year; 1 if the engine and plain SQL disagree about a redemption."""
    arguments = _arguments()
    if arguments.part == "discounts":
        return through_api.main()
    if arguments.part == "coupons":
        return coupons.main(arguments.database)
    # Progress goes beside the figures, so that `--json | jq` reads nothing but JSON.
    progress_console = Console(stderr=True)
    year, tally = Year(), Tally()
    offers, redemptions = year.offers(), year.redemptions()
    worth = promotions.inferred(year, offers)
    ruleset = promotions.compiled(offers, worth)
    year.list_unrepresentable(LISTING)
    progress_console.print(f"{len(ruleset):,} promotions; what no cart can hold: {LISTING}", soft_wrap=True)
    baskets = carts.baskets(year, carts.products(year), redemptions, arguments.limit)
    try:
        with _progress(progress_console) as bar:
            task = bar.add_task("pricing", total=year.count_baskets(arguments.limit))
            replay(ruleset, baskets, tally, lambda carts: bar.advance(task, carts))
    except KeyboardInterrupt:
        progress_console.print("[yellow]interrupted: these are the figures so far")
    summary = summarise(year, tally, redemptions, {offer.key: worth[offer.coupon] for offer in offers})
    if arguments.json:
        print(json.dumps(report.as_json(summary), indent=1))
    else:
        report.show(summary, Console())
    return int(any(check.differ for check in summary.checks))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.complete_journey", description=__doc__)
    parser.add_argument(
        "part", nargs="?", choices=["year", "discounts", "coupons"], default="year",
        help="price the year (the default); or bring the shop through the API and set a campaign as one discount; "
        "or issue the coupons of all campaigns and use each as it was redeemed",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="stop after the first N baskets of the year")
    parser.add_argument("--database", metavar="URL", help="for coupons: a new database, which is kept")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, amounts in cents")
    arguments = parser.parse_args()
    if arguments.limit is not None and arguments.limit < 0:
        parser.error("--limit cannot be below 0")
    if arguments.database is not None and arguments.part != "coupons":
        parser.error("--database is for coupons only")
    return arguments


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


if __name__ == "__main__":
    sys.exit(main())
