"""Issued coupons as people look at them: by the clock, on every database, and when two want the same one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from tests.stores.couponing import BEGAN, TERMS, Node, nodes_on
from youhui.checkout.ports import Move
from youhui.coupons import store as coupons
from youhui.coupons.issuing.commands import Facts
from youhui.coupons.model import Coupon, CouponStatus, Validity
from youhui.coupons.problems import CouponLocked
from youhui.coupons.wallet import store
from youhui.coupons.wallet.model import Wanted
from youhui.coupons.wallet.service import Wallets
from youhui.platform.principals import SYSTEM

HOUR = timedelta(hours=1)


@pytest.fixture
def node(database_url: str) -> Iterator[Node]:
    with nodes_on(database_url) as (node,):
        yield node


@pytest.fixture
def two(database_url: str) -> Iterator[list[Node]]:
    with nodes_on(database_url, 2) as nodes:
        yield nodes


def wallets(node: Node) -> Wallets:
    return Wallets(node.database, lambda: node.now, lambda customer: Facts(), lambda: None)


def moved(node: Node, coupon: int, kind: Any, order_no: str = "A1", until: timedelta = HOUR) -> None:
    with node.database.writing() as connection:
        move = Move(str(coupon), kind, order_no, "storefront:1", 500, BEGAN + until)
        coupons.write(connection, [move], node.now)


def lives(node: Node) -> dict[str, int]:
    """Coupons of which each was brought another way, by what became of it in an hour."""
    long, short = (
        node.template(),
        node.template(terms=replace(TERMS, validity=Validity(ends_at=BEGAN + HOUR))),
    )
    gone = node.template()
    template = {
        "unused": long, "used": long, "locked": long, "let go": long, "void": long, "over": short,
        "over and held": short, "over and let go": short, "goes with its template": gone,
        "stays with its order": gone, "let go too late": gone,
    }  # fmt: skip
    found = {name: node.issue(id_, "ann").coupon.id for name, id_ in template.items()}
    moved(node, found["used"], "commit", f"use:{found['used']}:S7")
    for name in ("locked", "over and held", "stays with its order"):
        moved(node, found[name], "hold", "L1", 3 * HOUR)
    for name in ("let go", "over and let go", "let go too late"):
        moved(node, found[name], "hold", "G1")
    wallets(node).void(found["void"], "", SYSTEM)
    node.now += timedelta(minutes=1)
    node.change(gone, f"status = 'void', voided_at = '{node.now:%Y-%m-%d %H:%M:%S.%f}'")
    return found


AFTER_AN_HOUR: dict[CouponStatus, set[str]] = {
    "unused": {"unused", "let go"},
    "used": {"used"},
    "locked": {"locked", "over and held", "stays with its order"},
    "expired": {"over", "over and let go"},
    "void": {"void", "goes with its template", "let go too late"},
}


def test_lists_go_by_the_clock(node: Node) -> None:
    found = lives(node)
    node.now = BEGAN + HOUR
    for status, names in AFTER_AN_HOUR.items():
        page, total = wallets(node).page(Wanted(status=status), 0, 100)
        assert {one.coupon.id for one in page} == {found[name] for name in names}, status
        assert total == len(names)
        assert {one.status for one in page} == {status}, "as it is told of each"


def test_each_coupon_is_in_one_list_at_every_instant(node: Node) -> None:
    """Whatever the SQL says of a status, `status_at` says of the coupon."""
    found = lives(node)
    for minutes in (0, 1, 2, 59, 60, 61, 179, 180, 181):
        at = BEGAN + timedelta(minutes=minutes)
        with node.database.reading() as connection:
            for status in get_args(CouponStatus):
                listed, _ = store.page(connection, Wanted(status=status), at, 0, 100)
                everyone, _ = store.page(connection, Wanted(), at, 0, 100)
                told = {one.id for one in everyone if one.status_at(at, voided(node, one)) == status}
                assert {one.id for one in listed} == told, (minutes, status)
    assert len(everyone) == len(found)


def voided(node: Node, coupon: Coupon) -> Any:
    """When its template was: the last of three."""
    templates = sorted({row[0] for row in node.rows("SELECT id FROM coupon_templates")})
    return BEGAN + timedelta(minutes=1) if coupon.template_id == templates[-1] else None


def test_a_direct_use_is_found_by_the_shop_s_number(node: Node) -> None:
    found = lives(node)
    for order_no, names in (("S7", {"used"}), ("L1", AFTER_AN_HOUR["locked"]), ("7", set())):
        page, _ = wallets(node).page(Wanted(order_no=order_no), 0, 100)
        assert {one.coupon.id for one in page} == {found[name] for name in names}


def test_what_is_at_hand_can_still_be_used(node: Node) -> None:
    found = lives(node)
    node.issue(node.template(), "bob")
    node.now = BEGAN + HOUR
    usable = wallets(node).at_hand("ann").usable
    assert [one.coupon.id for one in usable] == sorted([found["unused"], found["let go"]])


def test_what_is_claimable_counts_what_the_customer_has_claimed(node: Node) -> None:
    twice = node.template(per_customer=2, per_customer_per_day=1)
    listed = node.template(audience="list", customers=["ann"])
    node.template(audience="list", customers=["bob"])
    shown = {one.template.id: one.left for one in wallets(node).at_hand("ann").claimable}
    assert shown == {twice: 1, listed: None}
    node.issue(twice, "ann")
    assert [one.template.id for one in wallets(node).at_hand("ann").claimable] == [listed]
    node.now += timedelta(days=1)
    assert {one.template.id: one.left for one in wallets(node).at_hand("ann").claimable} == shown


def test_parts_of_an_export_go_on_after_one_another(node: Node) -> None:
    template = node.template()
    issued = [node.issue(template, f"u{i}").coupon.id for i in range(3)]
    node.now += HOUR
    issued += [node.issue(template, f"v{i}").coupon.id for i in range(2)]
    read: list[Coupon] = []
    with node.database.reading() as connection:
        for _ in range(6):
            last = read[-1] if read else None
            read += store.following(connection, Wanted(template_id=template), node.now, last, 1)
    assert [one.id for one in read] == issued


# -- two at once


def test_two_void_a_coupon_once(two: list[Node]) -> None:
    coupon = two[0].issue(two[0].template(), "ann").coupon.id
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(wallets(two[i % 2]).void, coupon, f"r{i}", SYSTEM) for i in range(8)]
    assert {one.result().status for one in asked} == {"void"}
    assert two[0].rows(f"SELECT COUNT(*) FROM coupon_steps WHERE coupon_id = {coupon}") == [(1,)]
    assert two[0].rows("SELECT COUNT(*) FROM audit WHERE action = 'coupon.void'") == [(1,)]


def test_who_voids_a_coupon_waits_for_the_order_that_takes_it(two: list[Node]) -> None:
    coupon = two[0].issue(two[0].template(), "ann").coupon.id
    move = Move(str(coupon), "hold", "A1", "storefront:1", 500, BEGAN + HOUR)
    with ThreadPoolExecutor(1) as pool:
        with two[0].database.writing() as connection:
            coupons.lock(connection, [str(coupon)], BEGAN)
            asked = pool.submit(wallets(two[1]).void, coupon, "", SYSTEM)
            coupons.write(connection, [move], BEGAN)
        with pytest.raises(CouponLocked):
            asked.result()


def test_an_order_does_not_get_a_coupon_that_is_being_voided(two: list[Node]) -> None:
    coupon = two[0].issue(two[0].template(), "ann").coupon.id
    wallets(two[0]).void(coupon, "", SYSTEM)
    with two[1].database.writing() as connection:
        held = coupons.lock(connection, [str(coupon)], BEGAN)[str(coupon)]
    assert not held.usable
