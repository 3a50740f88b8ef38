"""Runs of equal units behave as the units they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from youhui.engine.units import Runs, Span, count_of, differences, inside, join, room, take, take_each, total

RUNS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=5
).map(tuple)


def prices(runs: Runs) -> list[int]:
    """The price of every single unit."""
    return [price for count, price, _ in runs for _ in range(count)]


@st.composite
def runs_and_spans(draw: st.DrawFn) -> tuple[Runs, tuple[Span, ...]]:
    """Runs, and some of their units as spans."""
    runs: Runs = draw(RUNS)
    chosen = draw(st.sets(st.integers(0, len(prices(runs)) - 1), min_size=1))
    spans = join([(unit, unit + 1) for unit in chosen])
    assert spans is not None
    return runs, spans


def units_in(spans: Sequence[Span]) -> list[int]:
    return [unit for start, stop in spans for unit in range(start, stop)]


@given(runs_and_spans())
def test_spans_name_units(drawn: tuple[Runs, tuple[Span, ...]]) -> None:
    runs, spans = drawn
    whole = prices(runs)
    chosen = [whole[unit] for unit in units_in(spans)]
    assert total(runs, spans) == sum(chosen)
    assert count_of(spans, len(whole)) == len(chosen)
    assert [price for _, count, price, _ in inside(runs, spans) for _ in range(count)] == chosen
    assert all(before < start for (_, before), (start, _) in pairwise(spans))


@given(runs_and_spans(), st.integers(0, 9), st.integers(1, 60))
def test_taking_an_amount(drawn: tuple[Runs, tuple[Span, ...]], floor: int, amount: int) -> None:
    """The whole amount (more than nothing), of the chosen units only, none below the floor."""
    runs, spans = drawn
    amount = min(amount, room(runs, floor, spans))
    assume(amount > 0)
    before, after = prices(runs), prices(take(runs, amount, floor, spans))
    assert sum(before) - sum(after) == amount
    for unit, (was, now) in enumerate(zip(before, after, strict=True)):
        assert now == was or unit in units_in(spans)
        assert min(was, floor) <= now <= was


@given(runs_and_spans(), st.integers(0, 9), st.integers(-3, 12))
def test_taking_from_each(drawn: tuple[Runs, tuple[Span, ...]], floor: int, off: int) -> None:
    """Each chosen unit gives its own amount, cut to its room."""
    runs, spans = drawn
    wanted = prices(runs)
    for unit in units_in(spans):
        wanted[unit] -= min(max(off, 0), max(wanted[unit] - floor, 0))
    after, amount = take_each(runs, lambda _: off, floor, spans)
    assert prices(after) == wanted
    assert amount == total(runs) - total(after)


@given(runs_and_spans(), st.integers(1, 60))
def test_differences_are_what_was_taken(drawn: tuple[Runs, tuple[Span, ...]], amount: int) -> None:
    runs, spans = drawn
    amount = min(amount, room(runs, 0, spans))
    assume(amount > 0)
    after = take(runs, amount, 0, spans)
    found = differences(runs, after)
    flat = [each for count, each in found for _ in range(count)]
    assert flat == [was - now for was, now in zip(prices(runs), prices(after), strict=True)]
    assert all(one[1] != other[1] for one, other in pairwise(found))


def test_a_million_units_stay_a_few_runs() -> None:
    """Work follows the runs: ten million fen over a million units of 12.34 make two."""
    runs = take(((1_000_000, 1234, 0),), 10_000_001, 0)
    assert runs == ((1, 1223, 0), (999_999, 1224, 0))
    assert take(runs, 1, 0, ((999_999, 1_000_000),)) == ((1, 1223, 0), (999_998, 1224, 0), (1, 1223, 0))
