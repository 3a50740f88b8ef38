"""What the routes of promotions answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from youhui.checkout.orders.model import Claim, Numbers
from youhui.checkout.orders.windows import Length
from youhui.engine.money import format_amount
from youhui.lint import Finding, sentence
from youhui.lint.finding import Code, Severity
from youhui.platform.languages import Language
from youhui.promotions.model import Counted, State, Status, Type


class WindowOut(BaseModel):
    """The present day, week or month of a limit that counts in these: it has room again from `ends_at`."""

    window: Length
    starts_at: datetime
    ends_at: datetime
    used: int
    held: int
    budget_used: str
    budget_held: str


class PromotionOut(BaseModel):
    """A promotion's document or form, its currency, and what the service knows of it.

    `used`, `budget_used` and `units_used` are of paid orders, `held`, `budget_held` and `units_held` of unpaid ones, in
    all; null where it has no limit and more orders than are summed for an answer. `units_left` of its stock is neither;
    those of a flash sale are with its products. `windows`: the present ones of limits that count in such.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    type: Type
    status: Status
    name: str | None
    currency: str
    state: State
    version: int
    created_at: datetime
    updated_at: datetime
    used: int | None
    held: int | None
    budget_used: str | None
    budget_held: str | None
    units_used: int | None
    units_held: int | None
    units_left: int | None
    windows: list[WindowOut]


class FindingOut(BaseModel):
    """What lint found that concerns it, in words (docs/lint.md)."""

    code: Code
    severity: Severity
    promotions: list[str]
    message: str


class PublishedOut(BaseModel):
    """The promotion, and what should be looked at."""

    promotion: PromotionOut
    warnings: list[FindingOut]


class LossOut(BaseModel):
    """So many units of a product can be sold for less than they cost."""

    product: str
    quantity: int
    left: str
    cost: str


class CheckOut(BaseModel):
    """What publishing it now would mean. With `below_cost` or a finding `free_order` it must be confirmed."""

    warnings: list[FindingOut]
    below_cost: list[LossOut]


class EligibilityOut(BaseModel):
    """Whether it gives something for one unit of the product, and else why not.

    `reason`: as in the verdict; `unknown_product` where the directory has none for sale. `verdict`: as quotes have it.
    """

    eligible: bool
    reason: str | None
    message: str
    verdict: dict[str, Any] | None


class CalculatedOut(BaseModel):
    """What it alone takes of an amount or a cart. `verdicts`: of each of its rules, as quotes have them."""

    currency: str
    discount: str
    payable: str
    verdict: dict[str, Any] | None
    verdicts: list[dict[str, Any]]


class OfferOut(BaseModel):
    """What anyone may know of a promotion that runs. `units_left`: of its stocks together; null: it has none."""

    id: str
    type: Type
    name: str | None
    currency: str
    text: str
    starts_at: datetime | None
    ends_at: datetime | None
    units_left: int | None


class TemplateOut(BaseModel):
    """A body to be filled in and posted; its id and values are examples."""

    key: str
    name: str
    body: dict[str, Any]


def finding_out(finding: Finding, language: Language) -> FindingOut:
    """In words."""
    return FindingOut(
        code=finding.code,
        severity=finding.severity,
        promotions=list(finding.promotions),
        message=sentence(finding, language),
    )


def promotion_out(counted: Counted, at: datetime) -> PromotionOut:
    """As it is at an instant."""
    stored, numbers = counted.promotion, counted.numbers
    known = {
        "id": stored.id,
        "type": stored.type,
        "status": stored.status,
        "name": stored.name,
        "currency": stored.currency,
        "state": stored.state(at),
        "version": stored.version,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        **_uses(numbers, stored.currency),
        **_units(numbers, stored.document.get("stock")),
        "windows": [_window(claim, inside, stored.currency) for claim, inside in counted.windows],
    }
    return PromotionOut.model_validate({**_terms(counted), **known})


def _terms(counted: Counted) -> dict[str, Any]:
    """As they were sent; of a flash sale with what was taken of each product."""
    stored = counted.promotion
    if stored.form is None:
        document = {key: value for key, value in stored.document.items() if key != "active"}
        return {**document, "active": False} if stored.status == "paused" else document
    if stored.type != "flash_sale":
        return dict(stored.form)
    rules = {part.of: counted.by_rule.get(part.id) for part in stored.parts()}
    products = cast("list[Mapping[str, Any]]", stored.form["products"])
    return {
        **stored.form,
        "products": [{**one, **_units(rules.get(_key(one)), one.get("stock"))} for one in products],
    }


def _key(product: Mapping[str, Any]) -> str:
    return f"sku:{product['sku']}" if product.get("sku") is not None else f"product:{product['product']}"


def units_left(counted: Counted) -> int | None:
    """Of its stocks together; None: it has none."""
    parts = counted.promotion.parts()
    stocks = {part.id: part.document.get("stock") for part in parts if part.document is not None}
    left = [_units(counted.by_rule.get(name), stock)["units_left"] for name, stock in stocks.items()]
    known = [many for many in left if many is not None]
    return sum(known) if known and len(known) == len(left) else None


def _units(numbers: Numbers | None, stock: object) -> dict[str, int | None]:
    if numbers is None:
        return dict.fromkeys(("units_used", "units_held", "units_left"))
    left = max(stock - numbers.taken.units, 0) if isinstance(stock, int) else None
    return {"units_used": numbers.used.units, "units_held": numbers.held.units, "units_left": left}


def _window(claim: Claim, numbers: Numbers, currency: str) -> dict[str, object]:
    window = claim.key.period.rpartition("/")[2]
    bounds = {"window": window, "starts_at": claim.starts_at, "ends_at": claim.ends_at}
    return {**bounds, **_uses(numbers, currency)}


def _uses(numbers: Numbers | None, currency: str) -> dict[str, object]:
    if numbers is None:
        return dict.fromkeys(("used", "held", "budget_used", "budget_held"))
    return {
        "used": numbers.used.uses,
        "held": numbers.held.uses,
        "budget_used": format_amount(numbers.used.amount, currency),
        "budget_held": format_amount(numbers.held.amount, currency),
    }
