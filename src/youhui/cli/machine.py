"""A quote as JSON, for programs: amounts are decimal strings, keys always in the same order."""

from __future__ import annotations

import json

from youhui.conformance import summary
from youhui.engine import Quote, Verdict
from youhui.engine.money import format_amount
from youhui.engine.prices import Gap
from youhui.engine.quote import Applied, Hint, Search
from youhui.engine.writing import Writer


def quote_json(quote: Quote) -> str:
    """`summary` has the form of a case's `expect`; `cuts` say what each applied promotion took, and of which units."""
    money = _Money(quote.currency)
    return json.dumps(
        {
            "at": quote.at.isoformat().replace("+00:00", "Z"),
            "currency": quote.currency,
            "ruleset": quote.version,
            "summary": summary(quote),
            "cuts": [money.applied(applied) for applied in quote.applied],
            "verdicts": [money.verdict(verdict) for verdict in quote.verdicts],
            "search": None if quote.search is None else money.search(quote.search),
        },
        ensure_ascii=False,
        indent=2,
    )


class _Money:
    """Writes the parts of a quote in one currency."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._writer = Writer(currency)

    def _amount(self, amount: int | None) -> str | None:
        return None if amount is None else format_amount(amount, self._currency)

    def applied(self, applied: Applied) -> dict[str, object]:
        return {
            "promotion": applied.promotion,
            "amount": self._amount(applied.amount),
            "lines": [
                {
                    "line": cut.line,
                    "amount": self._amount(cut.amount),
                    "units": [{"count": count, "each": self._amount(each)} for count, each in cut.units],
                }
                for cut in applied.cuts
            ],
            "shipping": self._amount(applied.shipping),
            "gifts": [{"sku": gift.sku, "quantity": gift.quantity} for gift in applied.gifts],
        }

    def verdict(self, verdict: Verdict) -> dict[str, object]:
        return {
            "promotion": verdict.promotion,
            "outcome": "applied" if verdict.reason is None else "refused",
            "reason": verdict.reason,
            "amount": self._amount(verdict.amount),
            "gap": None if verdict.gap is None else self._gap(verdict.gap),
            "rival": verdict.rival,
            "margin": self._amount(verdict.margin),
            "capped": verdict.capped,
            "units": verdict.units,
            "hint": None if verdict.hint is None else self._hint(verdict.hint),
        }

    def _gap(self, gap: Gap) -> dict[str, object]:
        def measured(value: object) -> object:
            return self._amount(value) if gap.unit == "money" and isinstance(value, int) else value

        return {
            "path": gap.path,
            "kind": gap.kind,
            "unit": gap.unit,
            "needed": measured(gap.needed),
            "actual": measured(gap.actual),
            "missing": measured(gap.missing),
        }

    def _hint(self, hint: Hint) -> dict[str, object]:
        return {
            "kind": hint.kind,
            "amount": self._amount(hint.amount),
            "units": hint.units,
            "code": hint.code,
            "selector": None if hint.selector is None else self._writer.document(hint.selector),
            "line": hint.line,
            "add": [self._writer.document(line) for line in hint.add],
            "saves": self._amount(hint.saves),
        }

    def search(self, search: Search) -> dict[str, object]:
        return {
            "optimal": search.optimal,
            "saving": self._amount(search.saving),
            "bound": self._amount(search.bound),
            "steps": search.steps,
            "runner_up": search.runner_up,
            "runner_up_saving": self._amount(search.runner_up_saving),
        }
