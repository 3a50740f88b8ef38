"""`/api/marketing/coupon-templates/{id}/claim` and what a registration gives: thin. Claiming is a hot route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from youhui.checkout.abuse.asking import read_risk
from youhui.checkout.abuse.service import Abuse
from youhui.checkout.orders.http import Key
from youhui.checkout.orders.requests import read_nothing, sent
from youhui.checkout.problems import invalid, read_json
from youhui.checkout.requests import id_text
from youhui.coupons.issuing.problems import CouponNotClaimable
from youhui.coupons.issuing.schemas import CLAIM, IssuedOut, issued_out
from youhui.coupons.issuing.service import Issuing
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.engine import BUILT_IN, InvalidDocument, Problem
from youhui.engine.forms import LARGEST, Code
from youhui.engine.reading import Reader
from youhui.platform.edge import Call
from youhui.platform.ids import SCHEMA_PATTERN, is_shop_id
from youhui.platform.openapi import ERRORS
from youhui.platform.principals import Principal
from youhui.platform.requests import Asked, customer_of

PATH = "/api/marketing/coupon-templates/{id}/claim"
REGISTERED = "/api/marketing/customers/{user_id}/registered"
_IN_ADDRESS = 4
"""which part of an address is the id"""


class Endpoints:
    """What issues coupons for those who ask. All raise Unavailable, and what Issuing raises."""

    def __init__(self, issuing: Issuing, abuse: Abuse) -> None:
        self._issuing = issuing
        self._abuse = abuse

    async def claim(self, call: Call) -> bytes:
        """The coupon as JSON. Raises Invalid, Forbidden (for somebody else), Blocked, TooOften."""
        template_id = _template_id(call)
        customer, risk = _claimed(call)
        key = sent(call).idempotency_key
        self._abuse.admit("claim", read_risk(call, customer, risk))
        try:
            issued = await self._issuing.claim(template_id, customer, call.principal, key)
        except CouponNotClaimable as refused:
            if refused.state == "draft" and call.principal.customer is not None:
                raise CouponTemplateNotFound(id=template_id) from None  # what is planned is nobody's business
            raise
        return issued_out(issued).model_dump_json().encode()

    async def registered(self, call: Call) -> list[IssuedOut]:
        """Raises Invalid."""
        customer = call.path.split("/")[_IN_ADDRESS]
        _check_customer(customer)
        read_nothing(call.body)
        return [issued_out(one) for one in await self._issuing.registered(customer, call.principal)]


@dataclass(frozen=True, slots=True)
class _Claim:
    user_id: Code | None = None


def _template_id(call: Call) -> int:
    """Raises CouponTemplateNotFound for what cannot be the id of one."""
    text = call.path.split("/")[_IN_ADDRESS]
    if not (text.isascii() and text.isdigit() and len(text) < len(str(LARGEST))):
        raise CouponTemplateNotFound(id=ascii(text)[1:-1][:60])
    return int(text)


def _claimed(call: Call) -> tuple[str, object]:
    """Who claims, and what is stated of the risk. Raises Invalid, Forbidden."""
    document = read_json(call.body) if call.body else {}
    if isinstance(document, dict) and "user_id" in document:
        document["user_id"] = id_text(document["user_id"])
    reader = Reader(BUILT_IN, "")
    found = reader.build("", document, _Claim, ("risk",))
    try:
        reader.done()
    except InvalidDocument as error:
        raise invalid(error.problems) from None
    assert found is not None
    assert isinstance(document, dict)
    return _customer(call.principal, found.user_id), document.get("risk")


def _customer(principal: Principal, stated: str | None) -> str:
    if stated is not None:
        _check_customer(stated)
    customer = customer_of(principal, stated)
    if customer is None:
        raise invalid([Problem("user_id", "missing")])
    return customer


def _check_customer(customer: str) -> None:
    if not is_shop_id(customer):
        raise invalid([Problem("user_id", "not_a_shop_id", {"got": ascii(customer)[1:-1][:60]})])


def router(endpoints: Endpoints) -> APIRouter:
    """The routes. Requests reach `Endpoints.claim` past it."""
    routes = APIRouter(tags=["coupons"], responses=ERRORS)

    @routes.post(PATH, status_code=201, summary="Claim a coupon", openapi_extra=CLAIM)
    async def claim(
        call: Asked,
        id: Annotated[str, Path(description="Of the template; 404 if it is no whole number")],  # noqa: A002
        key: Key = None,
        x_device_id: Annotated[str | None, Header(description="The id of a shopper's device")] = None,
    ) -> IssuedOut:
        """自助领取: a coupon of the template for a customer, or for the shopper whose token it is.

        409 COUPON_SOLD_OUT 已领完, COUPON_LIMIT_REACHED 已达领取上限 (the details say `limit`, and `per` "customer" or
        "day"), COUPON_NOT_CLAIMABLE (`state`), COUPON_NOT_FOR_CUSTOMER 不符合领取条件. Without an Idempotency-Key each
        claim is one of its own.
        """
        return Response(await endpoints.claim(call), 201, media_type="application/json")  # type: ignore[return-value]

    @routes.post(REGISTERED, summary="A customer has registered")
    async def registered(
        call: Asked, user_id: Annotated[str, Path(json_schema_extra={"pattern": SCHEMA_PATTERN})]
    ) -> list[IssuedOut]:
        """注册赠送: gives the customer a coupon of every template that is given on registration, each once: sent again,
        it answers the same coupons. What a template's limits or audience do not give this customer is left out.
        """
        return await endpoints.registered(call)

    return routes
