"""Spreading an amount over parts so that the shares sum to it exactly (FORMAT.md 7).

The only allocation in the engine. `spread` is over lines, with the promotion's way of making shares whole;
`spread_units` is over runs of equal units, always by the largest fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from youhui.engine.money import Rounding, divide

Spread = Literal["largest_fraction", "remainder_first", "round_then_first", "last_takes_rest"]


def spread(
    amount: int,
    weights: Sequence[int],
    rooms: Sequence[int],
    way: Spread = "largest_fraction",
    rounding: Rounding = "half_up",
) -> list[int]:
    """Shares of `amount` for parts with these weights, none above its room; the sum is min(amount, all room).

    Where the rooms are the weights themselves, no largest-fraction share exceeds its room, so one pass is enough.
    """
    if rooms is weights and way == "largest_fraction":
        total = sum(weights)
        if amount >= total:
            return list(weights)
        return _largest_fraction(amount, weights, rounding) if amount > 0 else [0] * len(weights)
    shares = [0] * len(weights)
    parts = [i for i, room in enumerate(rooms) if room > 0 and weights[i] > 0]
    amount = min(amount, sum([rooms[i] for i in parts]))
    while amount > 0 and parts:
        whole = _WAYS[way](amount, [weights[i] for i in parts], rounding)
        over = [k for k, i in enumerate(parts) if whole[k] > rooms[i]]
        if not over:
            for k, i in enumerate(parts):
                shares[i] = whole[k]
            break
        for k in over:
            shares[parts[k]] = rooms[parts[k]]
            amount -= rooms[parts[k]]
        full = set(over)
        parts = [i for k, i in enumerate(parts) if k not in full]
    return shares


def _largest_fraction(amount: int, weights: Sequence[int], rounding: Rounding) -> list[int]:
    total = sum(weights)
    shares = [amount * weight // total for weight in weights]
    missing = amount - sum(shares)
    if missing:
        fractions = [-(amount * weight % total) for weight in weights]
        for i in sorted(range(len(weights)), key=fractions.__getitem__)[:missing]:
            shares[i] += 1
    return shares


def _remainder_first(amount: int, weights: Sequence[int], rounding: Rounding) -> list[int]:
    total = sum(weights)
    shares = [amount * weight // total for weight in weights]
    for i in range(amount - sum(shares)):
        shares[i] += 1
    return shares


def _round_then_first(amount: int, weights: Sequence[int], rounding: Rounding) -> list[int]:
    total = sum(weights)
    # To the nearest, halves down: -((-x) rounded half up).
    shares = [-((total - 2 * amount * weight) // (2 * total)) for weight in weights]
    off = amount - sum(shares)
    step, i = (1 if off > 0 else -1), 0
    while off:
        if step > 0 or shares[i] > 0:
            shares[i] += step
            off -= step
        i = (i + 1) % len(shares)
    return shares


def _last_takes_rest(amount: int, weights: Sequence[int], rounding: Rounding) -> list[int]:
    total, rest, shares = sum(weights), amount, []
    for weight in weights[:-1]:
        share = min(divide(amount * weight, total, rounding), rest)
        shares.append(share)
        rest -= share
    return [*shares, rest]


_WAYS: dict[Spread, Callable[[int, Sequence[int], Rounding], list[int]]] = {
    "largest_fraction": _largest_fraction,
    "remainder_first": _remainder_first,
    "round_then_first": _round_then_first,
    "last_takes_rest": _last_takes_rest,
}

UnitPart: TypeAlias = tuple[int, int, int]
"""count, weight of each unit, room of each unit"""


def one_pass(amount: int, runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spreads over units given as runs (count, weight of each).

    Answers for each run the share of each unit, and how many of its first units get 1 more: largest fraction
    first, ties to the earlier unit. `amount` is at most the sum of the weights.
    """
    total = 0
    for count, weight in runs:
        total += count * weight
    shares = []
    fractions = []
    missing = amount
    for count, weight in runs:
        share, fraction = divmod(amount * weight, total)
        shares.append((share, 0))
        fractions.append(-fraction)
        missing -= share * count
    if missing:
        for k in sorted(range(len(runs)), key=fractions.__getitem__):
            more = min(missing, runs[k][0])
            shares[k] = (shares[k][0], more)
            missing -= more
            if not missing:
                break
    return shares


def spread_units(amount: int, parts: Sequence[UnitPart]) -> list[list[tuple[int, int]]]:
    """Spreads over single units given as runs; answers, for each run, its (count, share of each) in unit order.

    The cost follows the number of runs, not of units.
    """
    amount = min(amount, sum([count * room for count, weight, room in parts if weight > 0 and room > 0]))
    # Open runs: which part, offset of its first unit, count, weight, room. Those over their room get it and are out.
    open_ = [
        (i, 0, count, weight, room)
        for i, (count, weight, room) in enumerate(parts)
        if weight > 0 and room > 0
    ]
    found: list[list[tuple[int, int, int]]] = [[] for _ in parts]
    while amount > 0 and open_:
        settled, still, filled = [], [], 0
        for run, (share, more) in zip(open_, one_pass(amount, [run[2:4] for run in open_]), strict=True):
            part, offset, count, weight, room = run
            for start, many, each in ((offset, more, share + 1), (offset + more, count - more, share)):
                if many and each > room:
                    found[part].append((start, many, room))
                    filled += many * room
                elif many:
                    settled.append((part, (start, many, each)))
                    still.append((part, start, many, weight, room))
        if not filled:
            for part, piece in settled:
                found[part].append(piece)
            break
        amount -= filled
        open_ = still
    return [_in_order(count, pieces) for (count, _, _), pieces in zip(parts, found, strict=True)]


def _in_order(count: int, pieces: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Pieces (offset, count, share) of a run in unit order; units that no piece names got nothing."""
    out, at = [], 0
    for start, many, each in sorted(pieces):
        if start > at:
            out.append((start - at, 0))
        out.append((many, each))
        at = start + many
    if at < count:
        out.append((count - at, 0))
    return out
