"""Which promotions could match a cart, without looking at the others.

Every rule stands in exactly one place: under its code; or under the rare values of one family of facts (customer,
product …) as short tuples of rule numbers; or in the bitsets, one big int for each value that many rules name (short
tuples for its rarer values), AND over families, OR over the values of one. Rules are numbered in the order of work, so
bits come out in that order. What the index lets through is still checked: it only ever leaves out rules that cannot
give anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from youhui.engine.facts import Cart
from youhui.engine.promotion import fold
from youhui.engine.rule import Rule


class Index:
    """Rules in the order of work, and the ways to them."""

    __slots__ = ("_dense", "_exact_codes", "_families", "_folded_codes", "_rare", "_universe", "rules")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=_place))
        self._folded_codes: dict[str, tuple[int, ...]] = {}
        self._exact_codes: dict[str, tuple[int, ...]] = {}
        self._rare: dict[str, dict[object, tuple[int, ...]]] = {}
        self._dense: dict[str, _Family] = {}
        self._universe = 0
        self._build()

    def _build(self) -> None:
        implied = {n: rule.implied() for n, rule in enumerate(self.rules) if not rule.coded}
        counts: Counter[tuple[str, object]] = Counter(
            (family, value)
            for keys in implied.values()
            for family, values in keys.items()
            for value in values
        )
        many = max(4, len(self.rules) // 256)
        folded: dict[str, list[int]] = {}
        exact: dict[str, list[int]] = {}
        rare: dict[str, dict[object, list[int]]] = {}
        dense: dict[int, Mapping[str, tuple[object, ...]]] = {}
        for n, rule in enumerate(self.rules):
            if rule.coded:
                codes = exact if rule.promotion.code_match == "exact" else folded
                for key in rule.promotion.code_keys():
                    codes.setdefault(key, []).append(n)
                continue
            best = _rarest(implied[n], counts)
            if best is not None and best[0] <= many:
                for value in implied[n][best[2]]:
                    rare.setdefault(best[2], {}).setdefault(value, []).append(n)
            else:
                dense[n] = implied[n]
        self._folded_codes = {code: tuple(found) for code, found in folded.items()}
        self._exact_codes = {code: tuple(found) for code, found in exact.items()}
        self._rare = {f: {value: tuple(found) for value, found in table.items()} for f, table in rare.items()}
        self._build_dense(dense, counts, many)
        self._families = sorted({*self._rare, *self._dense})

    def _build_dense(
        self,
        rules: Mapping[int, Mapping[str, tuple[object, ...]]],
        counts: Counter[tuple[str, object]],
        many: int,
    ) -> None:
        """A family for each kind of fact that some of these rules need: masks of common values, tuples of others."""
        width = len(self.rules) // 8 + 1
        bound: dict[str, bytearray] = {}
        masks: dict[str, dict[object, bytearray]] = {}
        short: dict[str, dict[object, list[int]]] = {}
        universe = bytearray(width)
        for n, keys in rules.items():
            byte, bit = n >> 3, 1 << (n & 7)
            universe[byte] |= bit
            for family, values in keys.items():
                bound.setdefault(family, bytearray(width))[byte] |= bit
                for value in values:
                    if counts[family, value] > many:
                        masks.setdefault(family, {}).setdefault(value, bytearray(width))[byte] |= bit
                    else:
                        short.setdefault(family, {}).setdefault(value, []).append(n)
        self._universe = int.from_bytes(universe, "little")
        for family, taken in bound.items():
            free = self._universe & ~int.from_bytes(taken, "little")
            self._dense[family] = _Family(masks.get(family, {}), short.get(family, {}), free, width)

    def candidates(self, cart: Cart) -> list[Rule]:
        """The rules that could give this cart something, and all that its codes unlock, in the order of work."""
        known = {family: VALUES[family](cart) for family in self._families}
        bits = self._universe
        for family, rules in self._dense.items():
            bits &= rules.open_to(known[family])
        numbers = _numbers(bits) if bits else []
        more: list[int] = []
        for family, table in self._rare.items():
            for value in known[family]:
                if value in table:
                    more += table[value]
        for code in cart.codes:
            more += self._folded_codes.get(fold(code), ())
            more += self._exact_codes.get(code, ())
        if more:
            numbers = sorted({*numbers, *more})
        return [self.rules[n] for n in numbers]

    def unlocked_by(self, code: str) -> list[Rule]:
        """The rules that an entered code unlocks, in the order of work."""
        numbers = {*self._folded_codes.get(fold(code), ()), *self._exact_codes.get(code, ())}
        return [self.rules[n] for n in sorted(numbers)]


class _Family:
    """Which rules of the bitsets one family of facts lets through."""

    __slots__ = ("_free", "_masks", "_short", "_width")

    def __init__(
        self,
        masks: Mapping[object, bytearray],
        short: Mapping[object, list[int]],
        free: int,
        width: int,
    ) -> None:
        self._masks = {value: int.from_bytes(bits, "little") for value, bits in masks.items()}
        self._short = {value: tuple(found) for value, found in short.items()}
        self._free = free
        """the rules that need nothing of this family"""
        self._width = width

    def open_to(self, values: Collection[object]) -> int:
        """The bits of the free rules and of those that name one of these values of the cart."""
        bits = self._free
        numbers: list[int] = []
        for value in values:
            if value in self._masks:
                bits |= self._masks[value]
            elif value in self._short:
                numbers += self._short[value]
        if not numbers:
            return bits
        more = bytearray(self._width)
        for n in numbers:
            more[n >> 3] |= 1 << (n & 7)
        return bits | int.from_bytes(more, "little")


def _place(rule: Rule) -> tuple[int, int, int]:
    return rule.place


def _rarest(
    keys: Mapping[str, tuple[object, ...]], counts: Counter[tuple[str, object]]
) -> tuple[int, int, str] | None:
    """The family under whose values the fewest rules stand: (most rules under one value, number of values, family)."""
    return min(
        ((max([counts[f, v] for v in values], default=0), len(values), f) for f, values in keys.items()),
        default=None,
    )


def _numbers(bits: int) -> list[int]:
    """The positions of the set bits, smallest first."""
    if bits.bit_count() * 8 > bits.bit_length() // 8:
        return [n << 3 | k for n, byte in enumerate(bits.to_bytes(bits.bit_length() // 8 + 1, "little")) if byte
                for k in _BITS[byte]]  # fmt: skip
    found = []
    while bits:
        top = bits.bit_length() - 1
        found.append(top)
        bits ^= 1 << top
    found.reverse()
    return found


_BITS = [[k for k in range(8) if byte >> k & 1] for byte in range(256)]


def _one(value: object) -> Sequence[object]:
    return () if value is None else (value,)


VALUES: dict[str, Callable[[Cart], Collection[object]]] = {
    "customer": lambda cart: () if cart.customer is None else (cart.customer.id,),
    "group": lambda cart: () if cart.customer is None else cart.customer.groups,
    "country": lambda cart: _one(cart.context.country),
    "channel": lambda cart: _one(cart.context.channel),
    "payment_method": lambda cart: _one(cart.context.payment_method),
    "shipping_method": lambda cart: () if cart.shipping is None else _one(cart.shipping.method),
    "currency": lambda cart: (cart.currency,),
    "sku": lambda cart: {line.sku for line in cart.lines},
    "product": lambda cart: {line.product for line in cart.lines},
    "category": lambda cart: set().union(*[line.categories for line in cart.lines]),
    "attribute": lambda cart: {pair for line in cart.lines for pair in line.attributes.items()},
}
"""how the values of each family of facts are read off a cart"""
