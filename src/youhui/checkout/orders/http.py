"""`/api/orders`: thin. Placing and paying are hot routes, reached past the router."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Response

from youhui.checkout.answers import answer
from youhui.checkout.orders.answers import done_answer, order_answer, order_row
from youhui.checkout.orders.listing.model import Wanted
from youhui.checkout.orders.listing.service import Lists
from youhui.checkout.orders.model import State
from youhui.checkout.orders.problems import OrderNotFound, QuoteChanged
from youhui.checkout.orders.requests import (
    KEY_PATTERN,
    USE,
    OrderRequests,
    is_order_no,
    read_nothing,
    read_refund,
    sent,
)
from youhui.checkout.orders.schemas import (
    NOTHING,
    ORDER_OR_QUOTE,
    PLACED,
    REFUND,
    OrderRow,
    answers_order,
)
from youhui.checkout.orders.service import Orders
from youhui.checkout.values import SENTENCES, Wrong, instant
from youhui.platform.edge import Call
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.problems import Fault, Invalid
from youhui.platform.requests import Asked

PATH = "/api/orders"
PAY = f"{PATH}/{{order_no}}/pay"
_IN_ADDRESS = PATH.count("/") + 1
"""which part of an address is the number of the order"""


class Endpoints:
    """What changes orders, and reads one. Each answers JSON. All raise Unavailable, and what Orders raises."""

    def __init__(self, orders: Orders, requests: OrderRequests) -> None:
        self._orders = orders
        self._requests = requests

    async def place(self, call: Call) -> bytes:
        """The order as it was placed. Raises Invalid."""
        asked = self._requests.read(call.body)
        try:
            return done_answer(await self._orders.place(asked, sent(call, call.body)))
        except QuoteChanged as changed:
            quote = answer(changed.quote, changed.ruleset, changed.strategy, call.language, changed.unusable)
            changed.beside = {"quote": msgspec.Raw(quote)}
            raise

    async def pay(self, call: Call) -> bytes:
        """The order as it was paid. Raises Invalid."""
        order_no = _shops_own(call)
        read_nothing(call.body)
        return done_answer(await self._orders.pay(order_no, sent(call)))

    async def cancel(self, call: Call) -> bytes:
        """The order as it was cancelled. Raises Invalid."""
        order_no = _shops_own(call)
        read_nothing(call.body)
        return done_answer(await self._orders.cancel(order_no, sent(call)))

    async def refund(self, call: Call) -> bytes:
        """The order as it was after the refund, with that refund. Raises Invalid."""
        order_no = _shops_own(call)
        asked = read_refund(call.body)
        return done_answer(await self._orders.refund(order_no, asked, sent(call, call.body)))

    async def order(self, call: Call) -> bytes:
        """The order as it is."""
        found = await self._orders.order(_order_no(call))
        return order_answer(found.order, found.refunds, found.at, call.language)


def _order_no(call: Call) -> str:
    """Raises OrderNotFound for what cannot be the number of an order."""
    number = call.path.split("/")[_IN_ADDRESS]
    if not is_order_no(number):
        raise OrderNotFound(order_no=ascii(number)[1:-1][:64])
    return number


def _shops_own(call: Call) -> str:
    """The same of an order that is to be changed: the use of a coupon is undone where coupons are used."""
    number = _order_no(call)
    if number.startswith(USE):
        raise OrderNotFound(order_no=number)
    return number


Number: TypeAlias = Annotated[str, Path(description="The shop's number of the order")]
Key: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same request with the same key has one effect and one answer",
        json_schema_extra={"pattern": KEY_PATTERN},
    ),
]
_AN_INSTANT = "ISO 8601 with Z or an offset (+ is %2B)"


class Filters:
    """What is wanted of a list, as the address says it."""

    def __init__(
        self,
        paging: Annotated[Paging, Depends()],
        state: Annotated[State | None, Query(description="By the clock")] = None,
        customer_id: Annotated[str | None, Query(pattern=SCHEMA_PATTERN)] = None,
        order_no: Annotated[
            str | None, Query(pattern=SCHEMA_PATTERN, description="How the number begins")
        ] = None,
        since: Annotated[
            str | None, Query(alias="from", description=f"Placed then or later: {_AN_INSTANT}")
        ] = None,
        until: Annotated[str | None, Query(alias="to", description=f"Placed before: {_AN_INSTANT}")] = None,
    ) -> None:
        self.paging = paging
        self.wanted = Wanted(
            state=state,
            customer=customer_id,
            number=order_no,
            since=_instant(since, "from"),
            until=_instant(until, "to"),
        )


def _instant(value: str | None, name: str) -> datetime | None:
    try:
        return None if value is None else instant(value)
    except Wrong as wrong:
        raise Invalid([Fault(name, wrong.code, SENTENCES[wrong.code].__getitem__)]) from None


def router(endpoints: Endpoints, lists: Lists) -> APIRouter:
    """The routes. Requests reach `Endpoints.place` and `pay` past it."""
    routes = APIRouter(prefix=PATH, tags=["checkout"], responses=ERRORS)

    def answered(body: bytes, status: int = 200) -> Response:
        return Response(body, status, media_type="application/json")

    @routes.post(
        "", status_code=201, summary="Place an order", openapi_extra=PLACED, responses=ORDER_OR_QUOTE
    )
    async def place(call: Asked, key: Key = None) -> Response:
        """An order at the price of its quote, which is worked out anew. It holds what its promotions take from limits,
        budgets and stocks until it is paid, cancelled, or `hold_seconds` are over; all of it, or nothing.

        The body is that of a quote without `at`, `explain` and `hints`. If `expected_payable` is not the `total` of the
        quote of now: 409 QUOTE_CHANGED, with that as `quote`; nothing was done, so send it again with the new amount,
        under the same key. A number that another order has: 409 ORDER_EXISTS.
        """
        return answered(await endpoints.place(call), 201)

    @routes.get("", summary="List orders")
    def listed(call: Asked, filters: Annotated[Filters, Depends()]) -> Page[OrderRow]:
        """The newest first."""
        paging = filters.paging
        found, total = lists.page(filters.wanted, paging.offset, paging.page_size)
        return page_of([order_row(one, call.language) for one in found], total, paging)

    @routes.get("/{order_no}", summary="One order", responses=answers_order(200))
    async def one(call: Asked, order_no: Number) -> Response:
        """As it is now, with its refunds. Pending after `hold_until` it is `expired`."""
        return answered(await endpoints.order(call))

    @routes.post(
        "/{order_no}/pay", summary="Pay an order", openapi_extra=NOTHING, responses=answers_order(200)
    )
    async def pay(call: Asked, order_no: Number, key: Key = None) -> Response:
        """It was paid, in full: what it holds is used from now on. An order that has expired takes it again, if there
        is room: else 409 HOLD_EXPIRED, nothing was recorded, and the money is to be given back.
        """
        return answered(await endpoints.pay(call))

    @routes.post(
        "/{order_no}/cancel", summary="Cancel an order", openapi_extra=NOTHING, responses=answers_order(200)
    )
    async def cancel(call: Asked, order_no: Number, key: Key = None) -> Response:
        """It will not be paid: what it holds is free at once. A paid order is refunded instead: 409 ORDER_STATE."""
        return answered(await endpoints.cancel(call))

    @routes.post(
        "/{order_no}/refunds", status_code=201, summary="Refund an order, or parts of it",
        openapi_extra=REFUND, responses=answers_order(201),
    )  # fmt: skip
    async def refund(call: Asked, order_no: Number, key: Key = None) -> Response:
        """Units of lines, the shipping, or `all` that is left. What a unit was paid is given back so that the parts
        sum to what was paid, in whichever order they come. More than is left: 409 REFUND_TOO_MUCH, with what is.
        """
        return answered(await endpoints.refund(call), 201)

    return routes
