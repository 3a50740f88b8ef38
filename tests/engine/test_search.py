"""best_for_customer against brute force over all sets, and the bounds that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import search_cases
from tests.engine.combinations import Case, ids, saving
from tests.engine.documents import Document
from tests.engine.strategies import cases
from youhui.engine import Ruleset, decode_cart, decode_instant, decode_promotions
from youhui.engine.bounds import Prospect, free
from youhui.engine.prices import Facts
from youhui.engine.stacking import Evaluation, split

Rank = tuple[int, int, tuple[str, ...]]


def all_combinations(case: Case) -> Iterator[Rank]:
    """Every set of promotions that are all applied when they are the only ones: (-saving, how many, ids)."""
    for size in range(len(case.promotions) + 1):
        for chosen in combinations(case.promotions, size):
            quote = Ruleset(chosen).price(case.cart, case.usage, at=case.at)
            if len(quote.applied) == size:
                yield -saving(quote), size, ids(quote)


GATES = (
    "active",
    "code",
    "code_match",
    "valid_from",
    "valid_until",
    "usage_limit",
    "usage_window",
    "usage_limit_per_customer",
    "usage_window_per_customer",
)
PRICED = {"subtotal_at_least", "subtotal_more_than", "total_at_least", "not", "any", "all"}


def crowded(document: Document) -> Case:
    """The case with little that keeps promotions from meeting: only conditions that prices can change, or nest some."""
    promotions = document["promotions"]
    for promotion in promotions:
        for key in GATES:
            promotion.pop(key, None)
        promotion["conditions"] = [c for c in promotion["conditions"] if c["kind"] in PRICED]
        for condition in promotion["conditions"]:
            if "amount" in condition:
                condition.setdefault("of", "running")
    cart = decode_cart({key: value for key, value in document.items() if key not in ("promotions", "now")})
    read, usage = decode_promotions(promotions, cart.currency)
    return Case(read, cart, usage, decode_instant(document["now"]))


CROWDS = cases(most=7).map(crowded)
SLOW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(CROWDS)
def test_it_is_what_brute_force_finds(case: Case) -> None:
    best, *others = sorted(all_combinations(case))
    quote = case.best()
    search = quote.search
    assert search is not None
    assert (search.optimal, search.bound) == (True, search.saving)
    assert (-search.saving, len(ids(quote)), ids(quote)) == best
    assert saving(quote) == search.saving
    assert search.runner_up == (others[0][2] if others else None)
    assert search.runner_up_saving == (-others[0][0] if others else None)


@SLOW
@given(CROWDS, st.integers(0, 30))
def test_a_search_cut_short_says_how_far_off_it_may_be(case: Case, steps: int) -> None:
    best = -min(all_combinations(case))[0]
    quote = case.best(steps)
    assert quote.search is not None
    assert saving(quote) == quote.search.saving <= best <= quote.search.bound
    assert quote.search.saving == best or not quote.search.optimal


@SLOW
@given(CROWDS, st.randoms(use_true_random=False))
def test_nothing_gives_more_than_its_bound_said_before(case: Case, random: Any) -> None:
    """Whatever was applied since, in whatever order."""
    facts = Facts(case.cart, case.at)
    evaluation = Evaluation(facts, case.usage, refuse_guests=False, explain=False)
    rules, _ = split(evaluation, Ruleset(case.promotions).candidates(case.cart))
    prospects = [Prospect(rule, facts, case.usage.of(rule.id), free(facts)) for rule in rules]
    state = evaluation.start(rules)
    bounds = [prospect.most(state) for prospect in prospects]
    random.shuffle(rules)
    for rule in rules:
        for prospect, bound in zip(prospects, bounds, strict=True):
            outcome = evaluation.attempt(prospect.rule, state)
            assert not outcome.gives or (bound is not None and outcome.money <= bound.money)
            assert not outcome.gives or (bound is not None and outcome.worth <= bound.worth)
        state = state.after(evaluation.attempt(rule, state))


@pytest.mark.parametrize("seed", range(2))
def test_ten_that_all_apply(seed: int) -> None:
    case = Case(search_cases.promotions(10, seed), search_cases.cart())
    best, second = sorted(all_combinations(case))[:2]
    search = case.best().search
    assert search is not None
    assert (-search.saving, ids(case.best()), search.runner_up) == (best[0], best[2], second[2])


def test_thirty_end_within_their_steps() -> None:
    case = Case(search_cases.promotions(30, 4), search_cases.cart())
    search = case.best(steps=2_000).search
    assert search is not None
    assert search.steps <= 2_000
    assert search.bound > search.saving
    assert not search.optimal


def test_the_same_again() -> None:
    case = Case(search_cases.promotions(12, 7), search_cases.cart())
    assert case.best() == case.best()
