"""Coupons on real databases: templates as they lie there, and who issues them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from youhui.coupons.issuing.commands import Issue, Issued, issue_key
from youhui.coupons.issuing.service import Issuer
from youhui.coupons.model import Template, Terms, Validity, Way
from youhui.coupons.templates import store as templates
from youhui.platform import migrate
from youhui.platform.db import Database
from youhui.platform.problems import Refusal

BEGAN = datetime(2026, 11, 22, 8, tzinfo=UTC)
"""16:00 in Shanghai"""
YEAR = timedelta(days=365)
TERMS = Terms(type="discount", amount=2_000, min_amount=10_000, validity=Validity(ends_at=BEGAN + YEAR))


@dataclass(slots=True)
class Node:
    """A process that issues coupons; its clock is turned by hand."""

    database: Database
    now: datetime = BEGAN
    issuer: Issuer = field(init=False)

    def __post_init__(self) -> None:
        self.issuer = Issuer(self.database, clock=lambda: self.now)

    def template(self, **more: Any) -> int:
        """A new one, that everyone may claim."""
        with self.database.writing() as connection:
            new = templates.add(connection, template(**more))
            if more.get("customers"):
                templates.set_audience(connection, new.id, more["customers"])
        return new.id

    def change(self, template_id: int, change: str) -> None:
        """Writes columns of a template over, or of anything else."""
        with self.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE coupon_templates SET {change} WHERE id = {template_id}")

    def issue(self, template_id: int, customer: str, way: Way = "claim", **more: Any) -> Issued:
        return self.issuer.wait(issue(template_id, customer, way, **more))

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text)]

    def assert_sound(self) -> None:
        """What is counted is what there is."""
        wrong = self.rows(
            "SELECT t.id, t.issued FROM coupon_templates t WHERE t.issued <> "
            "(SELECT COUNT(*) FROM coupons c WHERE c.template_id = t.id)"
        )
        assert wrong == []
        claims = self.rows(
            "SELECT m.template_id, m.customer, m.issued FROM coupon_claims m WHERE m.period = '' AND m.issued <> "
            "(SELECT COUNT(*) FROM coupons c WHERE c.template_id = m.template_id AND c.customer = m.customer)"
        )
        assert claims == []


def template(**more: Any) -> Template:
    """As it is published, without limits."""
    given: dict[str, Any] = {
        "id": 0, "name": "满100减20", "currency": "CNY", "status": "published", "terms_id": 0, "terms": TERMS,
        "ways": frozenset({"claim"}), "audience": "all", "groups": (), "total": None, "per_customer": None,
        "per_customer_per_day": None, "claim_from": None, "claim_until": None, "budget": None,
        "usage_limit": None, "payment_from": None, "issued": 0, "version": 1, "created_at": BEGAN,
        "updated_at": BEGAN, "voided_at": None,
    }  # fmt: skip
    return Template(**{**given, **{key: value for key, value in more.items() if key != "customers"}})


_numbers = iter(range(10**9))


def issue(template_id: int, customer: str, way: Way = "claim", **more: Any) -> Issue:
    """A claim of its own."""
    given = {"issue_key": issue_key(way, "test", next(_numbers)), "by": "storefront:1"}
    return Issue(template_id=template_id, customer=customer, way=way, **{**given, **more})


def at_once(nodes: Sequence[Node], commands: Sequence[Issue]) -> list[str]:
    """By turns at each node, all together: what came of them, in the order of the alphabet."""
    with ThreadPoolExecutor(len(commands)) as pool:
        asked = [pool.submit(nodes[i % len(nodes)].issuer.wait, one) for i, one in enumerate(commands)]
    errors = [one.exception() for one in asked]
    return sorted("issued" if error is None else _code(error) for error in errors)


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, Refusal) else type(error).__name__


@contextmanager
def nodes_on(url: str, count: int = 1) -> Iterator[list[Node]]:
    """So many processes on one database."""
    with ExitStack() as stack:
        nodes = [Node(Database(url)) for _ in range(count)]
        migrate.upgrade(nodes[0].database)
        for node in nodes:
            node.issuer.start()
            stack.callback(node.database.close)
            stack.callback(node.issuer.stop)
        yield nodes
        nodes[0].assert_sound()
