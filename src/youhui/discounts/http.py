"""`/api/discounts/`: thin."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from youhui.checkout.problems import decode_exactly, read_json
from youhui.checkout.values import Wrong, instant
from youhui.discounts.forms import (
    ANSWERED,
    BATCH,
    CHANGE,
    WHOLE,
    Fields,
    TargetKind,
    draft,
    named,
    read_form,
)
from youhui.discounts.importing import Importing
from youhui.discounts.model import KINDS, OF_PRODUCTS, Discount, SortKey, State, Type, Wanted
from youhui.discounts.problems import InvalidDiscount, fault
from youhui.discounts.schemas import (
    DELETED,
    KIND,
    DebugOut,
    DeletedOut,
    DiscountOut,
    DiscountRow,
    ReportOut,
    debug_out,
    discount_out,
    discount_row,
    report_out,
)
from youhui.discounts.service import Discounts
from youhui.discounts.values import LONGEST_NAME
from youhui.engine.forms import LARGEST
from youhui.platform.edge import Call, call_of
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.openapi import ERRORS, Schema
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault
from youhui.platform.receiving import received
from youhui.platform.requests import Asked, IfMatch, customer_of, etag
from youhui.platform.rows import written


async def _body(request: Request) -> object:
    """What was sent. Raises Invalid."""
    return read_json(call_of(request.scope).body, decode_exactly)


Body: TypeAlias = Annotated[object, Depends(_body)]
Id: TypeAlias = Annotated[int, Path(ge=1, le=LARGEST)]
Text: TypeAlias = Annotated[str | None, Query(max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f]*$")]
ShopId: TypeAlias = Annotated[str | None, Query(pattern=SCHEMA_PATTERN)]
Instant: TypeAlias = Annotated[str | None, Query()]
_AN_INSTANT = "ISO 8601 with Z or an offset (+ is %2B)"
Sort: TypeAlias = Literal[
    "-priority", "priority", "-effective_time", "effective_time", "-expiration_time", "expiration_time",
    "-created_at", "created_at", "-updated_at", "updated_at", "-name", "name",
]  # fmt: skip


class Filters:
    """What is wanted of a list, as the address says it."""

    def __init__(
        self,
        paging: Annotated[Paging, Depends()],
        name: Annotated[Text, Query(description="A part of the name")] = None,
        priority: Annotated[
            int | None, Query(ge=-LARGEST, le=LARGEST, description="Exactly this one")
        ] = None,
        state: Annotated[State | None, Query(description="Default: all but archived")] = None,
        type: Type | None = None,  # noqa: A002
        user: Annotated[ShopId, Query(description="Those for this customer: by list, group or all")] = None,
        product: Annotated[
            ShopId, Query(description="Those for this product: by list, category or all")
        ] = None,
        since: Annotated[Instant, Query(alias="from", description=f"Not over by then: {_AN_INSTANT}")] = None,
        until: Annotated[Instant, Query(alias="to", description=f"Begun before: {_AN_INSTANT}")] = None,
        sort: Annotated[Sort, Query(description="With - the largest first")] = "-priority",
    ) -> None:
        self.paging = paging
        self.user = user
        self.product = product
        self.wanted = Wanted(
            name=name,
            priority=priority,
            state=state,
            type=type,
            since=_instant(since, "from"),
            until=_instant(until, "to"),
            sort=cast("SortKey", sort.removeprefix("-")),
            descending=sort.startswith("-"),
        )


def _takes(fields: Fields, required: list[str], example: Schema) -> Schema:
    known = {key: field.schema for key, field in fields.items()}
    answered = {key: {"readOnly": True} for key in sorted(ANSWERED - known.keys())}
    schema: Schema = {"type": "object", "properties": known | answered, "additionalProperties": False}
    if required:
        schema["required"] = required
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example}},
        }
    }


_WINDOW = {"effective_time": "2026-11-10T16:00:00Z", "expiration_time": "2026-11-12T16:00:00Z"}
NEW = _takes(
    WHOLE,
    ["name", "effective_time", "expiration_time"],
    {
        "name": "双十一特惠",
        "amount": 100,
        "user_ids": [1, 2],
        "product_ids": [7, 8],
        **_WINDOW,
        "priority": 10,
    },
)
CHANGED = _takes(CHANGE, [], {"amount": "120.00", "add_product_ids": [9], "remove_product_ids": [7]})
BATCHED = _takes(
    BATCH,
    ["user_id", "product_ids", "effective_time", "expiration_time"],
    {"user_id": 1, "product_ids": [7, 8], "amount": 5, **_WINDOW, "priority": 1},
)
IMPORTED: Schema = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One discount a line, as a JSON object"},
                "example": '{"key": "a-1", "name": "会员日", "discount_type": "percent", "discount_value": "9.5", '
                '"group_ids": ["VIP"], "all_products": true, '
                '"effective_time": "2026-11-10T16:00:00Z", "expiration_time": "2026-11-12T16:00:00Z"}\n',
            },
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": "A header row, then one discount a row; lists with |",
                },
                "example": "key,name,amount,user_ids,product_ids,effective_time,expiration_time\n"
                "a-1,双十一特惠,5,1|2,7|8,2026-11-10T16:00:00Z,2026-11-12T16:00:00Z\n",
            },
        },
    }
}


def router(service: Discounts, currency: str, zone: ZoneInfo) -> APIRouter:
    """The routes. `currency` is of a discount that names none; a batch without a name has its date in this zone."""
    routes = APIRouter(prefix="/api/discounts", tags=["discounts"], responses=ERRORS)

    def answer(discount: Discount, call: Call, response: Response, *, shopper: bool = False) -> DiscountOut:
        response.headers["etag"] = etag(discount.version)
        lists = service.lists(discount, OF_PRODUCTS if shopper else KINDS)
        return discount_out(discount, lists, service.clock(), call.language, shopper=shopper)

    @routes.post("/", status_code=201, summary="Make a discount", openapi_extra=NEW)
    def create(body: Body, call: Asked, response: Response) -> DiscountOut:
        """For users (`user_ids`, `group_ids` or `all_users`) and products (`product_ids`, `category_ids` with all below
        them, or `all_products`): `amount` off each unit, or `discount_type: percent` with `discount_value` in 折.

        400 with every fault of the form at once; the message is that of the first. The next quote knows it.
        """
        return answer(service.create(draft(read_form(body, WHOLE), currency), call.principal), call, response)

    @routes.post("/batch_set/", status_code=201, summary="One user, many products", openapi_extra=BATCHED)
    def batch_set(body: Body, call: Asked, response: Response) -> DiscountOut:
        """Makes one discount of them, all or nothing; unknown ids are named. Without a name it is 批量折扣 + date."""
        form = named(read_form(body, BATCH), service.clock().astimezone(zone).date())
        try:
            made = service.create(draft(form, currency), call.principal)
        except InvalidDiscount as invalid:
            raise InvalidDiscount([_of_one_user(one) for one in invalid.details]) from None
        return answer(made, call, response)

    @routes.post("/import/", summary="Many discounts at once", openapi_extra=IMPORTED)
    async def bring(
        request: Request,
        call: Asked,
        dry_run: Annotated[bool, Query(description="Writes nothing, and reports the same")] = False,
        from_line: Annotated[int, Query(ge=1, le=10**12, description="Passes over the lines before")] = 1,
    ) -> ReportOut:
        """JSON lines or CSV, one discount a row (docs/discounts.md). Good rows are written, bad ones reported by line.

        With a `key` a row changes the discount of that key, so that sending a file again changes nothing.
        """
        how = written(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
        importing = Importing(service, currency, how, call.principal, dry_run=dry_run, from_line=from_line)
        return report_out(await received(request, importing), call.language)

    @routes.get("/", summary="List discounts")
    def listed(filters: Annotated[Filters, Depends()], call: Asked) -> Page[DiscountRow]:
        """The best first: by priority, then the last change. A shopper sees what is running and for it."""
        wanted, paging = _wanted(service, filters, call.principal), filters.paging
        found, total = service.page(wanted, paging.offset, paging.page_size)
        shopper = call.principal.customer is not None
        now = service.clock()
        return page_of(
            [discount_row(one, now, call.language, shopper=shopper) for one in found], total, paging
        )

    @routes.get("/{id}/", summary="One discount")
    def one(id: Id, call: Asked, response: Response) -> DiscountOut:  # noqa: A002
        """404 DISCOUNT_NOT_FOUND, or DISCOUNT_DELETED (折扣已删除). `ETag` is what `If-Match` takes.

        A shopper sees one that is running and for it.
        """
        shopper = call.principal.customer
        return answer(service.get(id, shopper), call, response, shopper=shopper is not None)

    @routes.patch("/{id}/", summary="Change a discount", openapi_extra=CHANGED)
    def change(id: Id, body: Body, call: Asked, version: IfMatch, response: Response) -> DiscountOut:  # noqa: A002
        """Replaces only what is sent; of a list only what differs is written. `add_…_ids` and `remove_…_ids` change a
        long list without sending it. With `If-Match` only as it was read: else 412 PRECONDITION_FAILED.
        """
        return answer(service.update(id, read_form(body, CHANGE), call.principal, version), call, response)

    @routes.delete("/{id}/", summary="Delete a discount")
    def remove(id: Id, call: Asked, version: IfMatch) -> DeletedOut:  # noqa: A002
        """It is gone from the next quote on; its history stays. With `If-Match` only as it was read."""
        service.remove(id, call.principal, version)
        return DeletedOut(id=id, message=DELETED[call.language])

    @routes.get("/{id}/targets/", summary="The users or products of a discount")
    def targets(id: Id, kind: TargetKind, paging: Annotated[Paging, Depends()], q: Text = None) -> Page[str]:  # noqa: A002
        """Ids of one kind, in order; `q`: only those that contain it."""
        found, total = service.targets(id, KIND[kind], q or "", paging.offset, paging.page_size)
        return page_of(found, total, paging)

    @routes.get("/{id}/debug/", summary="Why a discount counts, or does not")
    def debug(
        id: Id,  # noqa: A002
        call: Asked,
        user: ShopId = None,
        product: ShopId = None,
        at: Annotated[Instant, Query(description=f"Default: now; {_AN_INSTANT}")] = None,
    ) -> DebugOut:
        """Its targets counted and its state; for a user and a product all discounts that concern them, the best first,
        and why each counts or not.
        """
        return debug_out(service.explain(id, _instant(at, "at"), _pair(user, product)), call.language)

    return routes


def _wanted(service: Discounts, filters: Filters, by: Principal) -> Wanted:
    """Raises Forbidden if a shopper asks for what concerns another one."""
    user = customer_of(by, filters.user)
    return replace(
        filters.wanted,
        buyer=None if user is None else service.buyer(user),
        item=None if filters.product is None else service.item(filters.product),
        running=by.customer is not None,
    )


def _pair(user: str | None, product: str | None) -> tuple[str, str] | None:
    if user is not None and product is not None:
        return user, product
    if user is None and product is None:
        return None
    raise InvalidDiscount([fault("user" if user is None else "product", "pair")])


def _instant(sent: str | None, key: str) -> datetime | None:
    try:
        return None if sent is None else instant(sent)
    except Wrong as wrong:
        raise InvalidDiscount([fault(key, wrong.code)]) from None


def _of_one_user(one: Fault) -> Fault:
    return replace(one, path="user_id") if one.path == "user_ids" else one
