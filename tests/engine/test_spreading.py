"""Spreading: shares are whole, sum to the amount, and stay within the rooms; over runs as over single units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import oracle_cart
from youhui.engine.spreading import Spread, spread, spread_units

WAYS: tuple[Spread, ...] = ("largest_fraction", "remainder_first", "round_then_first", "last_takes_rest")

TABLE: list[tuple[str, int, list[int], list[int] | None, Spread, list[int]]] = [
    ("equal parts, the spare ones to the first", 5, [10, 10, 10], None, "largest_fraction", [2, 2, 1]),
    ("the largest fraction", 100, [200, 100, 300], None, "largest_fraction", [33, 17, 50]),
    ("the first, whatever the fraction", 100, [200, 100, 300], None, "remainder_first", [34, 16, 50]),
    ("1.67 to the nearest is 2, one is taken back", 5, [10, 10, 10], None, "round_then_first", [1, 2, 2]),
    ("2.5 to the nearest is 2, halves go down", 5, [10, 10], None, "round_then_first", [3, 2]),
    ("what is not given yet", 5, [10, 10, 10], None, "last_takes_rest", [2, 2, 1]),
    ("no more than there is room", 50, [10, 20], None, "largest_fraction", [10, 20]),
    ("a part without room has no weight", 4, [10, 10, 10], [0, 10, 10], "largest_fraction", [0, 2, 2]),
    (
        "a full part is out, the others share the rest",
        9,
        [10, 10, 10],
        [1, 10, 10],
        "largest_fraction",
        [1, 4, 4],
    ),
    ("the last is full, so the rest goes back", 9, [10, 10, 10], [10, 10, 1], "last_takes_rest", [4, 4, 1]),
    ("nothing to spread", 0, [10, 10], None, "largest_fraction", [0, 0]),
    ("nobody to spread over", 5, [], None, "largest_fraction", []),
    ("parts that cost nothing", 5, [0, 0], None, "last_takes_rest", [0, 0]),
]


@pytest.mark.parametrize(
    ("why", "amount", "weights", "rooms", "way", "shares"), TABLE, ids=lambda v: str(v)[:40]
)
def test_table(
    why: str, amount: int, weights: list[int], rooms: list[int] | None, way: Spread, shares: list[int]
) -> None:
    assert spread(amount, weights, weights if rooms is None else rooms, way) == shares, why


PARTS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (max(p), min(p))), max_size=6
)
"""(weight, room): no room is more than the weight"""


@given(st.integers(0, 200), PARTS, st.sampled_from(WAYS), st.sampled_from(["half_up", "half_even", "down"]))
def test_shares_are_the_oracles_and_sum(
    amount: int, parts: list[tuple[int, int]], way: Spread, rounding: str
) -> None:
    weights, rooms = [weight for weight, _ in parts], [room for _, room in parts]
    shares = spread(amount, weights, rooms, way, rounding)  # type: ignore[arg-type]
    assert shares == oracle_cart.spread(amount, parts, way, rounding)
    assert sum(shares) == min(amount, sum(rooms))
    assert all(0 <= share <= room for share, room in zip(shares, rooms, strict=True))


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(1, 5), PARTS.filter(bool).map(lambda p: p[0])), max_size=4),
)
def test_runs_of_units_are_single_units(amount: int, runs: list[tuple[int, tuple[int, int]]]) -> None:
    """(count, (weight, room) of each unit): the same as every unit as a part of its own."""
    given_ = spread_units(amount, [(count, weight, room) for count, (weight, room) in runs])
    single = [part for count, part in runs for _ in range(count)]
    flat = [each for run in given_ for count, each in run for _ in range(count)]
    assert flat == oracle_cart.spread(amount, single)


@given(st.integers(0, 10**15), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_million_units_sum_too(amount: int, count: int, weight: int, more: int) -> None:
    (run, other) = spread_units(amount, [(count, weight, weight), (more, 7, 3)])
    assert sum(many * each for many, each in run + other) == min(amount, count * weight + more * 3)
    assert sum(many for many, _ in run) == count
