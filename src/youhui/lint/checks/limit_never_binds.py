"""limit_never_binds: a limit that can never be the reason why something is refused or cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from youhui.engine import Customer, Promotion, Used
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.money import format_amount
from youhui.engine.promotion import Window
from youhui.lint.finding import Finding, Witness, quoted, witness
from youhui.lint.most import most_per_order, reachable
from youhui.lint.subject import Live, Subject
from youhui.lint.witness import Scene, scenes

GENEROUS = (1000, 100, 10, 1)
"""times the prices of the witness: as high as it takes for the most to be taken"""


def check(subject: Subject) -> Iterator[Finding]:
    """Limits per customer, budgets, caps per order and max_amounts that cannot be reached."""
    for live in subject.live.values():
        if live.promotion.id not in subject.stocked:
            yield from _per_customer(live, subject)
            yield from _budget(live, subject)
            yield from _order_cap(live, subject)
            yield from _max_amount(live, subject)


def _per_customer(live: Live, subject: Subject) -> Iterator[Finding]:
    """What one customer used is at most what all used, and the common limit is asked first (FORMAT.md 8.2)."""
    p = live.promotion
    if not p.usage_limit or p.usage_limit_per_customer is None or p.usage_limit_per_customer < p.usage_limit:
        return
    if not _within(p.usage_window_per_customer, p.usage_window):
        return
    customer = live.scene.cart.customer or Customer("customer-1")
    scene = replace(live.scene, cart=replace(live.scene.cart, customer=customer))
    used = {p.id: Used(used=p.usage_limit, by_customer=p.usage_limit)}
    params = {"limit": str(p.usage_limit_per_customer), "bound": str(p.usage_limit)}
    yield _finding(p, "per_customer", params, witness(f"limit-{p.id}-per_customer", (p,), scene, used))


def _budget(live: Live, subject: Subject) -> Iterator[Finding]:
    """All uses together cannot spend it: the witness is the last of them."""
    p, most = live.promotion, most_per_order(live.promotion)
    if p.budget is None or not p.usage_limit or most is None or p.budget <= p.usage_limit * most:
        return
    if not _within(p.budget_window, p.usage_window):
        return
    before = p.usage_limit - 1
    shown = witness(
        f"limit-{p.id}-budget", (p,), _largest(live, subject), {p.id: Used(used=before, budget=before * most)}
    )
    bound = f"{p.usage_limit} × {_money(most, subject)}"
    yield _finding(p, "budget", {"limit": _money(p.budget, subject), "bound": bound}, shown)


def _within(inner: Window, outer: Window) -> bool:
    """Whether each such window lies in one of the other kind; a week may lie in two months."""
    return outer in (inner, "always") or (inner == "day" and outer in ("week", "month"))


def _order_cap(live: Live, subject: Subject) -> Iterator[Finding]:
    """The actions cannot take more than the cap's amount, and it has no percentage."""
    p = live.promotion
    most = most_per_order(replace(p, order_cap=None))
    cap = p.order_cap
    if cap is None or cap.amount is None or cap.percent is not None or most is None or most > cap.amount:
        return
    params = {"limit": _money(cap.amount, subject), "bound": _money(most, subject)}
    yield _finding(p, "order_cap", params, witness(f"limit-{p.id}-order_cap", (p,), _largest(live, subject)))


def _max_amount(live: Live, subject: Subject) -> Iterator[Finding]:
    """The percentage of its most units at their highest price is less than its max_amount."""
    p = live.promotion
    for action in p.actions:
        most = reachable(action) if isinstance(action, PercentOff) else None
        limit = action.max_amount if isinstance(action, PercentOff) else None
        if most is not None and limit is not None and most < limit:
            params = {"limit": _money(limit, subject), "bound": _money(most, subject)}
            shown = witness(f"limit-{p.id}-max_amount", (p,), _largest(live, subject))
            yield _finding(p, "max_amount", params, shown)
            return


def _largest(live: Live, subject: Subject) -> Scene:
    """Of scenes at several prices, one in which the promotion takes the most."""
    tried = [live.scene]
    for times in GENEROUS:
        tried += list(scenes((live.promotion,), (live.ways,), subject.currency, times))
    return max(tried, key=lambda scene: quoted((live.promotion,), scene).total_discount)


def _finding(promotion: Promotion, variant: str, params: dict[str, str], shown: Witness) -> Finding:
    return Finding("limit_never_binds", variant, (promotion.id,), params, (shown,))


def _money(amount: int, subject: Subject) -> str:
    return format_amount(amount, subject.currency)
