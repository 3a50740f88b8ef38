"""free_order: promotions that together leave nothing to pay for an order that is worth something.

A search, not a proof of absence: what it finds is priced, what it does not find may still exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, islice

from youhui.engine import Promotion, Quote, Ruleset
from youhui.engine.forms import LARGEST
from youhui.engine.money import format_amount
from youhui.lint.comparing import reached_by
from youhui.lint.finding import Finding, quoted, witness
from youhui.lint.subject import Effort, Live, Subject
from youhui.lint.witness import Scene, scenes

MOST_CODES = 20
"""that a customer may enter"""
STRONGEST = 16
"""promotions with the largest share off, of which every pair is tried together"""
CHEAPER = (1, 2, 10, 100)
"""carts at the thresholds and at so many parts of their prices"""
FINEST = 64
"""the dearest free order is looked for to so many parts of the price it was found with …"""
FAR = 10_000
"""… and up to so many times that price: an order that is free even then is free at any price"""


def check(subject: Subject, effort: Effort) -> Iterator[Finding]:
    """Each stack that makes an order free, none of which could be left out; a promotion that takes 100 % by itself."""
    search = _Search(Ruleset(subject.promotions), effort)
    seen: set[frozenset[str]] = set()
    reported: set[frozenset[str]] = set()
    for scene in _tried(subject):
        if effort.exhausted:
            return
        free = search.freed_by(scene)
        if not free or free in seen:
            continue
        seen.add(free)
        dear = search.dearest(scene)
        together = search.freed_by(dear)
        stack, dear = _least([p for p in subject.promotions if p.id in together], dear)
        ids = frozenset(promotion.id for promotion in stack)
        if stack and ids not in reported and (len(stack) > 1 or _at_any_price(stack, dear)):
            reported.add(ids)
            yield _finding(stack, dear)


def _free(quote: Quote) -> bool:
    """Nothing to pay for lines that are worth something; free shipping alone is none of it."""
    return quote.total == 0 and sum(line.subtotal for line in quote.lines) > 0


def _tried(subject: Subject) -> Iterator[Scene]:
    """Each promotion's own scene and those of the strongest in pairs, with all the codes of the strongest entered."""
    strongest = sorted(subject.live.values(), key=_share, reverse=True)
    codes = [live.promotion.code for live in strongest if live.promotion.code is not None][:MOST_CODES]
    found = [live.scene for live in strongest if reached_by(live.promotion)]
    for one, other in combinations(strongest[:STRONGEST], 2):
        pair = (one.promotion, other.promotion)
        found += islice(scenes(pair, (one.ways, other.ways), subject.currency), 1)
    for scene in found:
        entered = tuple(dict.fromkeys([*scene.cart.codes, *codes]))[:MOST_CODES]
        for parts in CHEAPER:
            yield _times(Scene(replace(scene.cart, codes=entered), scene.at), Fraction(1, parts))


def _at_any_price(stack: Sequence[Promotion], scene: Scene) -> bool:
    return _free(quoted(stack, _times(scene, Fraction(FAR))))


def _share(live: Live) -> Fraction:
    """How much of its own scene's price a promotion takes."""
    quote = quoted((live.promotion,), live.scene)
    return Fraction(quote.total_discount, quote.subtotal or 1)


def _times(scene: Scene, times: Fraction) -> Scene:
    """The scene with every unit price so many times as high, within what a document can say."""
    lines = tuple(
        replace(line, unit_price=min(LARGEST, max(1, int(line.unit_price * times))))
        for line in scene.cart.lines
    )
    return Scene(replace(scene.cart, lines=lines), scene.at)


class _Search:
    """Prices scenes with all the promotions, within an effort."""

    def __init__(self, ruleset: Ruleset, effort: Effort) -> None:
        self._ruleset = ruleset
        self._effort = effort

    def freed_by(self, scene: Scene) -> frozenset[str]:
        """The promotions that together make the order free; empty if it is not free."""
        quote = self._ruleset.price(scene.cart, at=scene.at)
        self._effort.spend(len(quote.verdicts) + 1)
        return frozenset(one.promotion for one in quote.applied) if _free(quote) else frozenset()

    def dearest(self, scene: Scene) -> Scene:
        """The scene at the highest price found at which it is still free: by doubling, then halving the step."""
        best = step = Fraction(1)
        while best < FAR and self.freed_by(_times(scene, best + step)):
            best += step
            step *= 2
        while best < FAR and step > Fraction(1, FINEST):
            step /= 2
            if self.freed_by(_times(scene, best + step)):
                best += step
        return _times(scene, best)


def _least(stack: list[Promotion], scene: Scene) -> tuple[list[Promotion], Scene]:
    """The stack without those that can be left out; empty if it does not make the order free by itself."""
    if not _free(quoted(stack, scene)):
        return [], scene
    for promotion in list(stack):
        fewer = [other for other in stack if other is not promotion]
        if fewer and _free(quoted(fewer, scene)):
            stack = fewer
    codes = tuple(promotion.code for promotion in stack if promotion.code is not None)
    return stack, Scene(replace(scene.cart, codes=tuple(dict.fromkeys(codes))), scene.at)


def _finding(stack: Sequence[Promotion], scene: Scene) -> Finding:
    shown = witness(f"free_order-{'-'.join(promotion.id for promotion in stack)}", stack, scene)
    total = sum(line.unit_price * line.quantity for line in scene.cart.lines)
    params = {"total": format_amount(total, scene.cart.currency)}
    variant = "stack" if len(stack) > 1 else "single"
    return Finding("free_order", variant, tuple(promotion.id for promotion in stack), params, (shown,))
