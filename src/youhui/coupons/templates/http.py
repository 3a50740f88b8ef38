"""`/api/marketing/coupon-templates`: thin."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from youhui.checkout.problems import decode_exactly, read_json
from youhui.coupons.model import Template, TemplateState, Type, Way
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.templates.forms import read_reason
from youhui.coupons.templates.model import Wanted
from youhui.coupons.templates.schemas import (
    CouponTemplateOut,
    TemplateVoidedOut,
    taken,
    template_out,
    voided_out,
)
from youhui.coupons.templates.service import Templates
from youhui.platform.edge import call_of
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.requests import Caller, IfMatch, etag

PREFIX = "/api/marketing/coupon-templates"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def _id(
    id: Annotated[str, Path(description="A whole number; 404 if it is none")],  # noqa: A002
) -> int:
    """The id in the address. Raises CouponTemplateNotFound."""
    if _NUMBER.fullmatch(id) is None:
        raise CouponTemplateNotFound(id=id[:60])
    return int(id)


async def _body(request: Request) -> object:
    """What was sent; nothing is as good as {}. Raises Invalid."""
    return read_json(call_of(request.scope).body or b"{}", decode_exactly)


def _wanted(
    name: Annotated[
        str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f]*$", description="A part of the name")
    ] = None,
    type: Type | None = None,  # noqa: A002
    way: Way | None = None,
    state: Annotated[TemplateState | None, Query(description="As of now")] = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
) -> Wanted:
    return Wanted(name=name, type=type, way=way, state=state, currency=currency)


TemplateId: TypeAlias = Annotated[int, Depends(_id)]
"""of the template that the address names"""
Body: TypeAlias = Annotated[object, Depends(_body)]

_EXAMPLE = {
    "name": "满 100 减 20",
    "type": "discount",
    "value": 20,
    "min_amount": 100,
    "expire_at": "2026-12-31T16:00:00Z",
    "total": 1000,
    "per_customer": 1,
}
NEW = taken(["name"], _EXAMPLE)
CHANGED = taken([], {"total": 2000, "claim_until": "2026-12-01T00:00:00+08:00"})
REASON: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"reason": {"type": ["string", "null"], "maxLength": 200}},
                    "additionalProperties": False,
                },
                "example": {"reason": "面额填错"},
            }
        }
    }
}


def router(service: Templates) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix=PREFIX, tags=["coupon templates"], responses=ERRORS)

    def answer(template: Template, response: Response) -> CouponTemplateOut:
        response.headers["etag"] = etag(template.version)
        (counted,) = service.counted([template], listed=True)
        return template_out(counted, service.clock())

    @routes.post("", status_code=201, summary="Make a coupon template", openapi_extra=NEW)
    def create(body: Body, by: Caller, response: Response) -> CouponTemplateOut:
        """It is a draft until it is published. 400 with every fault at once; the message is that of the first."""
        return answer(service.create(body, by), response)

    @routes.get("", summary="List coupon templates")
    def listed(
        wanted: Annotated[Wanted, Depends(_wanted)], paging: Annotated[Paging, Depends()]
    ) -> Page[CouponTemplateOut]:
        """The newest first, with their numbers."""
        found, total = service.page(wanted, paging.offset, paging.page_size)
        now = service.clock()
        return page_of([template_out(one, now) for one in service.counted(found)], total, paging)

    @routes.get("/{id}", summary="One coupon template")
    def one(template: TemplateId, response: Response) -> CouponTemplateOut:
        """404 COUPON_TEMPLATE_NOT_FOUND if there is none with this id. `ETag` is what `If-Match` takes."""
        return answer(service.get(template), response)

    @routes.patch("/{id}", summary="Change a coupon template", openapi_extra=CHANGED)
    def change(
        template: TemplateId, body: Body, by: Caller, version: IfMatch, response: Response
    ) -> CouponTemplateOut:
        """Replaces only what is sent; null is back to nothing. Coupons that are out keep the terms that they have.

        409 BELOW_ISSUED if the total is below what was issued, LIMIT_BELOW_USE if a budget or limit is below what was
        used, TEMPLATE_STATE once it is closed or void. With `If-Match` only as it was read: else 412.
        """
        return answer(service.change(template, body, by, version), response)

    @routes.delete("/{id}", status_code=204, summary="Delete a draft")
    def remove(template: TemplateId, by: Caller, version: IfMatch) -> Response:
        """409 TEMPLATE_STATE if it is no draft any more: close or void it instead."""
        service.remove(template, by, version)
        return Response(status_code=204)

    @routes.post("/{id}/copy", status_code=201, summary="Copy a coupon template")
    def copy(template: TemplateId, by: Caller, response: Response) -> CouponTemplateOut:
        """A new draft with its terms and audience, called "… 副本"."""
        return answer(service.copy(template, by), response)

    @routes.post("/{id}/void", summary="Void a coupon template and what is out of it", openapi_extra=REASON)
    def void(
        template: TemplateId, body: Body, by: Caller, version: IfMatch, response: Response
    ) -> TemplateVoidedOut:
        """Final. Unused coupons cannot be used any more; orders that have locked some may still be paid."""
        voided = service.void(template, read_reason(body), by, version)
        return voided_out(voided, answer(voided.template, response))

    @routes.post("/{id}/publish", summary="Publish a coupon template")
    def publish(template: TemplateId, by: Caller, version: IfMatch, response: Response) -> CouponTemplateOut:
        """From a draft, or after a pause. 400 where its time is over; 409 TEMPLATE_STATE once it is closed or void."""
        return answer(service.move(template, "publish", by, version), response)

    @routes.post("/{id}/pause", summary="Stop issuing for now")
    def pause(template: TemplateId, by: Caller, version: IfMatch, response: Response) -> CouponTemplateOut:
        """停发: what is out stays usable; `publish` goes on."""
        return answer(service.move(template, "pause", by, version), response)

    @routes.post("/{id}/close", summary="Stop issuing for good")
    def close(template: TemplateId, by: Caller, version: IfMatch, response: Response) -> CouponTemplateOut:
        """已结束: final; what is out stays usable."""
        return answer(service.move(template, "close", by, version), response)

    return routes
