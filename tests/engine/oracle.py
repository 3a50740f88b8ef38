"""FORMAT.md section 8 and docs/algorithm/extensions.md, done slowly and literally: the engine must agree with it.

Written from the text alone, on documents, with every unit an object and every share a Fraction; no line of the engine
is used. `answer` gives what a case's `expect` has, the amount of every single unit, and a reason for each promotion.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from tests.engine.oracle_actions import Play, act, percentage, reached
from tests.engine.oracle_cart import Shop, rounded, spread
from tests.engine.oracle_conditions import holds

Document: TypeAlias = dict[str, Any]
LANES = ["item", "order", "coupon", "shipping"]
OF_EACH_CUSTOMER = {
    "usage_limit_per_customer": "used_by_customer",
    "units_per_customer": "units_by_customer",
}
"""limits, and what they are compared with"""


@dataclass
class Try:
    """What came of trying a promotion: a reason (None: it gives something), amounts by line and unit, gifts."""

    promotion: Document
    reason: str | None
    lines: dict[str, list[int]] = field(default_factory=dict)
    shipping: int = 0
    gifts: list[tuple[str, int, int]] = field(default_factory=list)
    after: Any = None
    claims: list[str] = field(default_factory=list)

    @property
    def money(self) -> int:
        return sum(sum(units) for units in self.lines.values()) + self.shipping

    @property
    def worth(self) -> int:
        return self.money + sum(quantity * value for _, quantity, value in self.gifts)


class Evaluation:
    """One case."""

    def __init__(self, case: Document, guests: str = "allow") -> None:
        self.shop = Shop(case)
        self.case = case
        self.guests = guests
        self.now = instant(case["now"])
        places = list(enumerate(case["promotions"]))
        places.sort(key=lambda p: (LANES.index(p[1].get("lane", "order")), -p[1].get("priority", 0), p[0]))
        self.ordered = [promotion for _, promotion in places]
        self.applied: list[Try] = []
        self.claimed: dict[tuple[str, str], str] = {}
        self.reasons: dict[str, str | None] = {}

    def run(self) -> None:
        """8.1, 8.2, 8.4, 8.5."""
        entered = self.case.get("codes", [])
        unlocked = [p for p in self.ordered if "code" not in p or any(opens(p, code) for code in entered)]
        candidates = []
        for promotion in unlocked:
            reason = self.out(promotion)
            self.reasons[promotion["id"]] = reason
            if reason is None:
                candidates.append(promotion)
        if not self.exclusive(candidates):
            self.in_turn([p for p in candidates if p.get("stacking") != "exclusive"])

    def out(self, p: Document) -> str | None:
        """8.2, with `customer_required` in the place of the limits per customer and `sold_out` after all."""
        if not p.get("active", True):
            return "not_active"
        if p.get("valid_from") is not None and self.now < instant(p["valid_from"]):
            return "not_started"
        if p.get("valid_until") is not None and self.now >= instant(p["valid_until"]):
            return "expired"
        if p.get("usage_limit") is not None and p.get("used", 0) >= p["usage_limit"]:
            return "usage_limit"
        for limit, used in OF_EACH_CUSTOMER.items():
            if p.get(limit) is not None:
                if self.shop.customer is None:
                    if self.guests == "refuse":
                        return "customer_required"
                elif p.get(used, 0) >= p[limit]:
                    return limit
        if p.get("budget") is not None and self.money(p.get("budget_used")) >= self.money(p["budget"]):
            return "budget"
        return "sold_out" if stock_of(p) == 0 else None

    def left(self, p: Document) -> int | None:
        """How many units exist for it: the least of its stock, the customer's share and an order's; None: all."""
        found = [stock_of(p), p.get("units_per_order")]
        if self.shop.customer is not None and p.get("units_per_customer") is not None:
            found.append(p["units_per_customer"] - p.get("units_by_customer", 0))
        return min((one for one in found if one is not None), default=None)

    def money(self, text: str | None) -> int:
        return 0 if text is None else self.shop.money(text)

    # -- one promotion

    def attempt(self, p: Document) -> Try:
        """8.3. Leaves the cart as it was."""
        shop = self.shop
        if not all(holds(condition, shop, self.now) for condition in p.get("conditions", [])):
            return Try(p, "conditions")
        if any(apart(p, other.promotion) for other in self.applied):
            return Try(p, "excluded")
        lines = self.lines_in_play(p)
        mine = [line.id for line in shop.lines if line.id in reached(p["actions"], shop)]
        free = [name for name in mine if name in lines]
        claimed = [name for name in mine if (p.get("group"), name) in self.claimed]
        if p.get("stacking") == "first_per_line" and claimed and not free:
            return Try(p, "not_best")
        before = shop.snapshot()
        gifts = self.act(p, lines, free)
        self.limit(p, before)
        done = self.over_budget(p, before) or self.result(p, before, gifts)
        if p.get("stacking") == "first_per_line" and done.reason in (None, "no_effect"):
            done.claims = free
        shop.restore(before)
        return done

    def act(self, p: Document, lines: set[str], free: list[str]) -> list[tuple[str, int, int]]:
        caps, left = None, self.left(p)
        if left is not None:
            caps = {}
            for line in self.shop.lines:
                if line.id in free:
                    caps[line.id] = min(left, len(line.units))
                    left -= caps[line.id]
        play = Play(self.shop, p, lines, caps)
        gifts = [gift for action in p["actions"] for gift in act(action, play)]
        return gifts if left is None or not only_gifts(p) else first_pieces(gifts, left)

    def lines_in_play(self, p: Document) -> set[str]:
        lines = {line.id for line in self.shop.lines if line.discountable}
        if p.get("skip_discounted_lines"):
            lines -= {line.id for line in self.shop.lines if any(u.left != u.original for u in line.units)}
        for other in self.applied:
            skips = set(p.get("skip_lines_of_tags", [])) & set(other.promotion.get("tags", []))
            skipped = set(other.promotion.get("skip_lines_of_tags", [])) & set(p.get("tags", []))
            if skips or skipped:
                lines -= set(other.lines)
        if p.get("stacking") == "first_per_line":
            lines -= {line for group, line in self.claimed if group == p["group"]}
        return lines

    def result(self, p: Document, before: Any, gifts: list[tuple[str, int, int]]) -> Try:
        lines, shipping = self.shop.taken(before)
        reason = None if lines or shipping or gifts else "no_effect"
        return Try(p, reason, lines, shipping, gifts, self.shop.snapshot())

    def limit(self, p: Document, before: Any) -> None:
        """order_cap: an amount, or a percentage of all lines undiscounted; the less of both."""
        cap = p.get("order_cap")
        if cap is None:
            return
        whole = sum(u.original for line in self.shop.lines for u in line.units)
        most = [self.money(cap["amount"])] if "amount" in cap else []
        if "percent" in cap:
            most.append(rounded(whole * percentage(cap["percent"]), p.get("rounding", "half_up")))
        self.cut(before, min(most))

    def over_budget(self, p: Document, before: Any) -> Try | None:
        if p.get("budget") is None:
            return None
        left = self.money(p["budget"]) - self.money(p.get("budget_used"))
        if p.get("over_budget", "skip") == "skip":
            lines, shipping = self.shop.taken(before)
            over = sum(map(sum, lines.values())) + shipping > left
            return Try(p, "budget") if over else None
        self.cut(before, left)
        return None

    def cut(self, before: Any, most: int) -> None:
        """All that was taken since is cut to `most`: over lines and shipping, then over each line's units."""
        lines, shipping = self.shop.taken(before)
        gives = [sum(units) for units in lines.values()] + [shipping]
        if sum(gives) <= most:
            return
        *shares, shipping_share = spread(most, list(zip(gives, gives, strict=True)))
        for (name, units), share in zip(lines.items(), shares, strict=True):
            kept = spread(share, list(zip(units, units, strict=True)))
            line = next(line for line in self.shop.lines if line.id == name)
            for unit, gave, keeps in zip(line.units, units, kept, strict=True):
                unit.left += gave - keeps
        self.shop.shipping_left += shipping - shipping_share

    # -- all of them

    def apply(self, done: Try) -> None:
        self.shop.restore(done.after)
        self.applied.append(done)

    def exclusive(self, candidates: list[Document]) -> bool:
        for p in [p for p in candidates if p.get("stacking") == "exclusive"]:
            done = self.attempt(p)
            self.reasons[p["id"]] = done.reason
            if done.reason is None:
                for other in candidates:
                    if other is not p:
                        fails = self.attempt(other).reason == "conditions"
                        self.reasons[other["id"]] = "conditions" if fails else "excluded"
                self.apply(done)
                return True
        return False

    def in_turn(self, candidates: list[Document]) -> None:
        settled = set()
        for turn, p in enumerate(candidates):
            group = p.get("group") if p.get("stacking") == "best_in_group" else None
            if group is not None and group in settled:
                continue
            done = self.attempt(p)
            self.reasons[p["id"]] = done.reason
            for name in done.claims:
                self.claimed[p["group"], name] = p["id"]
            if done.reason is None and group is not None:
                settled.add(group)
                done = self.best_of(done, candidates[turn + 1 :], group)
            if done.reason is None:
                self.apply(done)

    def best_of(self, first: Try, later: list[Document], group: str) -> Try:
        members = [p for p in later if p.get("stacking") == "best_in_group" and p["group"] == group]
        tries = [first, *map(self.attempt, members)]
        for done in tries:
            self.reasons[done.promotion["id"]] = done.reason or "not_best"
        best = max([done for done in tries if done.reason is None], key=lambda done: done.worth)
        self.reasons[best.promotion["id"]] = None
        return best

    def rejected(self) -> dict[str, str]:
        """Section 9."""
        found = {}
        for code in self.case.get("codes", []):
            unlocked = [p["id"] for p in self.ordered if "code" in p and opens(p, code)]
            if not unlocked:
                found[code] = "unknown"
            elif not {done.promotion["id"] for done in self.applied} & set(unlocked):
                found[code] = self.reasons[unlocked[0]] or ""
        return found


def apart(p: Document, other: Document) -> bool:
    """Whether one of the two says that they do not go together."""
    return any(
        two["id"] in one.get("excludes", []) or set(one.get("excludes_tags", [])) & set(two.get("tags", []))
        for one, two in ((p, other), (other, p))
    )


def opens(p: Document, code: str) -> bool:
    codes = [p["code"], *p.get("more_codes", [])]
    if p.get("code_match") == "exact":
        return code in codes
    *mine, typed = (unicodedata.normalize("NFKC", text.strip()).casefold() for text in (*codes, code))
    return typed in mine


def only_gifts(p: Document) -> bool:
    """Then its units are pieces of gifts."""
    return all(action["kind"] == "gift" for action in p["actions"])


def first_pieces(gifts: list[tuple[str, int, int]], most: int) -> list[tuple[str, int, int]]:
    """Piece by piece."""
    pieces = [(k, sku, value) for k, (sku, count, value) in enumerate(gifts) for _ in range(count)][:most]
    return [(sku, pieces.count((k, sku, value)), value) for k, sku, value in dict.fromkeys(pieces)]


def stock_of(p: Document) -> int | None:
    """How many units of its stock are left; None: it has none."""
    counted = p.get("units_left")
    return p.get("stock") if counted is None else counted


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def counted(done: Try) -> dict[str, int]:
    """What limits on units count: of each line the units that bear something, or all pieces of gifts."""
    if only_gifts(done.promotion):
        return {"gifts": sum(quantity for _, quantity, _ in done.gifts)}
    return {name: sum(off > 0 for off in units) for name, units in done.lines.items()}


@dataclass
class Answer:
    """In minor units: by line what was taken in all; by promotion and line what was taken of every unit."""

    line_discounts: dict[str, int]
    shipping_discount: int
    applied: list[str]
    gifts: list[tuple[str, int]]
    rejected_codes: dict[str, str]
    units: dict[str, dict[str, list[int]]]
    stock: dict[str, dict[str, int]]
    reasons: dict[str, str | None]


def answer(case: Document, guests: str = "allow") -> Answer:
    """What a case gives."""
    evaluation = Evaluation(case, guests)
    evaluation.run()
    shop = evaluation.shop
    return Answer(
        {line.id: sum(unit.original - unit.left for unit in line.units) for line in shop.lines},
        shop.shipping - shop.shipping_left,
        [done.promotion["id"] for done in evaluation.applied],
        [(sku, quantity) for done in evaluation.applied for sku, quantity, _ in done.gifts],
        evaluation.rejected(),
        {done.promotion["id"]: done.lines for done in evaluation.applied},
        {
            done.promotion["id"]: counted(done)
            for done in evaluation.applied
            if evaluation.left(done.promotion) is not None
        },
        evaluation.reasons,
    )
