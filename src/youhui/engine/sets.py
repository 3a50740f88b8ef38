"""Cutting sorted units into sets, without visiting every unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from youhui.engine.units import Span, join
from youhui.engine.view import Part

ONE_BY_ONE = 64
"""Of units alike (one line, one price), so many sets are treated one by one. More than that are treated together:
the line gets exactly the same amount, only which of the equal units bear its odd cents differs."""


def sets_of(
    units: Sequence[tuple[int, int, int, int]], size: int, most: int | None
) -> Iterator[tuple[list[Part], int]]:
    """The full sets of sorted units (price, line, offset, count), as (units by line, how many sets these are)."""
    left = sum([count for _, _, _, count in units]) // size
    left = left if most is None else min(left, most)
    spans: dict[int, list[Span]] = {}
    missing = size
    for _, i, at, count in units:
        while count and left:
            alike = min(count // size, left)
            if missing == size and alike > ONE_BY_ONE:
                yield [(i, ((at, at + alike * size),))], alike
                at, count, left = at + alike * size, count - alike * size, left - alike
                continue
            many = min(missing, count)
            spans.setdefault(i, []).append((at, at + many))
            at, count, missing = at + many, count - many, missing - many
            if not missing:
                yield [(line, join(spans[line])) for line in sorted(spans)], 1
                spans, missing, left = {}, size, left - 1


def every_nth(units: Sequence[tuple[int, int, int, int]], size: int, index: int) -> list[Part]:
    """The unit at `index` of every full set of sorted units, put together line by line in cart order."""
    full = sum([count for _, _, _, count in units]) // size * size
    spans: dict[int, list[Span]] = {}
    position = 0
    for _, i, at, count in units:
        end = min(position + count, full)
        first = position + (index - position) % size
        many = len(range(first, end, size))
        offset = at + first - position
        if many > ONE_BY_ONE:
            spans.setdefault(i, []).append((offset, offset + many))
        else:
            spans.setdefault(i, []).extend((offset + k * size, offset + k * size + 1) for k in range(many))
        position += count
    return [(i, join(spans[i])) for i in sorted(spans) if spans[i]]
