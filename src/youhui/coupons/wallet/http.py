"""`/api/marketing/coupons`, and what was issued of a template: thin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from youhui.checkout.http import EXAMPLE, asked_by
from youhui.checkout.requests import COUPONS, Asked, Requests, Wishes
from youhui.checkout.schemas import cart_body
from youhui.checkout.values import SENTENCES, Wrong, instant
from youhui.coupons.model import CouponStatus, Way
from youhui.coupons.problems import CouponNotFound
from youhui.coupons.store import numbers
from youhui.coupons.templates.forms import read_reason
from youhui.coupons.templates.http import REASON, Body, TemplateId
from youhui.coupons.wallet.model import Shown, Wanted
from youhui.coupons.wallet.schemas import (
    AvailableCouponsOut,
    CartCouponsOut,
    CouponOut,
    CouponWithStepsOut,
    at_hand_out,
    coupon_out,
    fit_out,
    with_steps_out,
)
from youhui.coupons.wallet.service import Wallets
from youhui.coupons.wallet.verdicts import Verdicts
from youhui.engine import BUILT_IN
from youhui.engine.forms import LARGEST
from youhui.engine.schema import Definitions
from youhui.platform.csvrows import safe_lines
from youhui.platform.edge import Call, call_of
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.languages import Language, both
from youhui.platform.openapi import ERRORS, Schema
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.problems import Fault, Invalid
from youhui.platform.requests import Caller, customer_of
from youhui.platform.task_pages import InLanguage

PREFIX = "/api/marketing/coupons"
AVAILABLE = f"{PREFIX}/available"
RECORDS = "/api/marketing/coupon-templates/{id}/records"
BODY = "AvailableCouponsRequest"
"""what the schema of a cart is called here"""
_EXPORTED = tuple(
    "id user_id status source source_id order_no discount issued_at starts_at expire_at used_at name text".split()
)
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{BODY}"},
                "example": {key: value for key, value in EXAMPLE.items() if key != "codes"},
            }
        },
    }
}
_NOT_NAMED = Fault(
    COUPONS,
    "not_named",
    both(
        "此处不指定优惠券：查询的是该用户的全部优惠券",
        "Name no coupons here: all of the customer's are looked at",
    ).__getitem__,
)
_AN_INSTANT = "ISO 8601 with Z or an offset (+ is %2B)"


def _id(
    id: Annotated[str, Path(description="Of the issued coupon; 404 if it is no whole number")],  # noqa: A002
) -> int:
    """Raises CouponNotFound for what cannot be the id of one."""
    found = numbers([id])
    if not found:
        raise CouponNotFound(id=ascii(id)[1:-1][:60])
    return found[0]


def _wanted(
    status: Annotated[CouponStatus | None, Query(description="By the clock")] = None,
    order_no: Annotated[
        str | None, Query(pattern=SCHEMA_PATTERN, description="Of the order that holds or has used it")
    ] = None,
    source: Annotated[Way | None, Query(description="How it was issued")] = None,
    since: Annotated[
        str | None, Query(alias="from", description=f"Issued then or later: {_AN_INSTANT}")
    ] = None,
    until: Annotated[str | None, Query(alias="to", description=f"Issued before: {_AN_INSTANT}")] = None,
) -> Wanted:
    return Wanted(
        status=status,
        order_no=order_no,
        source=source,
        since=_instant(since, "from"),
        until=_instant(until, "to"),
    )


def _instant(value: str | None, name: str) -> datetime | None:
    try:
        return None if value is None else instant(value)
    except Wrong as wrong:
        raise Invalid([Fault(name, wrong.code, SENTENCES[wrong.code].__getitem__)]) from None


UserId: TypeAlias = Annotated[
    str | None,
    Query(pattern=SCHEMA_PATTERN, description="A shopper's token says so itself; another's: 403"),
]
CouponId: TypeAlias = Annotated[int, Depends(_id)]
Which: TypeAlias = Annotated[Wanted, Depends(_wanted)]


def router(wallets: Wallets, verdicts: Verdicts, requests: Requests) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["coupons"], responses=ERRORS)

    @routes.get(PREFIX, summary="List issued coupons")
    def listed(
        by: Caller,
        wanted: Which,
        paging: Annotated[Paging, Depends()],
        language: InLanguage,
        user_id: UserId = None,
        template_id: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    ) -> Page[CouponOut]:
        """The newest first, as they stand now. With a shopper's token only its own."""
        mine = replace(wanted, customer=customer_of(by, user_id), template_id=template_id)
        return _page(*wallets.page(mine, paging.offset, paging.page_size), paging, language)

    @routes.get(AVAILABLE, summary="What a customer can use and claim")
    def at_hand(by: Caller, language: InLanguage, user_id: UserId = None) -> AvailableCouponsOut:
        """`usable`: unused coupons that can be used now, or later (`started` is false), at most 100. `claimable`:
        templates that the customer can claim a coupon of now, as a claim would be decided; without a `user_id` those
        that are for everyone.
        """
        return at_hand_out(wallets.at_hand(customer_of(by, user_id)), language)

    @routes.post(AVAILABLE, summary="Which coupons a cart can use", openapi_extra=_TAKES)
    async def fit(request: Request) -> CartCouponsOut:
        """The body is that of a quote with its customer, without `coupons`. `usable` are those that save most first,
        each as if it were the only one; `unusable` ones say why, and what is missing (还差). `best` is the combination
        that saves most. Of a customer with more than 100 coupons those that end first are looked at.
        """
        call = call_of(request.scope)
        found = await verdicts.fit(_asked(call, requests))
        body = await asyncio.to_thread(lambda: fit_out(found, call.language).model_dump_json())
        return Response(body, media_type="application/json")  # type: ignore[return-value]

    @routes.get(f"{PREFIX}/{{id}}", summary="One issued coupon and its steps")
    def one(coupon: CouponId, by: Caller, language: InLanguage) -> CouponWithStepsOut:
        """404 COUPON_NOT_FOUND if there is none with this id; to a shopper also if it is somebody else's."""
        found, events = wallets.one(coupon, by.customer)
        return with_steps_out(found, events, language, told=by.customer is None)

    @routes.post(f"{PREFIX}/{{id}}/void", summary="Void an issued coupon", openapi_extra=REASON)
    def void(coupon: CouponId, body: Body, by: Caller, language: InLanguage) -> CouponOut:
        """Final. 409 COUPON_LOCKED while an unpaid order has it, COUPON_USED, 400 COUPON_EXPIRED; one that is void
        already stays as it is.
        """
        return coupon_out(wallets.void(coupon, read_reason(body), by), language)

    @routes.get(RECORDS, summary="What was issued of a coupon template")
    def records(
        template: TemplateId, wanted: Which, paging: Annotated[Paging, Depends()], language: InLanguage,
        user_id: UserId = None,
    ) -> Page[CouponOut]:  # fmt: skip
        """领取记录: its coupons, the newest first, as they stand now."""
        its = replace(wanted, customer=user_id, template_id=template)
        return _page(*wallets.records(its, paging.offset, paging.page_size), paging, language)

    @routes.get(
        f"{RECORDS}.csv",
        summary="Export what was issued of a coupon template",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {}}}},
    )
    def export(
        template: TemplateId, wanted: Which, language: InLanguage, user_id: UserId = None
    ) -> StreamingResponse:
        """The same as CSV in UTF-8, the oldest first. A text that a spreadsheet would take for a formula begins with
        an apostrophe.
        """
        parts = wallets.export(replace(wanted, customer=user_id, template_id=template))
        named = {"content-disposition": f'attachment; filename="coupons-{template}.csv"'}
        return StreamingResponse(_csv(parts, language), media_type="text/csv; charset=utf-8", headers=named)

    return routes


def _asked(call: Call, requests: Requests) -> Asked:
    asked = asked_by(call, requests)
    if asked.coupons != ():
        raise Invalid([_NOT_NAMED])
    return asked


def _page(found: Sequence[Shown], total: int, paging: Paging, language: Language) -> Page[CouponOut]:
    return page_of([coupon_out(one, language) for one in found], total, paging)


def _csv(parts: Iterable[Sequence[Shown]], language: Language) -> Iterator[str]:
    yield safe_lines([_EXPORTED])
    for part in parts:
        rows = [coupon_out(one, language).model_dump(mode="json") for one in part]
        yield safe_lines([[row[name] for name in _EXPORTED] for row in rows])


def schemas() -> dict[str, Schema]:
    """Of a cart as it is sent here, by name."""
    definitions = Definitions(BUILT_IN)
    wishes: Any = definitions.keys(Wishes)["properties"]
    body: Any = cart_body(BODY, definitions, wishes)
    del body["properties"][COUPONS]
    return {BODY: body}
