"""Coupons for many customers: as many as the template allows, each exactly once, on each kind of database."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.issuing import pushing
from youhui.coupons.issuing.commands import Facts, Issue
from youhui.coupons.issuing.problems import CouponNotClaimable, CouponSoldOut
from youhui.coupons.issuing.pushing import PUSH, NoCustomers, Pushing, Targets
from youhui.coupons.issuing.writing import decide_all
from youhui.coupons.model import Template, Terms, Validity
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.templates import store as templates
from youhui.platform import audit, migrate, tasks
from youhui.platform.db import Database
from youhui.platform.principals import Principal
from youhui.platform.tasks import CLAIM, Task, Tasks

importlib.import_module("youhui.bootstrap")  # so that every table is known

NOW = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
ANNA = Principal("operator", "7")
TEMPLATE = Template(
    id=0,
    name="新客满百减十",
    currency="CNY",
    status="published",
    terms_id=0,
    terms=Terms(type="discount", amount=1_000, min_amount=10_000, validity=Validity(days=7)),
    ways=frozenset({"push", "claim"}),
    audience="all",
    groups=(),
    total=None,
    per_customer=None,
    per_customer_per_day=None,
    claim_from=None,
    claim_until=None,
    budget=None,
    usage_limit=None,
    payment_from=None,
    issued=0,
    version=1,
    created_at=NOW,
    updated_at=NOW,
    voided_at=None,
)
GROUPS = {"vip": ("c01", "c05", "c09"), "nobody": ()}
ALL = tuple(f"c{n:02}" for n in range(25))


class Shop:
    """A node of a shop of 25 customers, which pushes 10 coupons a step."""

    clock = staticmethod(lambda: NOW)

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tasks = Tasks(database, lambda: self.clock())
        self.pushing = Pushing(database, self.tasks, self, self.facts, lambda: self.clock(), lambda: NOW)
        self.tasks.register(PUSH, self.pushing.step)

    def customers_after(self, group: str | None, after: str, limit: int) -> Sequence[str]:
        found = ALL if group is None else GROUPS.get(group, ())
        return [one for one in found if one > after][:limit]

    def count_customers(self, group: str | None) -> int:
        return len(self.customers_after(group, "", 100))

    @staticmethod
    def facts(customer: str) -> Facts:
        """The first ten have ordered."""
        groups = {name for name, members in GROUPS.items() if customer in members}
        return Facts(frozenset(groups), has_ordered=customer < "c10")

    def template(self, **more: Any) -> int:
        with self.database.writing() as connection:
            return templates.add(connection, replace(TEMPLATE, **more)).id

    def pushed(self, template: int, **targets: Any) -> Task:
        """A push, from its beginning to its end."""
        task = self.pushing.push(template, Targets(**targets), ANNA)
        self.tasks.run_waiting()
        return self.tasks.get(task.id)

    def claim(self, template: int, customer: str, count: int = 1) -> None:
        wanted = [
            Issue(
                template_id=template, customer=customer, way="claim", issue_key=f"{customer}:{n}", by="test"
            )
            for n in range(count)
        ]
        with self.database.writing() as connection:
            decide_all(connection, wanted, self.clock)

    def claim_for(self, template: int, customers: Sequence[str]) -> None:
        for customer in customers:
            self.claim(template, customer)


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "STEP", 10)
    monkeypatch.setattr(pushing, "STEP_WITH_FACTS", 10)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    database = Database(database_url)
    migrate.upgrade(database)
    yield Shop(database)
    database.close()


@pytest.fixture
def other(shop: Shop, database_url: str) -> Iterator[Shop]:
    """Another node."""
    database = Database(database_url)
    yield Shop(database)
    database.close()


def had(shop: Shop, template: int) -> Counter[str]:
    """How many coupons of a template each customer has; its own number must say the same."""
    with shop.database.reading() as connection:
        rows = connection.execute(
            text("SELECT customer FROM coupons WHERE template_id = :id"), {"id": template}
        )
        found = Counter(row[0] for row in rows)
        assert templates.get(connection, template).issued == found.total()
    return found


def each(customers: Sequence[str], count: int = 1) -> Counter[str]:
    return Counter(dict.fromkeys(customers, count))


@pytest.mark.parametrize(
    ("targets", "customers", "count"),
    [
        ({}, ALL, 1),
        ({}, ALL, 3),
        ({"group": "vip"}, GROUPS["vip"], 1),
        ({"customers": ("z", "c01", "new")}, ("z", "c01", "new"), 1),
        ({"customers": ALL[::-1]}, ALL, 2),
    ],
    ids=["all", "all, three each", "a group", "named", "named, in several steps"],
)
def test_everyone_gets_it(shop: Shop, targets: dict[str, Any], customers: Sequence[str], count: int) -> None:
    template = shop.template()
    task = shop.pushed(template, each=count, **targets)
    assert had(shop, template) == each(customers, count)
    assert (task.state, task.done, task.total) == ("done", len(customers), len(customers))
    assert task.result == {"issued": len(customers) * count, "skipped": {}, "stopped": None}


def test_a_coupon_says_whence_it_came(shop: Shop) -> None:
    template = shop.template()
    task = shop.pushed(template, group="vip")
    with shop.database.reading() as connection:
        rows = connection.execute(text("SELECT source, source_id, issued_by, issue_key FROM coupons")).all()
    assert {row[:3] for row in rows} == {("push", str(task.id), "operator:7")}
    assert sorted(row[3] for row in rows) == [f"push:{task.id}:{name}:0" for name in GROUPS["vip"]]


@pytest.mark.parametrize(
    ("limits", "count", "expected", "skipped"),
    [
        ({"per_customer": 1}, 1, {"c01": 1, "c02": 2}, {"COUPON_LIMIT_REACHED": 2}),
        ({"per_customer": 2}, 2, {"c01": 2, "c02": 2}, {"COUPON_LIMIT_REACHED": 3}),
        ({"per_customer_per_day": 1}, 1, {"c01": 1, "c02": 2}, {"COUPON_LIMIT_REACHED": 2}),
        ({}, 1, {"c01": 2, "c02": 3}, {}),
    ],
    ids=["one each", "two each", "one a day", "no limit"],
)
def test_who_has_enough_is_left_out(
    shop: Shop, limits: dict[str, Any], count: int, expected: dict[str, int], skipped: dict[str, int]
) -> None:
    """The first two have one and two already, from before there was a limit."""
    template = shop.template()
    shop.claim(template, "c01")
    shop.claim(template, "c02", 2)
    with shop.database.writing() as connection:
        held = templates.get(connection, template)
        templates.replace(connection, replace(held, **limits))
    task = shop.pushed(template, each=count)
    assert had(shop, template) == each(ALL, count) | Counter(expected)
    assert task.result["skipped"] == skipped
    assert task.result["issued"] == had(shop, template).total() - 3


@pytest.mark.parametrize(
    ("total", "count", "done", "had_by"),
    [
        (12, 1, 12, each(ALL[:12])),
        (10, 1, 10, each(ALL[:10])),
        (5, 3, 1, each(ALL[:1], 3) + each(ALL[1:2], 2)),
    ],
)
def test_it_stops_when_all_are_gone(
    shop: Shop, total: int, count: int, done: int, had_by: Counter[str]
) -> None:
    template = shop.template(total=total)
    task = shop.pushed(template, each=count)
    assert had(shop, template) == had_by
    assert (task.state, task.done) == ("done", done)
    assert task.result == {"issued": total, "skipped": {}, "stopped": "COUPON_SOLD_OUT"}
    with pytest.raises(CouponSoldOut):
        shop.pushing.push(template, Targets(), ANNA)


@pytest.mark.parametrize(
    ("audience", "customers"),
    [
        ({"audience": "groups", "groups": ("vip",)}, GROUPS["vip"]),
        ({"audience": "new_customers"}, ALL[10:]),
        ({"audience": "list"}, ("c03", "c20")),
    ],
    ids=["groups", "new customers", "a list"],
)
def test_only_its_audience_gets_it(shop: Shop, audience: dict[str, Any], customers: Sequence[str]) -> None:
    template = shop.template(**audience)
    if audience["audience"] == "list":
        with shop.database.writing() as connection:
            templates.set_audience(connection, template, customers)
    task = shop.pushed(template)
    assert had(shop, template) == each(customers)
    assert task.result["skipped"] == {"COUPON_NOT_FOR_CUSTOMER": len(ALL) - len(customers)}


@pytest.mark.parametrize("status", ["paused", "closed", "void"])
def test_who_stops_a_template_stops_its_push(shop: Shop, status: str) -> None:
    template = shop.template()
    task = shop.pushing.push(template, Targets(), ANNA)
    shop.tasks._step(task.id)
    with shop.database.writing() as connection:
        held = templates.get(connection, template)
        templates.replace(connection, replace(held, status=status))  # type: ignore[arg-type]
    shop.tasks.run_waiting()
    found = shop.tasks.get(task.id)
    assert (found.state, found.done, found.result["issued"]) == ("failed", 10, 10)
    assert found.error is not None
    assert found.error["code"] == "COUPON_NOT_CLAIMABLE"
    assert had(shop, template) == each(ALL[:10])


def test_what_nobody_would_get_is_refused_at_once(shop: Shop) -> None:
    for template in (
        shop.template(status="draft"),
        shop.template(ways=frozenset({"claim"})),
        shop.template(claim_until=NOW),
    ):
        with pytest.raises(CouponNotClaimable):
            shop.pushing.push(template, Targets(), ANNA)
    for nowhere in ("nobody", "no such group"):
        with pytest.raises(NoCustomers):
            shop.pushing.push(shop.template(), Targets(group=nowhere), ANNA)
    with pytest.raises(CouponTemplateNotFound):
        shop.pushing.push(99, Targets(), ANNA)
    assert shop.tasks.listed(tasks.Wanted(), 0, 9) == ([], 0)


def test_it_may_be_pushed_before_it_can_be_claimed(shop: Shop) -> None:
    template = shop.template(claim_from=NOW + timedelta(days=1))
    shop.pushed(template)
    assert had(shop, template) == each(ALL)


def test_the_same_request_is_the_same_push(shop: Shop) -> None:
    template = shop.template()
    first = shop.pushing.push(template, Targets(), ANNA, "k1")
    shop.tasks.run_waiting()
    assert shop.pushing.push(template, Targets(), ANNA, "k1") == shop.tasks.get(first.id)
    with pytest.raises(KeyReused):
        shop.pushing.push(template, Targets(group="vip"), ANNA, "k1")
    with pytest.raises(KeyReused):
        shop.pushing.push(shop.template(), Targets(), ANNA, "k1")
    assert shop.pushing.push(template, Targets(), Principal("storefront", "s"), "k1").id != first.id
    shop.tasks.run_waiting()
    assert had(shop, template) == each(ALL, 2)
    with shop.database.reading() as connection:
        entries, _ = audit.entries(connection, 0, 9, action="coupon-template.issue")
    assert [(one.actor, one.object, one.after) for one in entries] == [
        (
            "storefront:s",
            f"coupon-template:{template}",
            {"task": 2, "customers": 25, "group": None, "each": 1},
        ),
        ("operator:7", f"coupon-template:{template}", {"task": 1, "customers": 25, "group": None, "each": 1}),
    ]


class Killed(BaseException):
    """As if the process was gone."""


POINTS = [
    "issuing.locked", "issuing.coupons", "issuing.claims", "issuing.written", "tasks.step", "tasks.commit",
    "tasks.committed",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_each_gets_one(
    shop: Shop, other: Shop, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the second of three steps; another node goes on."""
    template = shop.template(per_customer=5)
    task = shop.pushing.push(template, Targets(), ANNA)
    shop.tasks._step(task.id)

    def reach(name: str) -> None:
        if name == point:
            raise Killed

    with monkeypatch.context() as failing:
        failing.setattr(tasks, "reach", reach)
        failing.setattr("youhui.coupons.issuing.writing.reach", reach)
        with pytest.raises(Killed):
            shop.tasks.run_waiting()
    done = 20 if point == "tasks.committed" else 10
    assert had(shop, template) == each(ALL[:done])
    other.clock = lambda: NOW + 2 * CLAIM
    other.tasks.run_waiting()
    assert had(shop, template) == each(ALL)
    assert shop.tasks.get(task.id).result["issued"] == 25


def test_two_pushes_on_two_nodes_keep_to_the_limits(shop: Shop, other: Shop) -> None:
    """Each customer may have two; there are 40 in all; three pushes are at it."""
    template = shop.template(per_customer=2, total=40)
    for _ in range(3):
        shop.pushing.push(template, Targets(), ANNA)
    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(node.tasks.run_waiting) for node in (shop, other)]
        working.append(pool.submit(shop.claim_for, template, ALL))
        for one in working:
            one.result(60)
    shop.clock = lambda: NOW + 2 * CLAIM
    shop.tasks.run_waiting()
    found = had(shop, template)
    assert found.total() == 40
    assert max(found.values()) <= 2
    results = [task.result for task in shop.tasks.listed(tasks.Wanted(), 0, 9)[0]]
    pushed = sum(result["issued"] for result in results)
    with shop.database.reading() as connection:
        rows = connection.execute(text("SELECT COUNT(*) FROM coupons WHERE source = 'push'"))
        assert pushed == rows.scalar_one()
