"""What the routes of the directory answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from youhui.directory.importing import Report
from youhui.directory.model import Category, Customer, Product, masked
from youhui.engine.money import format_amount
from youhui.platform.languages import Language
from youhui.platform.receiving import RejectedRow, rejected_rows

Attributes = dict[str, str | int | bool]


class CustomerOut(BaseModel):
    """A customer. The phone is masked: 138****5678."""

    id: str
    name: str | None
    phone: str | None
    groups: list[str]
    attributes: Attributes
    registered_at: datetime | None


class ProductOut(BaseModel):
    """A product. Amounts are decimal strings of its currency."""

    id: str
    sku: str
    name: str
    price: str
    currency: str
    cost: str | None
    stock: int | None
    categories: list[str]
    attributes: Attributes
    active: bool


class CategoryOut(BaseModel):
    """A category; one without a parent is a root."""

    id: str
    name: str
    parent: str | None


class ReportOut(BaseModel):
    """What became of the rows: each was created, updated, unchanged, deleted or rejected.

    `errors`: the faults of the first 1,000 rejected rows. `lines`: how many were read, with the header and empty ones.
    """

    received: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    rejected: int
    lines: int
    errors: list[RejectedRow]


def customer_out(customer: Customer) -> CustomerOut:
    """As it is answered."""
    return CustomerOut(
        id=customer.id,
        name=customer.name,
        phone=masked(customer.phone),
        groups=list(customer.groups),
        attributes=dict(customer.attributes),
        registered_at=customer.registered_at,
    )


def product_out(product: Product) -> ProductOut:
    """As it is answered."""
    cost = product.cost
    return ProductOut(
        id=product.id,
        sku=product.sku,
        name=product.name,
        price=format_amount(product.price, product.currency),
        currency=product.currency,
        cost=None if cost is None else format_amount(cost, product.currency),
        stock=product.stock,
        categories=list(product.categories),
        attributes=dict(product.attributes),
        active=product.active,
    )


def category_out(category: Category) -> CategoryOut:
    """As it is answered."""
    return CategoryOut(id=category.id, name=category.name, parent=category.parent)


def report_out(report: Report, language: Language) -> ReportOut:
    """With the sentences in a language."""
    return ReportOut(
        received=report.received,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        deleted=report.deleted,
        rejected=report.rejected,
        lines=report.lines,
        errors=rejected_rows(report.errors, language),
    )
