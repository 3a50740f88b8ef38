"""Coupons for many customers at once: a task, each step of which issues to the next some hundreds of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.issuing.commands import Facts, FactsNeeded, Issue, Issued, issue_key
from youhui.coupons.issuing.deciding import Book, Locked, decide
from youhui.coupons.issuing.problems import CouponLimitReached, CouponNotForCustomer, CouponSoldOut
from youhui.coupons.issuing.writing import decide_all
from youhui.coupons.model import TEMPLATE_PREFIX, Template
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.templates import store as templates
from youhui.platform import task_rows
from youhui.platform.audit import record
from youhui.platform.committing import Conflict
from youhui.platform.db import Connection, Database
from youhui.platform.languages import both
from youhui.platform.principals import Principal
from youhui.platform.problems import Refusal, Unavailable
from youhui.platform.tasks import Progress, Task, Tasks

PUSH = "push"
"""the kind of task"""
STEP = 1_000
"""coupons of one step"""
STEP_WITH_FACTS = 100
"""the same where the groups or the orders of each customer must be looked up"""
SKIPPED = (CouponLimitReached, CouponNotForCustomer)
"""why a customer is left out, and the others are not"""


class NoCustomers(Refusal):
    """There is nobody in the group, or in the whole directory."""

    status = 409
    code = "NO_CUSTOMERS"
    sentences = both("其中没有顾客，请先导入顾客资料", "There are no customers in it: import them first")


class Customers(Protocol):
    """The shop's customers. Called in threads. Raises Unavailable."""

    def customers_after(self, group: str | None, after: str, limit: int) -> Sequence[str]:
        """Of a group, or None: all, in the order of their ids: so many that follow `after` ("": the first)."""

    def count_customers(self, group: str | None) -> int:
        """How many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Who is given coupons, `each` so many: these customers; or if None those of a group; or if that is None all."""

    customers: tuple[str, ...] | None = None
    group: str | None = None
    each: int = 1


class _Next(NamedTuple):
    """The customers of a step, the cursor after each of them, and whether they are the last."""

    customers: Sequence[str]
    cursors: Sequence[str]
    last: bool


class Pushing:
    """Begins pushes, and does their steps. `facts` of a customer are looked up where an audience asks for them.

    `clock` never waits; `decided_at`: None is the database's.
    """

    def __init__(
        self,
        database: Database,
        tasks: Tasks,
        customers: Customers,
        facts: Callable[[str], Facts],
        clock: Callable[[], datetime],
        decided_at: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._customers = customers
        self._facts = facts
        self._clock = clock
        self._decided_at = decided_at

    def push(self, template_id: int, targets: Targets, by: Principal, key: str | None = None) -> Task:
        """A task that issues coupons. `key`: the caller's Idempotency-Key; the same again is the same task.

        Raises CouponTemplateNotFound, CouponNotClaimable, CouponSoldOut, NoCustomers, KeyReused, Unavailable.
        """
        about, parameters = f"{TEMPLATE_PREFIX}{template_id}", _parameters(template_id, targets)
        once = None if key is None else f"{PUSH}:{by.name}:{key}"
        count = self._count(targets)
        now = self._clock()
        with self._database.writing() as connection:
            known = None if once is None else task_rows.called(connection, once)
            if known is None:
                self._check(templates.get(connection, template_id), by)
                if not count:
                    raise NoCustomers
                known = self._tasks.add(connection, now, PUSH, about, parameters, count, by, once)
                after = {"task": known.id, "customers": count, "group": targets.group, "each": targets.each}
                record(connection, now, by, "coupon-template.issue", about, after=after)
        if (known.object, known.parameters) != (about, parameters):
            raise KeyReused
        self._tasks.wake()
        return known

    def _count(self, targets: Targets) -> int:
        if targets.customers is not None:
            return len(targets.customers)
        return self._customers.count_customers(targets.group)

    def _check(self, template: Template, by: Principal) -> None:
        """Refuses at once what would be refused to every customer."""
        anyone = Issue(template_id=template.id, customer="", way="push", issue_key="", by=by.name)
        with suppress(FactsNeeded, *SKIPPED):
            decide(anyone, Book(Locked(self._clock(), templates={template.id: template})))

    # -- the steps

    def step(self, connection: Connection, task: Task) -> Progress:
        """Issues to the next customers, as many as the template allows.

        Raises CouponTemplateNotFound, CouponNotClaimable, Unavailable.
        """
        id_: int = task.parameters["template"]
        template = templates.lock(connection, [id_]).get(id_)
        if template is None:
            raise CouponTemplateNotFound(id=id_)
        ask = template.audience in ("groups", "new_customers")
        each: int = task.parameters["each"]
        following = self._following(task, max(1, (STEP_WITH_FACTS if ask else STEP) // each))
        commands = [
            _command(task, id_, customer, number, self._facts(customer) if ask else None)
            for customer in following.customers
            for number in range(each)
        ]
        try:
            outcomes = decide_all(connection, commands, self._decided_at).outcomes
        except Conflict as error:
            raise Unavailable("another node wrote the same") from error
        return _progress(task, following, outcomes, each)

    def _following(self, task: Task, size: int) -> _Next:
        named = task.parameters["customers"]
        if named is None:
            found = self._customers.customers_after(task.parameters["group"], task.cursor, size)
            return _Next(found, found, len(found) < size)
        begin = int(task.cursor or 0)
        found = named[begin : begin + size]
        places = range(begin + 1, begin + 1 + len(found))
        return _Next(found, [str(place) for place in places], begin + size >= len(named))


def _parameters(template_id: int, targets: Targets) -> dict[str, Any]:
    customers = None if targets.customers is None else list(targets.customers)
    return {"template": template_id, "customers": customers, "group": targets.group, "each": targets.each}


def _command(task: Task, template_id: int, customer: str, number: int, facts: Facts | None) -> Issue:
    return Issue(
        template_id=template_id,
        customer=customer,
        way="push",
        issue_key=issue_key("push", task.id, customer, number),
        by=task.created_by,
        source_id=str(task.id),
        facts=facts,
    )


def _progress(task: Task, following: _Next, outcomes: Sequence[Issued | Exception], each: int) -> Progress:
    """Once all are gone the rest is left, and a customer who got fewer than the others is not counted as done.

    Raises what is a reason to issue to nobody.
    """
    gone = next((i for i, outcome in enumerate(outcomes) if isinstance(outcome, CouponSoldOut)), None)
    done = len(following.customers) if gone is None else gone // each
    issued, skipped = task.result.get("issued", 0), Counter(task.result.get("skipped", {}))
    for outcome in outcomes[:gone]:
        if isinstance(outcome, Issued):
            issued += 1
        elif isinstance(outcome, SKIPPED):
            skipped[outcome.code] += 1
        else:
            raise outcome
    return Progress(
        cursor=following.cursors[done - 1] if done else task.cursor,
        done=done,
        finished=following.last or gone is not None,
        result={
            "issued": issued,
            "skipped": skipped,
            "stopped": None if gone is None else CouponSoldOut.code,
        },
    )
