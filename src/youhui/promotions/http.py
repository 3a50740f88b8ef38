"""`/api/marketing/promotions`: thin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from youhui.checkout.problems import invalid, read_json
from youhui.engine import InvalidDocument, Problem, Registry
from youhui.engine.schema import promotion_schema
from youhui.platform.edge import call_of
from youhui.platform.openapi import ERRORS, Schema
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.requests import Caller, IfMatch, etag
from youhui.promotions.model import StoredPromotion
from youhui.promotions.rules import ANSWERED, Terms, check_uncounted, read_terms
from youhui.promotions.schemas import PromotionOut, promotion_out
from youhui.promotions.service import Promotions

SCHEMA = "Promotion"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{SCHEMA}"}}},
    }
}


async def _body(request: Request) -> dict[str, object]:
    """The document that was sent. Raises Invalid."""
    document = read_json(call_of(request.scope).body)
    if not isinstance(document, dict):
        raise invalid([Problem("", "not_object", {"got": type(document).__name__})])
    return document


Document = Annotated[dict[str, object], Depends(_body)]
Wanted = Annotated[Paging, Depends()]


def router(
    service: Promotions, registry: Registry, currency: str, clock: Callable[[], datetime]
) -> APIRouter:
    """The routes. `currency` is of a promotion that names none."""
    routes = APIRouter(prefix="/api/marketing/promotions", tags=["promotions"], responses=ERRORS)

    def terms_of(document: dict[str, object], new: bool = False) -> Terms:
        try:
            if new:
                check_uncounted(document)
            return read_terms(document, currency, registry)
        except InvalidDocument as error:
            raise invalid(error.problems) from None

    def answered(stored: StoredPromotion, response: Response) -> PromotionOut:
        response.headers["etag"] = etag(stored.version)
        (counted,) = service.counted([stored])
        return promotion_out(counted, clock())

    @routes.post("", status_code=201, summary="Store a promotion", openapi_extra=_BODY)
    def create(document: Document, by: Caller, response: Response) -> PromotionOut:
        """The id must be new: 409 PROMOTION_EXISTS. The next quote is priced with it.

        What was used cannot be stated: `used` and its like are counted from orders.
        """
        (added,) = service.add([terms_of(document, new=True)], by)
        return answered(added, response)

    @routes.get("", summary="List promotions")
    def listed(paging: Wanted) -> Page[PromotionOut]:
        """In list order: the order of creation."""
        found, total = service.page(paging.offset, paging.page_size)
        return page_of([promotion_out(one, clock()) for one in service.counted(found)], total, paging)

    @routes.get("/{id}", summary="One promotion")
    def one(id: str, response: Response) -> PromotionOut:  # noqa: A002
        """404 PROMOTION_NOT_FOUND if there is none with this id. `ETag` is what `If-Match` takes."""
        return answered(service.get(id), response)

    @routes.put("/{id}", summary="Change a promotion", openapi_extra=_BODY)
    def replace(
        id: str,  # noqa: A002
        document: Document,
        by: Caller,
        version: IfMatch,
        response: Response,
    ) -> PromotionOut:
        """Replaces all its terms; its id may be left out of the body, and its place in the list stays.

        409 LIMIT_BELOW_USE if a limit is below what is used and held; 409 CURRENCY_FIXED if there are orders with it in
        another currency. What answers say was used is ignored.
        With `If-Match` only as it was read: else 412 PRECONDITION_FAILED.
        """
        if document.setdefault("id", id) != id:
            raise invalid([Problem("id", "not_this_id", {"id": id})])
        return answered(service.replace(terms_of(document), by, version), response)

    @routes.delete("/{id}", status_code=204, summary="Delete a promotion")
    def remove(id: str, by: Caller, version: IfMatch) -> Response:  # noqa: A002
        """The next quote is priced without it; what unpaid orders hold of its limits is let go.

        With `If-Match` only as it was read.
        """
        service.remove(id, by, version)
        return Response(status_code=204)

    return routes


def schema(registry: Registry) -> Schema:
    """Of the body that creates or changes one: a promotion's document, and beside it what only the service has."""
    document = promotion_schema(registry)
    definitions: Any = document["$defs"]
    terms = definitions["promotion"]
    return {**terms, "properties": {**terms["properties"], **_BESIDE}, "$defs": definitions}


_BESIDE: dict[str, Any] = {
    "currency": {
        "type": "string",
        "pattern": "^[A-Z]{3}$",
        "description": "Of all its amounts (default: the shop's)",
    },
    **{key: {"readOnly": True} for key in ANSWERED},
}
