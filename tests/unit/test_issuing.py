"""Laws of deciding about coupons: whatever is asked, in whatever order, no limit is exceeded and the numbers agree."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stores.couponing import BEGAN, issue, template
from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.issuing.commands import Issue
from youhui.coupons.issuing.deciding import Book, ClaimKey, Code, Locked, decide
from youhui.coupons.issuing.problems import CouponNotForCustomer
from youhui.platform.problems import Refusal

LIMIT = st.none() | st.integers(0, 3)


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Two templates with limits of all kinds, each with a code; some coupons are issued before."""
    templates = {
        id_: template(
            id=id_,
            ways=frozenset({"claim", "code"}),
            issued=(issued := draw(st.integers(0, 3))),
            total=draw(st.none() | st.integers(issued, issued + 5)),
            per_customer=draw(LIMIT),
            per_customer_per_day=draw(LIMIT),
            claim_until=draw(st.sampled_from([None, BEGAN, BEGAN + timedelta(hours=1)])),
        )
        for id_ in (1, 2)
    }
    codes = {
        f"code{id_}": Code(f"code{id_}", id_, draw(st.integers(1, 3)), draw(LIMIT), 0, draw(st.booleans()))
        for id_ in templates
    }
    return Book(Locked(BEGAN, templates=templates, codes=codes))


@st.composite
def commands(draw: st.DrawFn) -> Issue:
    code = draw(st.sampled_from([None, None, "code1", "code2", "none"]))
    return issue(
        draw(st.integers(1, 3)),
        draw(st.sampled_from(["ann", "ben", "甲"])),
        "claim" if code is None else "code",
        issue_key=f"k{draw(st.integers(0, 12))}",
        code_key=code,
    )


@given(books(), st.lists(commands(), max_size=40))
def test_no_limit_is_exceeded_and_the_numbers_agree(book: Book, asked: list[Issue]) -> None:
    entered: dict[str, Issue] = {}
    for command in asked:
        before = len(book.new), book.issued.total(), sum(book.claims.values()), book.used.total()
        new = False
        try:
            new = decide(command, book)
        except KeyReused:
            first = entered[command.issue_key]
            assert (first.template_id, first.customer) != (command.template_id, command.customer)
        except Refusal:
            assert command.issue_key not in entered, "what has succeeded is never refused"
        if new:
            assert command.issue_key not in entered, "once"
            entered[command.issue_key] = command
        else:
            after = len(book.new), book.issued.total(), sum(book.claims.values()), book.used.total()
            assert after == before, "what is not issued changes nothing"
    _agree(book, entered)


def _agree(book: Book, entered: dict[str, Issue]) -> None:
    made = list(book.new.values())
    assert book.new.keys() == entered.keys()
    assert book.issued == Counter(one.template_id for one in made)
    by_customer = Counter((one.template_id, one.customer) for one in made)
    for id_, one in book.locked.templates.items():
        assert one.total is None or one.issued + book.issued[id_] <= one.total
        for (template_id, customer), count in by_customer.items():
            if template_id == id_:
                limits = {"": one.per_customer, "2026-11-22": one.per_customer_per_day}
                for period, limit in limits.items():
                    assert limit is None or book.claims[ClaimKey(id_, customer, period)] == count <= limit
    for name, code in book.locked.codes.items():
        uses = Counter(one.customer for one in made if one.source_id == name)
        assert book.used[name] == uses.total() <= code.uses_limit
        assert code.per_customer is None or all(count <= code.per_customer for count in uses.values())
        assert not (code.void and uses)


def test_the_audience_is_asked_before_what_is_left() -> None:
    """Who is not meant learns nothing of how many there are."""
    book = Book(Locked(BEGAN, templates={1: template(id=1, audience="list", total=0)}))
    with pytest.raises(CouponNotForCustomer):
        decide(issue(1, "ann"), book)
