"""What would make a refused promotion apply: proved by pricing the cart so changed, else not said.

A hint is one change: more of what a single number is missing of, a code, or a log-in. The changed cart is priced with
the same usage and options, and the hint is given only if the promotion is then applied. What is priced is exactly
`apply_hint(cart, hint)`:

- money: one more line (id "hint") whose facts are what the selector says and whose total is the missing amount, or a
  little more where the selector's bounds of the unit price make it so; else more units of a matching line;
- units: more units of the cheapest matching line; else one more line at the cart's lowest unit price, or the nearest
  that the selector allows;
- different products: one more line of one unit for each, at that price;
- a code: entered after the others;
- a log-in: a customer of whom nothing is known, and only where the promotion asks nothing else of a customer.

A threshold on what earlier promotions leave (`of: running`) may need more than is missing: the addition then grows in
proportion to what it has helped, so that it is enough, though not always the least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from youhui.engine.additions import ADDITIONS
from youhui.engine.facts import Cart, Customer
from youhui.engine.prices import Gap
from youhui.engine.promotion import Promotion
from youhui.engine.quote import Hint, Quote, Verdict
from youhui.engine.selectors import EVERYTHING
from youhui.engine.shapes import nested

MOST_PRICINGS = 20
"""A quote prices no more changed carts than these: log-ins first, then the nearest gaps, then codes."""
GROWTHS = 3
"""how often an addition of money that was not enough is made larger"""
NEWCOMER = Customer("hint")
"""whom a log-in is proved for: no groups, no attributes, no orders"""


def apply_hint(cart: Cart, hint: Hint) -> Cart:
    """The cart as the hint changes it: what was priced to prove it."""
    if hint.kind == "log_in":
        return replace(cart, customer=NEWCOMER)
    if hint.kind == "enter_code":
        return replace(cart, codes=(*cart.codes, hint.code or ""))
    lines = [
        replace(line, quantity=line.quantity + (hint.units or 0)) if line.id == hint.line else line
        for line in cart.lines
    ]
    return replace(cart, lines=(*lines, *hint.add))


def hinted(
    quote: Quote, cart: Cart, price: Callable[[Cart], Quote], terms: Callable[[str], Promotion | None]
) -> Quote:
    """The quote with a hint in each verdict that has one. `price` must price as the quote was priced."""
    prover = _Prover(cart, price)
    found: dict[str, Hint] = {}
    for verdict, promotion in sorted(_open(quote, cart, terms), key=lambda pair: _nearness(pair[0])):
        hint = prover.hint(verdict, promotion)
        if hint is not None:
            found[verdict.promotion] = hint
    verdicts = [verdict._replace(hint=found.get(verdict.promotion)) for verdict in quote.verdicts]
    return replace(quote, verdicts=tuple(verdicts))


def _open(
    quote: Quote, cart: Cart, terms: Callable[[str], Promotion | None]
) -> Iterator[tuple[Verdict, Promotion]]:
    """The refused promotions that a hint could help."""
    for verdict in quote.verdicts:
        promotion = terms(verdict.promotion)
        if promotion is not None and (
            verdict.reason == "code_required" or _log_in_helps(verdict, promotion, cart) or _counts(verdict)
        ):
            yield verdict, promotion


def _counts(verdict: Verdict) -> bool:
    """Whether a number is missing of something that can be added to a cart."""
    gap = verdict.gap
    return (
        verdict.reason in ("conditions", "no_effect")
        and gap is not None
        and gap.missing is not None
        and gap.unit in ADDITIONS
    )


def _log_in_helps(verdict: Verdict, promotion: Promotion, cart: Cart) -> bool:
    """Whether a guest is refused for being one, by terms that hold for whoever logs in."""
    asks = verdict.reason == "customer_required" or (
        verdict.gap is not None and verdict.gap.kind == "logged_in"
    )
    return (
        asks
        and cart.customer is None
        and all(c.kind == "logged_in" or not c.reads for c in nested(promotion.conditions))
    )


def _nearness(verdict: Verdict) -> tuple[int, Fraction]:
    if verdict.reason == "code_required":
        return 2, Fraction(0)
    if not _counts(verdict):
        return 0, Fraction(0)
    gap = verdict.gap
    assert gap is not None
    assert isinstance(gap.needed, int)
    return 1, Fraction(gap.missing or 0, gap.needed)


def _more(gap: Gap, added: int | None, still: Gap | None) -> int | None:
    """How much money to add if so much has helped, but not enough: in proportion. None: it did not help."""
    if added is None or still is None or still.path != gap.path or not gap.missing or not still.missing:
        return None
    helped = gap.missing - still.missing
    return -(-gap.missing * added // helped) if helped > 0 else None


class _Prover:
    """Prices changed carts, at most MOST_PRICINGS of them; a code or the log-in only once."""

    def __init__(self, cart: Cart, price: Callable[[Cart], Quote]) -> None:
        self._cart = cart
        self._price = price
        self._left = MOST_PRICINGS
        self._known: dict[tuple[str, str | None], Quote] = {}

    def hint(self, verdict: Verdict, promotion: Promotion) -> Hint | None:
        """A hint for this promotion that is proved; None: none was found in time."""
        if verdict.reason == "code_required":
            return self._proved(Hint("enter_code", code=promotion.code), promotion.id)[0]
        if not _counts(verdict):
            return self._proved(Hint("log_in"), promotion.id)[0]
        assert verdict.gap is not None
        return self._add(verdict.gap, promotion.id)

    def _add(self, gap: Gap, promotion: str) -> Hint | None:
        for addition in ADDITIONS[gap.unit or ""]:
            wanted = gap.missing
            for _ in range(1 + GROWTHS):
                hint = wanted and addition(self._cart, gap.selector or EVERYTHING, wanted)
                if not hint:
                    break
                proved, still = self._proved(hint, promotion)
                if proved is not None:
                    return proved
                wanted = _more(gap, hint.amount, still)
        return None

    def _proved(self, hint: Hint, promotion: str) -> tuple[Hint | None, Gap | None]:
        """The hint with what the promotion then gives, if it is then applied; else what is missing still."""
        quote = self._changed(hint)
        verdict = None if quote is None else quote.verdict(promotion)
        if verdict is None or verdict.reason is not None:
            return None, None if verdict is None else verdict.gap
        return replace(hint, saves=verdict.amount), None

    def _changed(self, hint: Hint) -> Quote | None:
        key = (hint.kind, hint.code)
        if key in self._known:
            return self._known[key]
        if not self._left:
            return None
        self._left -= 1
        quote = self._price(apply_hint(self._cart, hint))
        if hint.kind in ("enter_code", "log_in"):
            self._known[key] = quote
        return quote
