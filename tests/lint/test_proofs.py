"""What lint calls proved is never seen to be otherwise, on random promotions and carts."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.engine.documents import Document, Documents, Draw, readable
from tests.engine.strategies import cases
from youhui.conformance import Case, read_case
from youhui.engine import BUILT_IN, Ruleset, Usage, decode_promotion
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.conditions.base import Condition
from youhui.engine.prices import Facts, Prices
from youhui.engine.promotion import LIMITS
from youhui.engine.selectors import Selector
from youhui.lint import lint
from youhui.lint.branches import TooMany, branches
from youhui.lint.implying import holds_before
from youhui.lint.most import most_per_order
from youhui.lint.refuting import conflict
from youhui.lint.selecting import disjoint, matches_nothing, narrower

MANY = settings(max_examples=150, deadline=None)
SOME = settings(max_examples=50, deadline=None)


@st.composite
def rivals(draw: Draw) -> Document:
    """A case with promotions made from one another: the same terms, but stronger, wider, exclusive or in one group."""
    case: Document = draw(cases(most=3).filter(lambda drawn: bool(drawn["promotions"])))
    promotions = case["promotions"]
    for n in range(draw(st.integers(1, 3))):
        promotions.insert(draw(st.integers(0, len(promotions))), draw(twins(promotions, f"t{n}")))
        stacking = draw(st.sampled_from(["combine", "exclusive", "best_in_group", "first_per_line"]))
        for one in promotions:
            if draw(st.booleans()):
                one["stacking"] = stacking
                one.pop("group", None)
                one |= {} if stacking in ("combine", "exclusive") else {"group": "g"}
    case["promotions"] = [one for one in promotions if readable(one, case["currency"])]
    known = {one["id"] for one in case["promotions"]}
    for one in case["promotions"]:
        one["excludes"] = [other for other in one.get("excludes", []) if other in known - {one["id"]}]
    return case


@st.composite
def twins(draw: Draw, promotions: list[Document], name: str) -> Document:
    """One of these again, with fewer limits and conditions, or a larger percentage."""
    twin = deepcopy(draw(st.sampled_from(promotions)))
    for key in (*LIMITS, "stock", "units_left", "units_per_customer", "units_per_order", "order_cap", "tags"):
        if draw(st.integers(0, 3)):
            twin.pop(key, None)
            twin.pop(LIMITS.get(key, ""), None)
    if twin["conditions"] and draw(st.booleans()):
        twin["conditions"].pop()
    for action in twin["actions"]:
        if "percent" in action and draw(st.booleans()):
            action["percent"] = "100"
    return {**twin, "id": name, "priority": draw(st.integers(-1, 3)), "excludes": [promotions[0]["id"]]}


@st.composite
def selectors(draw: Draw) -> Selector:
    document = Documents(BUILT_IN, "CNY").of(draw, Selector, 1)
    action = {"kind": "percent_off", "target": "lines", "percent": "1", "selector": document}
    (made,) = decode_promotion({"id": "p", "actions": [action]}, "CNY").actions
    assert isinstance(made, PercentOff)
    assert made.selector is not None
    return made.selector


@st.composite
def condition_lists(draw: Draw) -> tuple[Condition, ...]:
    documents = Documents(BUILT_IN, "CNY")
    document: Document = {
        "id": "p",
        "conditions": [documents.condition(draw, 2) for _ in range(draw(st.integers(1, 3)))],
        "actions": [{"kind": "free_shipping"}],
    }
    assume(readable(document, "CNY"))
    return decode_promotion(document, "CNY").conditions


def applied(case: Case, usage: Usage) -> set[str]:
    quote = Ruleset(case.promotions).price(case.cart, usage, at=case.at)
    return {one.promotion for one in quote.applied}


@MANY
@given(cases() | rivals())
def test_what_can_never_apply_is_never_applied(document: Document) -> None:
    """dead, never_opens, shadowed: whatever was used, on any cart, beside any others."""
    case = read_case(document)
    report = lint(case.promotions, case.usage, case.cart.currency)
    never = {one.promotions[0] for one in report.findings if one.code in ("dead", "never_opens", "shadowed")}
    assert not never & applied(case, case.usage)


@SOME
@given(cases() | rivals())
def test_every_witness_comes_out_as_it_says(document: Document) -> None:
    case = read_case(document)
    for finding in lint(case.promotions, case.usage, case.cart.currency).findings:
        for witness in finding.witnesses:
            assert read_case(dict(witness.case)).differences() == []


@MANY
@given(cases())
def test_no_promotion_takes_more_than_its_most(document: Document) -> None:
    case = read_case(document)
    bounds = {promotion.id: most_per_order(promotion) for promotion in case.promotions}
    for one in case.quote().applied:
        bound = bounds[one.promotion]
        assert bound is None or one.amount <= bound


@MANY
@given(cases(most=1), selectors(), selectors())
def test_selectors_mean_what_is_proved_of_them(document: Document, one: Selector, other: Selector) -> None:
    for line in read_case(document).cart.lines:
        if matches_nothing(one):
            assert not one.matches(line)
        if narrower(one, other):
            assert other.matches(line) or not one.matches(line)
        if disjoint(one, other):
            assert not (one.matches(line) and other.matches(line))


@MANY
@given(cases(most=1), condition_lists())
def test_conditions_that_conflict_never_hold(document: Document, conditions: tuple[Condition, ...]) -> None:
    facts, prices = _before(document)
    try:
        refuted = all(conflict(branch, facts.cart.currency) for branch in branches(conditions))
    except TooMany:
        return
    if refuted:
        assert not all(condition.holds(facts, prices) for condition in conditions)


@MANY
@given(cases(most=1), condition_lists(), condition_lists())
def test_conditions_that_follow_hold(
    document: Document, first: tuple[Condition, ...], more: tuple[Condition, ...]
) -> None:
    """Where the later ones hold on lower prices, the earlier ones that are proved to follow held on the higher."""
    facts, prices = _before(document)
    later = Prices(prices.runs, [left // 2 for left in prices.left], prices.shipping // 2)
    try:
        winner, loser = branches(first), branches((*first[1:], *more))
    except TooMany:
        return
    given_ = all(condition.holds(facts, later) for condition in (*first[1:], *more))
    if given_ and holds_before(winner, loser):
        assert all(condition.holds(facts, prices) for condition in first)


def _before(document: Document) -> tuple[Facts, Prices]:
    case = read_case(document)
    facts = Facts(case.cart, case.at)
    return facts, Prices.untouched(facts)
