"""`/api/directory/customers`, `products`, `categories`: streams of rows in, pages out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from youhui.directory.importing import Upload
from youhui.directory.model import Filters, Kind, Sort
from youhui.directory.problems import fault
from youhui.directory.schemas import (
    CategoryOut,
    CustomerOut,
    ProductOut,
    ReportOut,
    category_out,
    customer_out,
    product_out,
    report_out,
)
from youhui.directory.service import Entries
from youhui.platform.edge import call_of
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import LARGEST_PAGE, Page, Paging, page_of
from youhui.platform.problems import Invalid
from youhui.platform.receiving import received
from youhui.platform.requests import Caller
from youhui.platform.rows import written


class Listing:
    """What is wanted of a list. Raises Invalid."""

    def __init__(
        self,
        paging: Annotated[Paging, Depends()],
        q: Annotated[
            str | None,
            Query(
                max_length=100,
                description="The beginning of an id or sku, or a part of a name or of a phone's digits",
            ),
        ] = None,
        ids: Annotated[
            str | None, Query(max_length=6500, description="Exactly these, with commas between; at most 100")
        ] = None,
        sort: Annotated[
            Literal["id", "name"] | None,
            Query(description="By what they are in order (default: what is found by name, all by id)"),
        ] = None,
    ) -> None:
        self.paging = paging
        self.text = (q or "").strip() or None
        self.sort: Sort = sort or ("id" if self.text is None else "name")
        self.ids = None if ids is None else [one for part in ids.split(",") if (one := part.strip())]
        if any("\0" in one for one in (self.text or "", ids or "")):
            raise Invalid([fault("q", "not_printable")])
        if self.ids is not None and len(self.ids) > LARGEST_PAGE:
            raise Invalid([fault("ids", "too_many_ids", most=LARGEST_PAGE)])


Wanted = Annotated[Listing, Depends()]
FromLine = Annotated[
    int, Query(ge=1, le=10**12, description="Passes over the rows that begin before this line")
]
Currency = Annotated[
    str | None,
    Query(pattern="^[A-Z]{3}$", description="Of amounts in rows that name none (default: the shop's)"),
]
ShopId = Annotated[str | None, Query(max_length=64)]


def router(entries: Entries) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/directory", tags=["directory"], responses=ERRORS)

    @routes.put("/customers", summary="Bring customers", openapi_extra=_body("customers"))
    async def bring_customers(request: Request, by: Caller, from_line: FromLine = 1) -> ReportOut:
        """Rows of `id`, `name`, `phone`, `groups`, `attributes`, `registered_at`, `delete`."""
        return await _reported(request, _upload(entries, "customers", request, by, None, from_line))

    @routes.put("/products", summary="Bring products", openapi_extra=_body("products"))
    async def bring_products(
        request: Request, by: Caller, currency: Currency = None, from_line: FromLine = 1
    ) -> ReportOut:
        """Rows of `id`, `sku`, `name`, `price`, `currency`, `cost`, `stock`, `categories`, `attributes`, `active`,
        `delete`; a new one needs a name and a price.
        """
        return await _reported(request, _upload(entries, "products", request, by, currency, from_line))

    @routes.put("/categories", summary="Bring categories", openapi_extra=_body("categories"))
    async def bring_categories(request: Request, by: Caller, from_line: FromLine = 1) -> ReportOut:
        """Rows of `id`, `name`, `parent`, `delete`; a parent may come later in the stream than what lies below it."""
        return await _reported(request, _upload(entries, "categories", request, by, None, from_line))

    @routes.get("/customers", summary="List or search customers")
    def customers(wanted: Wanted, group: ShopId = None) -> Page[CustomerOut]:
        """`group`: those in it. Of a search the first 10,000 hits are listed."""
        found, total = _found(entries, "customers", wanted, Filters(wanted.text, group=group))
        return _page([customer_out(one) for one in found], total, wanted)

    @routes.get("/products", summary="List or search products")
    def products(wanted: Wanted, category: ShopId = None, active: bool | None = None) -> Page[ProductOut]:
        """`category`: those in it or below it. Of a search the first 10,000 hits are listed."""
        filters = Filters(wanted.text, active=active)
        found, total = _found(entries, "products", wanted, filters, category)
        return _page([product_out(one) for one in found], total, wanted)

    @routes.get("/categories", summary="List or search categories")
    def categories(wanted: Wanted) -> Page[CategoryOut]:
        """All of the tree, or what a search finds of it."""
        found, total = _found(entries, "categories", wanted, Filters(wanted.text))
        return _page([category_out(one) for one in found], total, wanted)

    return routes


def _found(
    entries: Entries, kind: Kind, wanted: Listing, filters: Filters, category: str | None = None
) -> tuple[Any, int]:
    if wanted.ids is not None:
        found = entries.some(kind, wanted.ids)
        return found, len(found)
    paging = wanted.paging
    return entries.page(kind, filters, wanted.sort, paging.offset, paging.page_size, category)


def _page(results: list[Any], total: int, wanted: Listing) -> Page[Any]:
    """One page of a list; chosen ids are all on one."""
    return page_of(results, total, wanted.paging if wanted.ids is None else Paging(1, LARGEST_PAGE))


def _upload(
    entries: Entries, kind: Kind, request: Request, by: Caller, currency: str | None, from_line: int
) -> Upload:
    headers = request.headers
    how = written(headers.get("content-type", ""), headers.get("content-encoding", ""))
    return entries.upload(kind, how, by, currency=currency, from_line=from_line)


async def _reported(request: Request, upload: Upload) -> ReportOut:
    return report_out(await received(request, upload), call_of(request.scope).language)


def _body(kind: Kind) -> dict[str, Any]:
    """What the OpenAPI document says of a body that FastAPI does not read."""
    schema = {"type": "string", "description": "One JSON object a line (docs/directory.md)"}
    csv = {"type": "string", "description": "A header row, then one row a line"}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/x-ndjson": {"schema": schema, "example": _EXAMPLES[kind]},
                "text/csv": {"schema": csv, "example": _CSV[kind]},
            },
        }
    }


_EXAMPLES: dict[Kind, str] = {
    "customers": '{"id": "1001", "name": "张三", "phone": "13812345678", "groups": ["VIP"]}\n',
    "products": '{"id": "M1", "sku": "MUG-RED", "name": "马克杯", "price": "49.00", "categories": ["home"]}\n',
    "categories": '{"id": "home", "name": "家居"}\n',
}
_CSV: dict[Kind, str] = {
    "customers": "id,name,phone,groups\n1001,张三,13812345678,VIP|new\n",
    "products": "id,sku,name,price,categories,attributes.colour\nM1,MUG-RED,马克杯,49.00,home,red\n",
    "categories": "id,name,parent\nhome,家居,\n",
}
