"""The entries of one order, sorted out in one pass, since it is made a million times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from youhui.checkout.orders.checking.reading import EntryRow

STEPS = ("hold", "commit", "release", "expire", "latehold", "latecommit")
"""what entries are called by their number and kind, but for those of refunds"""

_BITS = {name: 1 << place for place, name in enumerate(STEPS)}
_UNKNOWN = 1 << len(STEPS)


class History(NamedTuple):
    """`steps` of each promotion as bits; `reversals` are the entries of refunds.

    Entries of one promotion and number are alike in all but their kind: `taken` has the first of each, `odd` those that
    differ from it.
    """

    steps: dict[str, int]
    taken: Mapping[tuple[str, str], EntryRow]
    odd: Sequence[tuple[EntryRow, EntryRow]]
    reversals: Sequence[EntryRow]


def history_of(entries: Sequence[EntryRow]) -> History:
    """Of one order."""
    steps: dict[str, int] = {}
    taken: dict[tuple[str, str], EntryRow] = {}
    odd: list[tuple[EntryRow, EntryRow]] = []
    reversals: list[EntryRow] = []
    for entry in entries:
        kind, number, promotion = entry[1], entry[2], entry[3]
        if kind == "reverse":
            reversals.append(entry)
            continue
        steps[promotion] = steps.get(promotion, 0) | _BITS.get(number + kind, _UNKNOWN)
        first = taken.setdefault((promotion, number), entry)
        if first is not entry and first[3:] != entry[3:]:
            odd.append((first, entry))
    return History(steps, taken, odd, reversals)


def bits(*names: str) -> int:
    """These steps together."""
    return sum(_BITS[name] for name in names)


def names(steps: int) -> str:
    """Steps in words."""
    found = [name for name, bit in _BITS.items() if steps & bit]
    return ", ".join([*found, *(["?"] if steps & _UNKNOWN else [])])
