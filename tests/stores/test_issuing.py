"""Coupons are issued on real databases: never too many, each exactly once, to whom they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.stores.couponing import BEGAN, Node, at_once, issue, nodes_on
from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.issuing import writing
from youhui.coupons.issuing.commands import LONGEST_KEY, Facts, FactsNeeded, issue_key
from youhui.coupons.issuing.problems import (
    CodeNotFound,
    CodeUsedUp,
    CouponLimitReached,
    CouponNotClaimable,
    CouponNotForCustomer,
    CouponSoldOut,
)
from youhui.coupons.model import Terms, Validity, Way
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.platform import committing, failpoints
from youhui.platform.problems import Failed

HOUR = timedelta(hours=1)


@pytest.fixture
def node(database_url: str) -> Iterator[Node]:
    with nodes_on(database_url) as (node,):
        yield node


@pytest.fixture
def two(database_url: str) -> Iterator[list[Node]]:
    """Two nodes on one database."""
    with nodes_on(database_url, 2) as nodes:
        yield nodes


# -- never too many


def test_of_one_coupon_one_is_issued(two: list[Node]) -> None:
    id_ = two[0].template(total=1)
    outcomes = at_once(two, [issue(id_, f"c{n}") for n in range(64)])
    assert outcomes == ["COUPON_SOLD_OUT"] * 63 + ["issued"]
    assert two[0].rows("SELECT issued FROM coupon_templates") == [(1,)]


def test_one_customer_gets_as_many_as_one_may_have(two: list[Node]) -> None:
    id_ = two[0].template(per_customer=3)
    outcomes = at_once(two, [issue(id_, "ann") for _ in range(32)])
    assert outcomes == ["COUPON_LIMIT_REACHED"] * 29 + ["issued"] * 3
    assert two[0].rows("SELECT customer, period, issued FROM coupon_claims") == [("ann", "", 3)]


def test_several_templates_at_several_nodes(two: list[Node]) -> None:
    """Named in one order here and in another there: nobody waits for somebody who waits for him."""
    ids = [two[0].template(total=10, per_customer=2) for _ in range(3)]
    commands = [issue(ids[(n + n // 8) % 3], f"c{n % 20}") for n in range(60)]
    outcomes = at_once(two, commands)
    assert set(outcomes) <= {"issued", "COUPON_SOLD_OUT", "COUPON_LIMIT_REACHED"}
    assert [row[0] <= 10 for row in two[0].rows("SELECT issued FROM coupon_templates")] == [True] * 3


def test_so_many_a_local_day(node: Node) -> None:
    id_ = node.template(per_customer_per_day=2, per_customer=3)
    node.now = BEGAN.replace(hour=15, minute=59)  # 23:59 in Shanghai
    node.issue(id_, "ann")
    node.issue(id_, "ann")
    with pytest.raises(CouponLimitReached) as refused:
        node.issue(id_, "ann")
    assert [fault.params for fault in refused.value.details] == [{"limit": 2, "per": "day"}]
    node.now += timedelta(minutes=1)
    node.issue(id_, "ann")
    with pytest.raises(CouponLimitReached) as refused:
        node.issue(id_, "ann")
    assert [fault.params for fault in refused.value.details] == [{"limit": 3, "per": "customer"}]
    periods = "SELECT period, issued FROM coupon_claims ORDER BY period"
    assert node.rows(periods) == [("", 3), ("2026-11-22", 2), ("2026-11-23", 1)]


def test_a_limit_that_came_later_counts_what_was_issued_before(node: Node) -> None:
    id_ = node.template()
    for _ in range(3):
        node.issue(id_, "ann")
    assert node.rows("SELECT * FROM coupon_claims") == [], "without a limit nothing is counted (P5)"
    node.change(id_, "per_customer = 4, per_customer_per_day = 9")
    node.issue(id_, "ann")
    with pytest.raises(CouponLimitReached):
        node.issue(id_, "ann")
    assert node.rows("SELECT period, issued FROM coupon_claims ORDER BY period") == [
        ("", 4),
        ("2026-11-22", 4),
    ]


def test_a_refusal_writes_nothing(node: Node) -> None:
    id_ = node.template(total=1, per_customer=1)
    node.issue(id_, "ann")
    with pytest.raises(CouponSoldOut):
        node.issue(id_, "ben")
    assert node.rows("SELECT customer FROM coupon_claims") == [("ann",)]
    assert node.rows("SELECT customer FROM coupons") == [("ann",)]


# -- when and how


WHEN: list[tuple[dict[str, Any], Way, str]] = [
    ({"status": "draft"}, "claim", "draft"),
    ({"status": "paused"}, "claim", "paused"),
    ({"status": "closed"}, "claim", "ended"),
    ({"status": "void", "voided_at": BEGAN}, "claim", "void"),
    ({"claim_from": BEGAN + HOUR}, "claim", "scheduled"),
    ({"claim_until": BEGAN}, "claim", "ended"),
    ({"claim_from": BEGAN, "claim_until": BEGAN + HOUR}, "claim", "claim"),
    ({"ways": frozenset({"push"})}, "claim", "other_way"),
    ({"ways": frozenset({"push"}), "claim_from": BEGAN + HOUR}, "push", "push"),
    ({"ways": frozenset({"push"}), "claim_until": BEGAN}, "push", "ended"),
    ({"ways": frozenset({"push"}), "status": "paused"}, "push", "paused"),
    ({"terms": Terms(type="shipping", validity=Validity(ends_at=BEGAN))}, "claim", "claiming"),
]


def test_it_is_issued_while_it_may_be_in_the_ways_that_it_may_be(node: Node) -> None:
    for terms, way, expected in WHEN:
        id_ = node.template(**terms)
        found: str
        try:
            found = node.issue(id_, "ann", way).coupon.source
        except CouponNotClaimable as refused:
            found = refused.details[0].code
        assert found == expected, terms


def test_what_is_not_there_is_not_found(node: Node) -> None:
    with pytest.raises(CouponTemplateNotFound):
        node.issue(2**53 - 1, "ann")


def test_a_coupon_is_as_its_terms_of_then(node: Node) -> None:
    """Half past four in the afternoon, for three local days: the third one ends at midnight in Shanghai."""
    terms = Terms(type="discount", amount=500, validity=Validity(days=3))
    id_ = node.template(terms=terms)
    coupon = node.issue(id_, "ann", source_id="x").coupon
    assert (coupon.starts_at, coupon.ends_at) == (BEGAN, BEGAN + timedelta(days=2, hours=8))
    assert (coupon.customer, coupon.status, coupon.source, coupon.source_id) == (
        "ann",
        "unused",
        "claim",
        "x",
    )
    assert (coupon.issued_at, coupon.issued_by, coupon.terms_id) == (BEGAN, "storefront:1", 1)
    assert node.rows("SELECT id, template_id, status FROM coupons") == [(coupon.id, id_, "unused")]


# -- for whom


def test_audiences(node: Node) -> None:
    listed = node.template(audience="list", customers=["ann", "甲"])
    grouped = node.template(audience="groups", groups=("vip", "gold"))
    new = node.template(audience="new_customers")
    assert node.issue(listed, "甲").coupon.customer == "甲"
    with pytest.raises(CouponNotForCustomer):
        node.issue(listed, "Ann")
    for id_ in (grouped, new):
        with pytest.raises(FactsNeeded):
            node.issue(id_, "ann")
    node.issue(grouped, "ann", facts=Facts(frozenset({"gold"})))
    with pytest.raises(CouponNotForCustomer):
        node.issue(grouped, "ben", facts=Facts(frozenset({"silver"})))
    node.issue(new, "ann", facts=Facts())
    with pytest.raises(CouponNotForCustomer):
        node.issue(new, "ben", facts=Facts(has_ordered=True))


# -- once


def test_the_same_key_is_the_same_coupon(node: Node) -> None:
    id_, other = node.template(total=5), node.template()
    first = node.issue(id_, "ann", issue_key="claim:k")
    node.change(id_, "status = 'closed', total = 1")
    again = node.issue(id_, "ann", issue_key="claim:k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.coupon == first.coupon
    for wrong in (partial(node.issue, id_, "ben"), partial(node.issue, other, "ann")):
        with pytest.raises(KeyReused):
            wrong(issue_key="claim:k")


def test_the_same_key_at_two_nodes_at_once(two: list[Node]) -> None:
    id_ = two[0].template(per_customer=1)
    for n in range(8):
        commands = [issue(id_, f"c{n}", issue_key=f"claim:k{n}") for _ in range(8)]
        assert at_once(two, commands) == ["issued"] * 8
    assert two[0].rows("SELECT issued FROM coupon_templates") == [(8,)]


def test_keys_are_never_mixed_up() -> None:
    parts = [("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("a", "b", "c")]
    assert len({issue_key("code", *one) for one in parts}) == len(parts)
    assert issue_key("payment", 7, "A17") == "payment:7:A17"
    long = [issue_key("claim", "c" * 190, "k" * 100 + last) for last in "ab"]
    assert [len(one) for one in long] == [LONGEST_KEY] * 2
    assert long[0] != long[1]


# -- by code


def code(node: Node, template_id: int, name: str, **more: Any) -> None:
    row = {"uses_limit": 1, "per_customer": "NULL", "voided_at": "NULL", **more}
    with node.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO coupon_codes (code_key, code, template_id, task_id, uses_limit, per_customer, used, "
            f"voided_at, created_at) VALUES ('{name}', '{name.upper()}', {template_id}, 0, {row['uses_limit']}, "
            f"{row['per_customer']}, 0, {row['voided_at']}, '2026-11-22 08:00:00')"
        )


def test_codes(two: list[Node]) -> None:
    node = two[0]
    id_ = node.template(ways=frozenset({"code"}))
    other = node.template(ways=frozenset({"code"}))
    code(node, id_, "once")
    code(node, id_, "save10", uses_limit=20, per_customer=2)
    code(node, id_, "void", voided_at="'2026-11-22 08:00:00'")
    by_code = partial(issue, way="code")
    assert at_once(two, [by_code(id_, f"c{n}", code_key="once") for n in range(16)]) == [
        "CODE_USED_UP"
    ] * 15 + ["issued"]
    assert (
        at_once(two, [by_code(id_, "ann", code_key="save10") for _ in range(8)])
        == ["COUPON_LIMIT_REACHED"] * 6 + ["issued"] * 2
    )
    for template_id, name in ((id_, "none"), (id_, "void"), (other, "save10")):
        with pytest.raises(CodeNotFound):
            node.issue(template_id, "ann", "code", code_key=name)
    with pytest.raises(CodeUsedUp):
        node.issue(id_, "ben", "code", code_key="once")
    assert node.rows("SELECT code_key, used FROM coupon_codes ORDER BY code_key") == [
        ("once", 1), ("save10", 2), ("void", 0),
    ]  # fmt: skip
    assert node.rows("SELECT source_id FROM coupons WHERE customer = 'ann'") == [("save10",)] * 2


# -- a failure between any two statements


POINTS = ("locked", "coupons", "claims", "codes", "written", "commit", "committed")


def test_what_failed_half_way_is_settled_by_the_same_request(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for point in POINTS:
        id_ = node.template(total=1, per_customer=1)
        again = partial(node.issue, id_, "ann", issue_key=f"claim:{point}")
        with monkeypatch.context() as patch:
            reach = failpoints.armed(f"issuing.{point}=raise")
            patch.setattr(writing, "reach", reach)
            patch.setattr(committing, "reach", reach)
            with pytest.raises(Failed):
                again()
        done = point == "committed"
        mine = f"SELECT COUNT(*) FROM coupons WHERE template_id = {id_}"
        assert node.rows(mine) == [(int(done),)], f"{point}: all or nothing"
        node.assert_sound()
        assert again().replayed == done
        assert node.rows(f"SELECT issued FROM coupon_templates WHERE id = {id_}") == [(1,)]


def test_every_point_is_tried() -> None:
    told = Path(str(writing.__file__)).read_text(encoding="utf-8")
    points = set(re.findall(r"""reach\("issuing\.(\w+)"\)""", told))
    assert points | {"commit", "committed"} == set(POINTS)
